/* traffic/session.c: session affinity, for all routers that have it. */
#include "traffic/session.h"
#include <string.h>
#include "base/str.h"
#include "kube/api/rollout.h"
#include "kube/api/session_affinity.h"

#define ATTRIBUTES "; Path=/; HttpOnly; Max-Age=" /* of cookies that this file sets, by which it knows them */
#define PATTERN_BEFORE "^(.*; *)?"
#define PATTERN_AFTER "(;.*)?$"
#define NAME_END "-session"

struct session
session_of(struct arena *a, const struct rollout *r, int64_t weight)
{
	struct session_affinity want;
	const char *hash = r->status.current_pod_hash;
	struct session s = { 0 };
	bool present;

	/* rollout/validate.c reports the error */
	if (session_affinity_read(a, &r->object, &want, &present) != NULL || !present || str_empty(hash))
		return s;
	s.pair = arena_printf(a, "%s=%s", want.cookie_name, hash);
	s.max_age = want.max_age;
	s.mode = weight > 0 ? SESSION_STICKY : r->status.abort ? SESSION_EXPIRES : SESSION_OFF;
	return s;
}

const char *
session_set_cookie(struct arena *a, const struct session *s)
{
	return arena_printf(
	    a, "%s" ATTRIBUTES "%lld", s->pair, s->mode == SESSION_STICKY ? (long long)s->max_age : 0LL);
}

bool
session_is_set_cookie(const char *value)
{
	return value != NULL && strstr(value, ATTRIBUTES) != NULL;
}

const char *
session_pattern(struct arena *a, const struct session *s)
{
	return arena_printf(a, PATTERN_BEFORE "%s" PATTERN_AFTER, s->pair);
}

bool
session_is_pattern(const char *value)
{
	return value != NULL && str_starts(value, PATTERN_BEFORE) && str_ends(value, PATTERN_AFTER);
}

/* Returns the text after the last "-session" of a name; NULL: it has none. */
static const char *
session_name_rest(const char *name)
{
	const char *found = NULL;

	for (const char *at = strstr(name, NAME_END); at != NULL; at = strstr(at + 1, NAME_END))
		found = at + strlen(NAME_END);
	return found;
}

bool
session_is_name(const struct rollout *r, const char *name)
{
	const char *rest = name != NULL ? session_name_rest(name) : NULL;
	size_t n;

	if (rest == NULL || (rest[0] != '\0' && (rest[0] != '-' || rest[1] == '\0' ||
						    strspn(rest + 1, "0123456789") != strlen(rest + 1))))
		return false;
	n = (size_t)(rest - name) - strlen(NAME_END);
	return r == NULL || (r->object.meta.name != NULL && strlen(r->object.meta.name) == n &&
				strncmp(name, r->object.meta.name, n) == 0);
}

const char *
session_name(struct arena *a, const struct rollout *r, unsigned long i)
{
	return i == 0 ? arena_printf(a, "%s" NAME_END, r->object.meta.name)
		      : arena_printf(a, "%s" NAME_END "-%lu", r->object.meta.name, i);
}
