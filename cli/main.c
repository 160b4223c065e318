/* cli/main.c: finds the command, reads its flags, runs it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <curl/curl.h>
#include "base/str.h"
#include "cli/cli.h"
#include "cli/flags.h"
#include "cli/help.h"
#include "cli/terminal.h"

/* Returns how many words are flags in front of the command: kubectl passes global ones there. */
static size_t
main_flags_first(char **words, size_t n)
{
	size_t i = 0;

	while (i < n && words[i][0] == '-' && strcmp(words[i], "--help") != 0 && strcmp(words[i], "-h") != 0) {
		const struct flag *f = flags_find_any(words[i] + strspn(words[i], "-"));

		i += f != NULL && f->value != NULL ? 2 : 1;
	}
	return i;
}

/* Returns the exit code: a command whose output could not be written has failed. Who closes a pipe has read enough. */
static int
main_end(struct cli *c, int code)
{
	int error;

	fflush(stdout);
	error = terminal_error();
	return error == 0 || error == EPIPE ? code : cli_fail(c, "standard output: %s", strerror(error));
}

/* Runs the command. Of the n words, the first ones (`first`) are global flags, the next ones (`used`) its name, and the
 * others its flags and arguments. */
static int
main_run(struct cli *c, char **words, size_t first, size_t used, size_t n)
{
	int code;

	curl_global_init(CURL_GLOBAL_DEFAULT);
	c->loop = loop_ev_new();
	code = flags_read(c, words, first);
	if (code == 0)
		code = flags_read(c, words + first + used, n - first - used);
	if (code == 0)
		code = cli_on(c, "help") ? help_command(c->command) : c->command->run(c);
	transport_free(c->transport);
	if (c->signals.arg != NULL) {
		loop_io_stop(c->loop, &c->signals);
		close(c->signals.fd);
	}
	loop_free(c->loop);
	map_done(&c->flags);
	curl_global_cleanup();
	return code;
}

int
main(int argc, char **argv)
{
	struct cli c = { .arena = arena_new() };
	char **words = argv + 1;
	size_t n = argc > 0 ? (size_t)argc - 1 : 0, first = main_flags_first(words, n), used = 0;
	int code;

	terminal_keep_closed();
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (first < n)
		c.command = command_find((const char *const *)words + first, n - first, &used);
	/* Text of objects, and the user's own words in an error, must not control the terminal by escape sequences. The
	 * output of an internal command (the worker) is read by the process that started it, and stays as it is. */
	if (c.command == NULL || c.command->group != GROUP_INTERNAL)
		terminal_guard();
	if (c.command != NULL)
		code = main_run(&c, words, first, used, n);
	else if (first >= n || words[first][0] == '-')
		code = help_all("");
	else
		code = help_unknown(c.arena, (const char *const *)words + first, n - first);
	code = main_end(&c, code);
	arena_free(c.arena);
	return code;
}
