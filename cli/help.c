/* cli/help.c: --help and `sluice help`: text from the rows of commands and flags. */
#include "cli/help.h"
#include <stdio.h>
#include <string.h>
#include "base/arena.h"
#include "base/cleanup.h"
#include "cli/flags.h"

#define WIDTH 80
#define COMMAND_COLUMN 31 /* of a summary */
#define FLAG_COLUMN 30 /* of a flag's text */
#define FLAG_COLUMN_LONG 6 /* of the text under a flag that is too long for it */

static const char *const group_titles[] = {
	[GROUP_DELIVER] = "Deliver",
	[GROUP_SEE] = "See",
	[GROUP_GITOPS] = "GitOps",
	[GROUP_CHECK] = "Check",
	[GROUP_RUN] = "Run",
	[GROUP_SHELL] = "Shell",
};
_Static_assert(ARRAY_SIZE(group_titles) == GROUP_MAX, "a title a group");

/* Prints a text whose first line begins at column `at`, and the others at column `indent`; then ends the line. */
static void
help_wrap(const char *text, size_t at, size_t indent)
{
	const char *gap = "";

	while (*text != '\0') {
		size_t n = strcspn(text, " ");

		if (at + strlen(gap) + n > WIDTH && at > indent) {
			printf("\n%*s", (int)indent, "");
			at = indent;
			gap = "";
		}
		printf("%s%.*s", gap, (int)n, text);
		at += strlen(gap) + n;
		text += n;
		text += strspn(text, " ");
		gap = " ";
	}
	putchar('\n');
}

/* Prints a left column and a text. If the left one is too long for its column, the text begins on the next line. */
static void
help_row(const char *left, size_t column, const char *text)
{
	int n = printf("  %s", left);

	if ((size_t)n + 1 > column)
		printf("\n%*s", (int)column, "");
	else
		printf("%*s", (int)column - n, "");
	help_wrap(text, column, column);
}

/* Prints the flags of a list, and the ignored ones in one paragraph, or only one of the two. */
static void
help_flag_list(struct arena *a, const struct flag *list)
{
	const char *ignored = NULL;

	for (const struct flag *f = list; f != NULL && f->name != NULL; f++) {
		if (f->ignored)
			ignored = arena_printf(
			    a, "%s%s%s", ignored != NULL ? ignored : "", ignored != NULL ? ", " : "", f->name);
		else
			help_row(arena_printf(a, "%c%c%s--%s%s%s", f->letter ? '-' : ' ', f->letter ? f->letter : ' ',
				     f->letter ? ", " : "  ", f->name, f->value != NULL ? " " : "",
				     f->value != NULL ? f->value : ""),
			    FLAG_COLUMN, flags_text(a, f));
	}
	if (ignored != NULL)
		help_wrap(arena_printf(a, "\nAccepted for compatibility, without effect: %s", ignored), 0, 2);
}

/* Returns "get ro|get rollouts" as "get ro, get rollouts". */
static const char *
help_names(struct arena *a, const char *names)
{
	const char *text = "";

	for (const char *s = names; *s != '\0'; s += strcspn(s, "|"), s += *s == '|')
		text = arena_printf(a, "%s%s%.*s", text, s == names ? "" : ", ", (int)strcspn(s, "|"), s);
	return text;
}

int
help_command(const struct command *c)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();

	help_wrap(c->summary, 0, 0);
	printf("\nUsage:\n  sluice %s%s%s%s\n", c->name, c->args[0] != '\0' ? " " : "", c->args,
	    c->flags != NULL ? " [flags]" : "");
	if (c->aliases != NULL)
		printf("\nAliases:\n  %s\n", help_names(a, c->aliases));
	if (c->example != NULL)
		printf("\nExamples:\n");
	for (const char *s = c->example; s != NULL && *s != '\0'; s += strcspn(s, "|"), s += *s == '|')
		printf("  sluice %.*s\n", (int)strcspn(s, "|"), s);
	if (c->choices_title != NULL)
		printf("\n%s:\n", c->choices_title);
	for (size_t i = 0; c->choices_title != NULL && c->choice(a, i).name != NULL; i++)
		help_row(c->choice(a, i).name, FLAG_COLUMN, c->choice(a, i).text);
	if (c->flags != NULL)
		printf("\nFlags:\n");
	help_flag_list(a, c->flags);
	printf("\nGlobal flags: see `sluice help flags`.\n");
	return 0;
}

int
help_flags(void)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();

	printf("Flags of all commands:\n");
	help_flag_list(a, global_flags);
	return 0;
}

int
help_all(const char *word)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();

	if (word[0] == '\0')
		printf("Sluice: progressive delivery for Kubernetes.\n");
	for (enum command_group group = GROUP_INTERNAL + 1; group < GROUP_MAX; group++) {
		bool titled = false;

		for (const struct command *const *c = commands; *c != NULL; c++) {
			if ((*c)->group != group || !command_begins_with(*c, word))
				continue;
			if (!titled && word[0] == '\0')
				printf("\n%s:\n", group_titles[group]);
			titled = true;
			help_row(arena_printf(a, "%s %s", (*c)->name, (*c)->args), COMMAND_COLUMN, (*c)->summary);
		}
	}
	printf("\nFlags: `sluice COMMAND --help`; global flags: `sluice help flags`.\n"
	       "As a kubectl plugin: `kubectl sluice COMMAND`.\n");
	return 0;
}

int
help_unknown(struct arena *a, const char *const *words, size_t n)
{
	const char *name = n > 1 && words[1][0] != '-' ? arena_printf(a, "%s %s", words[0], words[1]) : words[0];
	const char *like, *first = "", *comma = "";

	for (const struct command *const *c = commands; *c != NULL; c++)
		if ((*c)->group != GROUP_INTERNAL && command_begins_with(*c, words[0]))
			first = words[0];
	if (first[0] != '\0' && n > 1 && (strcmp(words[1], "--help") == 0 || strcmp(words[1], "-h") == 0))
		return help_all(first);
	/* `get` alone is not a typing error: the commands that begin with it are listed. */
	like = first[0] == '\0' || name != words[0] ? command_suggest(a, words, n) : NULL;
	if (like != NULL) {
		fprintf(stderr, "error: unknown command \"%s\"; did you mean \"%s\"? `sluice help` lists all\n",
		    strchr(like, ' ') != NULL ? name : words[0], like);
		return 2;
	}
	fprintf(stderr, "error: unknown command \"%s\"; there are:", first[0] != '\0' ? name : words[0]);
	for (const struct command *const *c = commands; *c != NULL; c++)
		if ((*c)->group != GROUP_INTERNAL && command_begins_with(*c, first)) {
			fprintf(stderr, "%s %s", comma, (*c)->name);
			comma = ",";
		}
	fputc('\n', stderr);
	return 2;
}
