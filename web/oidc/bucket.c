/* web/oidc/bucket.c: the tokens of a bucket are the time since it was empty. */
#include "web/oidc/bucket.h"

bool
bucket_take(struct bucket *b, int64_t now)
{
	int64_t full_at = now - b->max * b->token_ms;

	if (b->empty_at < full_at)
		b->empty_at = full_at;
	if (now - b->empty_at < b->token_ms)
		return false;
	b->empty_at += b->token_ms;
	return true;
}
