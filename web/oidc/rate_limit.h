/* web/oidc/rate_limit.h: limits how often something is done, by a token bucket. Pure. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct rate_limit {
	int64_t burst; /* tokens of a full bucket: the number of uses that are possible at once; > 0 */
	int64_t token_ms; /* time until there is one more token; > 0 */
	int64_t empty_at; /* ms: the time at which the bucket had no token; initially INT64_MIN: it is full */
};

/* Takes a token. Returns false if the bucket is empty. `now` is in ms, and never less than before. */
bool rate_limit_take(struct rate_limit *, int64_t now);
