/* cli/main.c: finds the command, reads its flags, runs it. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <curl/curl.h>
#include "base/str.h"
#include "cli/cli.h"

/* How many of the words the command's name takes; 0: it is another command. */
static int
matches(const char *name, char **words, int n)
{
	const char *space = strchr(name, ' ');
	size_t first = space != NULL ? (size_t)(space - name) : strlen(name);

	if (n < 1 || strlen(words[0]) != first || strncmp(words[0], name, first) != 0)
		return 0;
	if (space == NULL)
		return 1;
	return n >= 2 && strcmp(words[1], space + 1) == 0 ? 2 : 0;
}

static const struct command *
find(struct arena *a, char **words, int n, int *ret_used)
{
	for (const struct command *const *c = commands; *c != NULL; c++) {
		char *save = NULL;

		if ((*ret_used = matches((*c)->name, words, n)) > 0)
			return *c;
		for (char *t = strtok_r(arena_strdup(a, (*c)->also != NULL ? (*c)->also : ""), "|", &save); t != NULL;
		     t = strtok_r(NULL, "|", &save))
			if ((*ret_used = matches(t, words, n)) > 0)
				return *c;
	}
	return NULL;
}

static bool
begins_commands(const char *word)
{
	for (const struct command *const *c = commands; *c != NULL; c++)
		if (!(*c)->hidden && command_is_of(*c, word))
			return true;
	return false;
}

static int
unknown(char **words, int n)
{
	const char *first = begins_commands(words[0]) ? words[0] : "", *second = n > 1 ? words[1] : "", *comma = "";

	if (first[0] != '\0' && (strcmp(second, "--help") == 0 || strcmp(second, "-h") == 0))
		return help_all(first);
	fprintf(stderr, "error: unknown command \"%s%s%s\"; there are:", words[0],
	    second[0] != '-' && second[0] != '\0' ? " " : "", second[0] != '-' ? second : "");
	for (const struct command *const *c = commands; *c != NULL; c++)
		if (!(*c)->hidden && command_is_of(*c, first)) {
			fprintf(stderr, "%s %s", comma, (*c)->name);
			comma = ",";
		}
	fputc('\n', stderr);
	return 2;
}

/* Flags may stand anywhere behind the command. 0, or the exit code. */
static int
read_flags(struct cli *c, char **words, int n)
{
	bool literal = false; /* behind "--" nothing is a flag */

	for (int i = 0; i < n; i++) {
		const char *word = words[i], *name, *value;
		bool takes = false;
		char *eq, *text;

		if (strcmp(word, "--") == 0 && !literal) {
			literal = true;
			continue;
		}
		if (literal || word[0] != '-' || word[1] == '\0' || (word[1] >= '0' && word[1] <= '9')) {
			if (c->n_args < ARGS_MAX)
				c->args[c->n_args++] = word;
			continue;
		}
		text = arena_strdup(c->arena, word[1] == '-' ? word + 2 : word + 1);
		eq = strchr(text, '=');
		if (eq != NULL)
			*eq = '\0';
		name = flag_known(c->command, text, &takes);
		if (name == NULL || !flag_allowed(c->command, name)) {
			cli_fail(c, "unknown flag %s; `sluice %s --help` lists them", word, c->command->name);
			return 2;
		}
		value = eq != NULL ? eq + 1 : !takes ? "" : i + 1 < n ? words[++i] : NULL;
		if (value == NULL) {
			cli_fail(c, "%s needs a value", word);
			return 2;
		}
		if (!takes && eq != NULL && strcmp(value, "true") != 0 && strcmp(value, "false") != 0) {
			cli_fail(c, "%s: --%s is true or false", word, name);
			return 2;
		}
		/* One that may be given several times keeps them all, a line each. */
		if ((strcmp(name, "argument") == 0 || strcmp(name, "resource") == 0) && cli_flag(c, name) != NULL)
			value = arena_printf(c->arena, "%s\n%s", cli_flag(c, name), value);
		map_set(&c->flags, name, (void *)value);
	}
	return 0;
}

int
main(int argc, char **argv)
{
	struct cli c = { .arena = arena_new() };
	char **words = argv + 1;
	int n = argc - 1, used = 0, code, skip = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	/* kubectl hands global flags on in front of the command. */
	while (
	    skip < n && words[skip][0] == '-' && strcmp(words[skip], "--help") != 0 && strcmp(words[skip], "-h") != 0) {
		bool takes = false;

		flag_known(NULL, words[skip] + strspn(words[skip], "-"), &takes);
		skip += takes && strchr(words[skip], '=') == NULL ? 2 : 1;
	}
	if (skip >= n || strcmp(words[skip], "help") == 0 || words[skip][0] == '-') {
		arena_free(c.arena);
		return help_all("");
	}
	c.command = find(c.arena, words + skip, n - skip, &used);
	if (c.command == NULL) {
		code = unknown(words + skip, n - skip);
		arena_free(c.arena);
		return code;
	}
	curl_global_init(CURL_GLOBAL_DEFAULT);
	c.loop = loop_ev_new();
	code = read_flags(&c, words, skip);
	if (code == 0)
		code = read_flags(&c, words + skip + used, n - skip - used);
	if (code == 0)
		code = cli_on(&c, "help") ? help_command(c.command) : c.command->run(&c);
	transport_free(c.transport);
	if (c.signals.arg != NULL) {
		loop_io_stop(c.loop, &c.signals);
		close(c.signals.fd);
	}
	loop_free(c.loop);
	map_done(&c.flags);
	arena_free(c.arena);
	curl_global_cleanup();
	return code;
}
