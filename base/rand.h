/* base/rand.h: random numbers from a seed, one stream for each use.
 *
 * splitmix64 (Steele, Lea, Flood, OOPSLA 2014). Streams of one seed with different names are independent, so that one
 * more number in one place does not change all other decisions of a simulation. Not for secrets.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct rand_stream {
	uint64_t state;
};

/* Returns the stream `name` of a seed. */
struct rand_stream rand_stream(uint64_t seed, const char *name);

/* Return the next number; a number in [0, n) with n > 0; true with a probability of `percent`. */
uint64_t rand_next(struct rand_stream *);
uint64_t rand_below(struct rand_stream *, uint64_t n);
bool rand_chance(struct rand_stream *, unsigned percent);
