/* cli/suggest.h: suggestions for misspelled words. */
#pragma once
#include <stdbool.h>

/* The best suggestion so far for a word. */
struct suggestion {
	const char *word; /* borrowed */
	const char *best; /* borrowed; NULL: none is similar enough */
	int distance; /* of `best`: letters to add, remove or change */
};

struct suggestion suggest_start(const char *word);

/* Considers a known word, which must live as long as the suggestion. */
void suggest_consider(struct suggestion *, const char *known);
