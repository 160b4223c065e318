/* cli/debug_vectors.h: kinds of recorded calls that `debug vectors` answers, next to those of routers. */
#pragma once
#include "base/json.h"

struct cli;

/* Measures the metric of a line (provider-NAME.jsonl) with the recorded answers, and prints the requests and the
 * measurement. */
void debug_vectors_provider(struct cli *, const json_t *line);
