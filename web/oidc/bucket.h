/* web/oidc/bucket.h: a token bucket: limits how often something is done. Pure. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct bucket {
	int64_t max; /* tokens of a full bucket: what can be done at once; > 0 */
	int64_t token_ms; /* time for one more; > 0 */
	int64_t empty_at; /* ms: when it was empty, or would have been; initially INT64_MIN: the bucket is full */
};

/* Takes a token. Returns false if the bucket is empty. `now` is in ms, and never less than before. */
bool bucket_take(struct bucket *, int64_t now);
