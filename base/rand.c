/* base/rand.c: random numbers from a seed: splitmix64. */
#include "base/rand.h"

struct rand_stream
rand_stream(uint64_t seed, const char *name)
{
	struct rand_stream r = { seed * 0x9e3779b97f4a7c15u };

	for (; *name != '\0'; name++)
		r.state = (r.state ^ (unsigned char)*name) * 0x100000001b3u;
	rand_next(&r);
	return r;
}

uint64_t
rand_next(struct rand_stream *r)
{
	uint64_t z = (r->state += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

uint64_t
rand_below(struct rand_stream *r, uint64_t n)
{
	return rand_next(r) % n;
}

bool
rand_chance(struct rand_stream *r, unsigned percent)
{
	return rand_below(r, 100) < percent;
}
