/* cli/debug_vectors.h: kinds of recorded calls that `debug vectors` answers, next to those of routers. */
#pragma once
#include "base/json.h"

struct cli;

/* Measures the metric of a line (provider-NAME.jsonl) with the recorded answers, and prints the requests and the
 * measurement. */
void debug_vectors_provider(struct cli *, const json_t *line);

/* Signs the request of a line (aws-sigv4.jsonl), and prints the headers that this adds. */
void debug_vectors_sigv4(struct cli *, const json_t *line);

/* Finds the credentials of a line (aws-credentials.jsonl) with its environment and recorded answers, and prints
 * them. */
void debug_vectors_credentials(struct cli *, const json_t *line);
