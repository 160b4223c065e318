/* base/rand.h: seeded random numbers, one stream a use.
 *
 * splitmix64 (Steele, Lea, Flood, OOPSLA 2014). Streams made from one seed with different names do not disturb each
 * other, so that adding a draw in one place does not change every other decision of a simulation. Not for secrets.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct rand_stream {
	uint64_t state;
};

/* The stream called `name` of a seed. */
struct rand_stream rand_stream(uint64_t seed, const char *name);

/* The next number, whole range; in [0, n) with n > 0; true with a chance of `percent` in a hundred. */
uint64_t rand_next(struct rand_stream *);
uint64_t rand_below(struct rand_stream *, uint64_t n);
bool rand_chance(struct rand_stream *, unsigned percent);
