/* tests/simulation/specs.h: random lives: what users write and do, as scenarios.
 *
 * A life is a scenario document (tests/simulation/scenario.h): a valid Rollout of any kind, what it refers to, and
 * what users do to it, with or without random faults. It is played and judged as every scenario is; one that fails
 * is made as short as it can be (shrink.c), and printed as a file for tests/e2e/scenarios.
 */
#pragma once
#include "tests/simulation/scenario.h"

/* The life of a seed; a new reference. The same seed gives the same life. */
json_t *spec_life(uint64_t seed);

/* The names of the families of lives, for reports; NULL ends them. */
extern const char *const spec_families[];
/* The index in spec_families of a seed's life. */
unsigned spec_family(uint64_t seed);

/* Plays n lives from `first`, as many at once as there are processors. Prints ok or not ok, and of the first few
 * that fail the shortest scenario that fails in the same way, with the command that replays the life. */
bool specs_run(uint64_t first, uint64_t n);

/* Plays one life with its story on standard output. */
bool specs_play(uint64_t seed);
/* Prints one life as a scenario, as it is, or the shortest that still fails (false: it does not fail). */
void specs_print(uint64_t seed);
bool specs_shrink(uint64_t seed);
