/* cli/debug_vectors.h: kinds of recorded calls that `debug vectors` makes, in addition to those of routers. */
#pragma once
#include "base/json.h"

struct cli;
struct rollout;
struct routing;

/* Measures the metric of a line (provider-NAME.jsonl) with the recorded responses, and prints the requests and the
 * measurement. */
void debug_vectors_provider(struct cli *, const json_t *line);

/* Signs the request of a line (aws-sigv4.jsonl), and prints the headers that this adds. */
void debug_vectors_sigv4(struct cli *, const json_t *line);

/* Finds the credentials of a line (aws-credentials.jsonl) with its environment and recorded responses, and prints
 * them. */
void debug_vectors_credentials(struct cli *, const json_t *line);

/* Makes the calls of a line (aws-elbv2.jsonl) with its recorded responses, and prints what is read. */
void debug_vectors_elbv2(struct cli *, const json_t *line);

/* Compares the target group of a line (aws-targets.jsonl) with the addresses of its Service, and prints the result. */
void debug_vectors_targets(struct cli *, const json_t *line);

/* Validates the canary strategy of a line (validation.jsonl), and prints the errors of its fields: `field` without
 * ".canary", as Argo Rollouts has it, and `text`. */
void debug_vectors_validation(struct cli *, const json_t *line);

/* Verifies a split with the load balancers of a line of alb.jsonl, and prints the result. `now` has the split. */
void debug_vectors_verify(const json_t *line, const struct rollout *, struct routing *now, struct arena *);
