/* tests/simulation/shrink.h: the shortest scenario that still fails in the same way.
 *
 * It drops and simplifies parts of the document, as long as what is left fails with the same words (numbers and
 * hashes apart).
 */
#pragma once
#include <stdbool.h>
#include "base/json.h"

#define FAILURE_MAX 700
#define LIFE_SECONDS 60 /* of processor time: a life that needs more has no end, which is a failure too */

/* Ends this process with SIGPROF once it has used that much processor time from now on; 0: never. Not by the clock:
 * on a busy machine a minute is over before a life is. */
void life_limit(unsigned seconds);

/* Plays a document in a child process: a crash and a life without an end are failures too. True: it fails; the text
 * says how. */
bool life_fails(const json_t *doc, char text[FAILURE_MAX]);

/* A new reference; `text` is how `doc` fails. Plays `tries` lives at most. */
json_t *shrink(const json_t *doc, const char *text, unsigned tries);
