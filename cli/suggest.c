/* cli/suggest.c: "Did you mean": suggestions for misspelled commands and flags, by edit distance. */
#include "cli/suggest.h"
#include <string.h>

#define WORD_MAX 40
#define DISTANCE_MAX 2

/* Returns how many letters have to be added, removed or changed to make one word the other, or more than
 * DISTANCE_MAX for long words. */
static int
suggest_distance(const char *a, const char *b)
{
	int row[WORD_MAX + 1] = { 0 }, n = (int)strlen(b);

	if (strlen(a) > WORD_MAX || n > WORD_MAX)
		return WORD_MAX;
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

struct suggestion
suggest_start(const char *word)
{
	return (struct suggestion){ .word = word, .distance = DISTANCE_MAX + 1 };
}

void
suggest_consider(struct suggestion *s, const char *known)
{
	int distance = suggest_distance(s->word, known);

	/* Of a short word, half of the letters must be right. */
	if (distance < s->distance && distance * 2 <= (int)strlen(known)) {
		s->best = known;
		s->distance = distance;
	}
}
