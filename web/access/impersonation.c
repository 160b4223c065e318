/* web/access/impersonation.c: the user and groups that the dashboard impersonates. */
#include "web/access/impersonation.h"
#include <string.h>
#include "base/err.h"
#include "base/str.h"

#define RESERVED "system:"
#define NAME_MAX_LEN 256 /* bytes */

/* Printable ASCII without spaces at the ends: what a header carries unchanged. */
static bool
impersonation_is_header(const char *text)
{
	size_t n = strlen(text);

	for (size_t i = 0; i < n; i++)
		if (text[i] < ' ' || text[i] > '~')
			return false;
	return n > 0 && n <= NAME_MAX_LEN && text[0] != ' ' && text[n - 1] != ' ';
}

static struct err *
impersonation_check_name(struct arena *a, const char *flag, const char *name)
{
	if (str_starts(name, RESERVED))
		return err_new(
		    a, ERR_INVALID, "--%s: \"%s\" begins with \"" RESERVED "\", which is Kubernetes' own", flag, name);
	if (str_empty(name) || !impersonation_is_header(name))
		return err_new(a, ERR_INVALID, "--%s: \"%s\" is empty, longer than %d bytes, or not printable ASCII",
		    flag, name != NULL ? name : "", NAME_MAX_LEN);
	return NULL;
}

struct err *
impersonation_check(struct arena *a, const struct impersonation *s)
{
	struct err *e = impersonation_check_name(a, "impersonate-prefix", s->prefix);

	/* No name may complete a prefix to one of Kubernetes' own. */
	if (e == NULL && strncmp(s->prefix, RESERVED, strlen(s->prefix)) == 0)
		e = err_new(
		    a, ERR_INVALID, "--impersonate-prefix: \"%s\" is the beginning of \"" RESERVED "\"", s->prefix);

	if (e == NULL)
		e = impersonation_check_name(a, "impersonate-user", s->user);
	if (e == NULL && s->groups.n > IMPERSONATION_GROUPS_MAX)
		e = err_new(a, ERR_INVALID, "--impersonate-groups: more than %d groups", IMPERSONATION_GROUPS_MAX);
	for (size_t i = 0; e == NULL && i < s->groups.n; i++)
		e = impersonation_check_name(a, "impersonate-groups", s->groups.at[i]);
	return e;
}

static bool
impersonation_has(const struct identity *who, const char *group)
{
	for (size_t i = 0; i < who->ngroups; i++)
		if (str_eq(who->groups[i], group))
			return true;
	return false;
}

void
impersonation_of(struct arena *a, const struct impersonation *s, const struct identity *who, struct impersonated *ret)
{
	*ret = (struct impersonated){ .user = arena_printf(a, "%s%s", s->prefix, s->user),
		.groups.at = arena_new_array(a, const char *, s->groups.n + 1) };
	for (size_t i = 0; i < s->groups.n; i++)
		if (impersonation_has(who, s->groups.at[i]))
			ret->groups.at[ret->groups.n++] = arena_printf(a, "%s%s", s->prefix, s->groups.at[i]);
}
