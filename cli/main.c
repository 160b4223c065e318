/* cli/main.c: finds the command, reads its flags, runs it. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <curl/curl.h>
#include "base/str.h"
#include "cli/cli.h"
#include "cli/terminal.h"

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

/* How many letters have to be added, left out or changed; at most that of two words of 30 letters. */
static int
distance(const char *a, const char *b)
{
	int row[32] = { 0 }, n = (int)strlen(b);

	if (strlen(a) > 30 || n > 30)
		return 31;
	for (int k = 0; k <= n; k++)
		row[k] = k;
	for (int i = 1; a[i - 1] != '\0'; i++) {
		int before = row[0]++;

		for (int k = 1; k <= n; k++) {
			int least = before + (a[i - 1] != b[k - 1]);

			before = row[k];
			least = row[k] + 1 < least ? row[k] + 1 : least;
			row[k] = row[k - 1] + 1 < least ? row[k - 1] + 1 : least;
		}
	}
	return row[n];
}

/* The command that the words are a misspelling of; NULL: they are like none. */
static const char *
meant(char **words, int n)
{
	const char *best = NULL;
	int least = 3;

	for (const struct command *const *c = commands; *c != NULL; c++) {
		char text[64];
		int d;

		snprintf(text, sizeof(text), "%s%s%s", words[0], strchr((*c)->name, ' ') != NULL && n > 1 ? " " : "",
		    strchr((*c)->name, ' ') != NULL && n > 1 ? words[1] : "");
		d = (*c)->hidden ? 31 : distance(text, (*c)->name);
		if (d < least) {
			best = (*c)->name;
			least = d;
		}
	}
	return best;
}

static int
unknown(char **words, int n)
{
	const char *first = begins_commands(words[0]) ? words[0] : "", *second = n > 1 ? words[1] : "", *comma = "";

	if (first[0] != '\0' && (strcmp(second, "--help") == 0 || strcmp(second, "-h") == 0))
		return help_all(first);
	if (first[0] == '\0' && meant(words, n) != NULL) {
		fprintf(stderr, "error: unknown command \"%s\"; did you mean \"%s\"? `sluice --help` lists all\n",
		    words[0], meant(words, n));
		return 2;
	}
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

	if (c->args == NULL)
		c->args = arena_new_array(c->arena, const char *, c->args_room = 16);
	for (int i = 0; i < n; i++) {
		const char *word = words[i], *name, *value;
		bool takes = false;
		char *eq, *text;

		if (strcmp(word, "--") == 0 && !literal) {
			literal = true;
			continue;
		}
		if (literal || word[0] != '-' || word[1] == '\0' || (word[1] >= '0' && word[1] <= '9')) {
			c->args = arena_grow(c->arena, c->args, c->n_args, &c->args_room, sizeof(*c->args));
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
	/* What a worker answers is for the controller. */
	if (c.command == NULL || !c.command->hidden)
		terminal_guard();
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
