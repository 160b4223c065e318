/* kube/proxy.c: HTTP proxy of a request: parses the environment's http_proxy, https_proxy, all_proxy and no_proxy. */
#include "kube/proxy.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/address.h"
#include "base/str.h"

static const char *
proxy_variable(const char *small, const char *capital)
{
	const char *value = getenv(small);

	if (str_empty(value) && capital != NULL)
		value = getenv(capital);
	return str_empty(value) ? NULL : value;
}

/* Returns whether the address is in the range "ADDRESS/BITS". */
static bool
proxy_in_range(const char *range, const struct address *a)
{
	const char *slash = strchr(range, '/');
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct address start;
	long long bits;

	if (slash == NULL || !address_parse(arena_strndup(arena, range, (size_t)(slash - range)), &start) ||
	    start.n != a->n || !str_int(slash + 1, 0, (long long)(8 * a->n), &bits))
		return false;
	for (long long i = 0; i < bits; i++)
		if (((start.at[i / 8] ^ a->at[i / 8]) >> (7 - i % 8) & 1) != 0)
			return false;
	return true;
}

static bool
proxy_matches(const char *pattern, const char *host)
{
	struct address a, b;
	size_t n, len = strlen(host);

	if (strcmp(pattern, "*") == 0)
		return true;
	if (address_parse(host, &a))
		return (address_parse(pattern, &b) && address_is_same(&a, &b)) || proxy_in_range(pattern, &a);
	pattern += strspn(pattern, ".");
	n = strlen(pattern);
	return n > 0 && len >= n && strcasecmp(host + len - n, pattern) == 0 && (len == n || host[len - n - 1] == '.');
}

bool
proxy_is_bypassed(const char *list, const char *host)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	char *save = NULL;

	for (char *one = strtok_r(arena_strdup(a, list != NULL ? list : ""), ", ", &save); one != NULL;
	     one = strtok_r(NULL, ", ", &save)) {
		char *colon = strchr(one, ':');

		/* The port is not compared: no_proxy applies to a host. */
		if (colon != NULL && strchr(colon + 1, ':') == NULL)
			*colon = '\0';
		if (proxy_matches(one, host))
			return true;
	}
	return false;
}

const char *
proxy_of(const char *scheme, const char *host)
{
	const char *proxy = strcmp(scheme, "https") == 0 ? proxy_variable("https_proxy", "HTTPS_PROXY")
							 : proxy_variable("http_proxy", NULL);

	if (proxy == NULL)
		proxy = proxy_variable("all_proxy", "ALL_PROXY");
	return proxy != NULL && !proxy_is_bypassed(proxy_variable("no_proxy", "NO_PROXY"), host) ? proxy : NULL;
}
