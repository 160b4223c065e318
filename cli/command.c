/* cli/command.c: finds a command by the words of the command line. */
#include "cli/command.h"
#include <stdio.h>
#include <string.h>
#include "base/arena.h"
#include "cli/suggest.h"

/* Returns how many of the words are this name ("get rollout", up to "|" or the end), or 0. */
static size_t
command_matches(const char *name, const char *const *words, size_t n)
{
	size_t len = strcspn(name, "|"), first = strcspn(name, " |"), second;

	if (n < 1 || strlen(words[0]) != first || strncmp(words[0], name, first) != 0)
		return 0;
	if (first == len)
		return 1;
	second = len - first - 1;
	return n >= 2 && strlen(words[1]) == second && strncmp(words[1], name + first + 1, second) == 0 ? 2 : 0;
}

const struct command *
command_find(const char *const *words, size_t n, size_t *ret_used)
{
	const struct command *found = NULL;
	size_t longest = 0;

	/* "create analysisrun" is not "create" with an argument. */
	for (const struct command *const *c = commands; *c != NULL; c++) {
		size_t used = command_matches((*c)->name, words, n);

		for (const char *s = (*c)->aliases; used == 0 && s != NULL && *s != '\0';
		     s += strcspn(s, "|"), s += *s == '|')
			used = command_matches(s, words, n);
		if (used > longest) {
			longest = used;
			found = *c;
		}
	}
	if (found != NULL)
		*ret_used = longest;
	return found;
}

const char *
command_suggest(struct arena *a, const char *const *words, size_t n)
{
	const char *two = arena_printf(a, "%s %s", words[0], n > 1 ? words[1] : "");
	struct suggestion one = suggest_start(words[0]), both = suggest_start(two);

	for (const struct command *const *c = commands; *c != NULL; c++) {
		if ((*c)->group == GROUP_INTERNAL)
			continue;
		suggest_consider(strchr((*c)->name, ' ') != NULL ? &both : &one, (*c)->name);
	}
	return both.best != NULL && both.distance < one.distance ? both.best : one.best;
}

bool
command_begins_with(const struct command *c, const char *word)
{
	size_t n = strlen(word);

	return n == 0 || (strncmp(c->name, word, n) == 0 && c->name[n] == ' ');
}
