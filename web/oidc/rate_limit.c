/* web/oidc/rate_limit.c: a token bucket. Its number of tokens follows from the time since it was empty. */
#include "web/oidc/rate_limit.h"

bool
rate_limit_take(struct rate_limit *l, int64_t now)
{
	int64_t full_at = now - l->burst * l->token_ms;

	if (l->empty_at < full_at)
		l->empty_at = full_at;
	if (now - l->empty_at < l->token_ms)
		return false;
	l->empty_at += l->token_ms;
	return true;
}
