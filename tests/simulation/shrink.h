/* tests/simulation/shrink.h: the shortest scenario that still fails in the same way.
 *
 * It drops and simplifies parts of the document, as long as the rest fails with the same message, except for numbers
 * and hashes.
 */
#pragma once
#include <stdbool.h>
#include "base/json.h"

#define FAILURE_MAX 700
#define LIFE_SECONDS 60 /* of processor time: a life that needs more does not end, which is a failure too */

/* Ends this process with SIGPROF once it has used that much processor time from now on; 0: never. It is not a time of
 * the clock, because a life can take more than a minute on a busy machine. */
void life_limit(unsigned seconds);

/* Plays a document in a child process: a crash and a life without an end are failures too. Returns whether it fails;
 * `text` is then the reason. */
bool life_fails(const json_t *doc, char text[FAILURE_MAX]);

/* Returns the shortest document that fails in the same way, a new reference. `text` is the reason why `doc` fails.
 * Plays at most `tries` lives. */
json_t *shrink(const json_t *doc, const char *text, unsigned tries);
