/* web/session_cookie.c: the cookies of a login. */
#include "web/session_cookie.h"
#include <microhttpd.h>
#include <string.h>
#include "base/str.h"

#define COOKIE_ATTRIBUTES "; Path=/; HttpOnly; SameSite=Lax"

/* Over https the prefix makes browsers refuse a cookie that another host of the domain has set. */
static const char *
cookie_name(const struct session_cookies *c, const char *name)
{
	return arena_printf(c->arena, "%ssluice-%s", c->secure ? "__Host-" : "", name);
}

const char *
session_cookie_get(const struct session_cookies *c, const char *name)
{
	return MHD_lookup_connection_value(c->connection, MHD_COOKIE_KIND, cookie_name(c, name));
}

const char *
session_cookie_set(const struct session_cookies *c, const char *name, const char *value, int64_t ms)
{
	return arena_printf(c->arena, "%s=%s; Max-Age=%lld%s%s", cookie_name(c, name), value != NULL ? value : "",
	    value != NULL ? (long long)(ms / 1000) : 0LL, COOKIE_ATTRIBUTES, c->secure ? "; Secure" : "");
}

struct cookie_list {
	const char *prefix; /* of the names */
	struct attempt_cookie *cookies;
	size_t n;
};

static enum MHD_Result
cookie_list_add(void *arg, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct cookie_list *all = arg;

	(void)kind;
	if (!str_starts(name, all->prefix) || all->n == SESSION_COOKIE_ATTEMPTS_MAX)
		return MHD_YES;
	name += strlen(all->prefix);
	if (strlen(name) == ATTEMPT_NAME && strspn(name, "0123456789abcdef") == ATTEMPT_NAME)
		all->cookies[all->n++] = (struct attempt_cookie){ name, value };
	return MHD_YES;
}

size_t
session_cookie_attempts(const struct session_cookies *c, struct attempt_cookie ret[SESSION_COOKIE_ATTEMPTS_MAX])
{
	struct cookie_list all = { .prefix = cookie_name(c, SESSION_COOKIE_ATTEMPT), .cookies = ret };

	MHD_get_connection_values(c->connection, MHD_COOKIE_KIND, cookie_list_add, &all);
	return all.n;
}
