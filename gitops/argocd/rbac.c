/* gitops/argocd/rbac.c: RBAC policies of argocd-rbac-cm and of projects: parses the lines, and finds the one that
 * decides. */
#include "gitops/argocd/rbac.h"
#include <string.h>
#include "base/glob.h"
#include "base/json.h"
#include "base/map.h"
#include "base/str.h"
#include "kube/api/regex.h"

#define RULES_MAX 20000
#define BUILTIN "built in"

/* Argo CD's built-in policy: the actions that each role has on each resource. */
static const struct {
	const char *role, *resources, *actions;
} builtin[] = {
	{ "role:readonly",
	    "applications applicationsets certificates clusters repositories write-repositories projects accounts "
	    "gpgkeys logs",
	    "get" },
	{ "role:admin", "applications", "create update delete sync override action/* update/* delete/*" },
	{ "role:admin", "applicationsets clusters repositories write-repositories projects", "create update delete" },
	{ "role:admin", "certificates", "create update delete" },
	{ "role:admin", "accounts", "update" },
	{ "role:admin", "gpgkeys", "create delete" },
	{ "role:admin", "exec", "create" },
};

struct reading {
	struct arena *arena;
	struct rbac *to;
	size_t capacity;
};

static struct err *
rbac_add_rule(struct reading *r, const struct rbac_rule *rule)
{
	if (r->to->rules.n == RULES_MAX)
		return err_new(r->arena, ERR_INVALID, "%s: more than %d lines", rule->where, RULES_MAX);
	if (r->to->rules.n == r->capacity) {
		struct rbac_rule *more =
		    arena_new_array(r->arena, struct rbac_rule, r->capacity = r->capacity * 2 + 64);

		if (r->to->rules.n > 0)
			memcpy(more, r->to->rules.at, r->to->rules.n * sizeof(*more));
		r->to->rules.at = more;
	}
	r->to->rules.at[r->to->rules.n++] = *rule;
	return NULL;
}

static char *
rbac_trimmed(char *text)
{
	size_t n;

	text += strspn(text, " \t\r");
	for (n = strlen(text); n > 0 && strchr(" \t\r", text[n - 1]) != NULL; n--)
		text[n - 1] = '\0';
	return text;
}

/* Parses one line: comma-separated, each part trimmed; "#" begins a comment. */
static struct err *
rbac_read_line(struct reading *r, char *line, const char *where)
{
	struct rbac_rule rule = { .where = where };
	const char *parts[7] = { NULL };
	size_t n = 0;

	line = rbac_trimmed(line);
	if (*line == '\0' || *line == '#')
		return NULL;
	for (char *rest = line, *part = strsep(&rest, ","); part != NULL; part = strsep(&rest, ",")) {
		if (n == ARRAY_SIZE(parts))
			return err_new(r->arena, ERR_INVALID, "%s: has too many parts", where);
		parts[n++] = rbac_trimmed(part);
	}
	rule.member = str_eq(parts[0], "g");
	if (!rule.member && !str_eq(parts[0], "p"))
		return err_new(r->arena, ERR_INVALID, "%s: begins with neither \"p\" nor \"g\": %s", where, parts[0]);
	if (n != (rule.member ? 3u : 6u))
		return err_new(r->arena, ERR_INVALID, "%s: has %zu parts; \"%s\" has %s", where, n, parts[0],
		    rule.member ? "3: g, MEMBER, ROLE" : "6: p, SUBJECT, RESOURCE, ACTION, OBJECT, EFFECT");
	if (!rule.member && strcmp(parts[5], "allow") != 0 && strcmp(parts[5], "deny") != 0)
		return err_new(r->arena, ERR_INVALID, "%s: \"%s\" is neither allow nor deny", where, parts[5]);
	for (size_t i = 1; i < n; i++)
		rule.fields[i - 1] = parts[i];
	return rbac_add_rule(r, &rule);
}

static struct err *
rbac_read_text(struct reading *r, const char *key, const char *text)
{
	char *rest = arena_strdup(r->arena, text), *line;
	struct err *e = NULL;

	for (int n = 1; e == NULL && (line = strsep(&rest, "\n")) != NULL; n++)
		e = rbac_read_line(r, line, arena_printf(r->arena, "%s, line %d", key, n));
	return e;
}

static struct err *
rbac_add_builtin(struct reading *r)
{
	char *resources, *actions, *save, *inner;
	struct err *e = rbac_add_rule(r, &(struct rbac_rule){ true, { "role:admin", "role:readonly" }, BUILTIN });

	if (e == NULL)
		e = rbac_add_rule(r, &(struct rbac_rule){ true, { "admin", "role:admin" }, BUILTIN });
	for (size_t i = 0; i < ARRAY_SIZE(builtin); i++) {
		save = NULL;
		resources = arena_strdup(r->arena, builtin[i].resources);
		for (char *what = strtok_r(resources, " ", &save); what != NULL && e == NULL;
		     what = strtok_r(NULL, " ", &save)) {
			inner = NULL;
			actions = arena_strdup(r->arena, builtin[i].actions);
			for (char *act = strtok_r(actions, " ", &inner); act != NULL && e == NULL;
			     act = strtok_r(NULL, " ", &inner))
				e = rbac_add_rule(r, &(struct rbac_rule){ false,
							 { builtin[i].role, what, act, "*", "allow" }, BUILTIN });
		}
	}
	return e;
}

struct err *
rbac_read(struct arena *a, const json_t *data, struct rbac *ret)
{
	struct rbac to = { 0 };
	struct reading r = { a, &to, 0 };
	const char *mode = json_str(data, "policy.matchMode"), *role = json_str(data, "policy.default"), *key;
	struct err *e = rbac_add_builtin(&r);
	json_t *text;

	if (mode != NULL && strcmp(mode, "glob") != 0 && strcmp(mode, "regex") != 0)
		return err_new(a, ERR_INVALID, "policy.matchMode: \"%s\" is neither glob nor regex", mode);
	to.regex = str_eq(mode, "regex");
	to.default_role = str_empty(role) ? NULL : arena_strdup(a, role);
	json_object_foreach ((json_t *)data, key, text)
		if (e == NULL && json_is_string(text) && str_starts(key, "policy.") && str_ends(key, "csv"))
			e = rbac_read_text(&r, arena_strdup(a, key), json_string_value(text));
	if (e == NULL)
		*ret = to;
	return e;
}

struct err *
rbac_add_project(struct arena *a, struct rbac *to, const struct app_project *p)
{
	struct reading r = { a, to, to->rules.n };
	struct err *e = NULL;

	for (size_t i = 0; i < p->spec.roles.n; i++) {
		const struct project_role *role = &p->spec.roles.at[i];
		const char *where = arena_printf(a, "AppProject %s, role %s", p->object.meta.name, role->name),
			   *name = arena_printf(a, "proj:%s:%s", p->object.meta.name, role->name);

		for (size_t k = 0; k < role->policies.n && e == NULL; k++)
			e = rbac_read_line(&r, arena_strdup(a, role->policies.at[k]), where);
		for (size_t k = 0; k < role->groups.n && e == NULL; k++)
			e = rbac_add_rule(
			    &r, &(struct rbac_rule){ true, { arena_strdup(a, role->groups.at[k]), name }, where });
	}
	return e;
}

void
rbac_drop_accounts(struct rbac *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->rules.n; i++)
		if (strcmp(r->rules.at[i].where, BUILTIN) != 0 || !str_eq(r->rules.at[i].fields[0], "admin"))
			r->rules.at[n++] = r->rules.at[i];
	r->rules.n = n;
}

bool
rbac_has_member(const struct rbac *r, const char *name)
{
	for (size_t i = 0; i < r->rules.n; i++)
		if (r->rules.at[i].member && strcmp(r->rules.at[i].fields[0], name) == 0)
			return true;
	return false;
}

static bool
rbac_matches(const struct rbac *r, const struct rbac_rule *rule, size_t field, const char *text)
{
	const char *pattern = rule->fields[field];
	enum regex_found found;

	/* Built-in lines are globs, even with policy.matchMode: regex. */
	if (!r->regex || strcmp(rule->where, BUILTIN) == 0)
		return glob_match(pattern, text);
	/* If matching exceeds its limits, a deny line counts as a match and an allow line does not. */
	found = regex_search(pattern, text);
	return found == REGEX_SOMETHING || (found == REGEX_UNKNOWN && strcmp(rule->fields[4], "deny") == 0);
}

/* The subject, and all roles that it has, directly or through other roles. */
struct roles {
	const char **at; /* the subject, and a role of each line */
	size_t n;
	struct map known;
};

static void
rbac_add_role(struct roles *to, const char *role)
{
	if (map_set(&to->known, role, to) == NULL)
		to->at[to->n++] = role;
}

static void
rbac_roles_of(const struct rbac *r, const char *subject, struct roles *ret)
{
	*ret = (struct roles){ .at = mem_alloc(sizeof(*ret->at) * (r->rules.n + 1)) };
	rbac_add_role(ret, subject);
	for (size_t i = 0; i < ret->n; i++)
		for (size_t k = 0; k < r->rules.n; k++)
			if (r->rules.at[k].member && strcmp(r->rules.at[k].fields[0], ret->at[i]) == 0)
				rbac_add_role(ret, r->rules.at[k].fields[1]);
}

static void
rbac_roles_done(struct roles *r)
{
	map_done(&r->known);
	free(r->at);
}

static bool
rbac_concerns(
    const struct rbac *r, const struct rbac_rule *rule, const struct roles *roles, const struct rbac_request *q)
{
	return !rule->member && map_get(&roles->known, rule->fields[0]) != NULL &&
	       rbac_matches(r, rule, 1, q->resource) && rbac_matches(r, rule, 2, q->action) &&
	       rbac_matches(r, rule, 3, q->object);
}

static bool
rbac_subject_may(
    const struct rbac *r, const char *subject, const struct rbac_request *q, const struct rbac_rule **ret_why)
{
	_cleanup_(rbac_roles_done) struct roles roles;
	bool may = false;

	rbac_roles_of(r, subject, &roles);
	for (size_t i = 0; i < r->rules.n; i++) {
		const struct rbac_rule *rule = &r->rules.at[i];

		if (!rbac_concerns(r, rule, &roles, q))
			continue;
		if (strcmp(rule->fields[4], "deny") == 0) {
			*ret_why = rule;
			return false;
		}
		if (!may)
			*ret_why = rule;
		may = true;
	}
	return may;
}

bool
rbac_may(const struct rbac *r, const struct rbac_request *q, const struct rbac_rule **ret_why)
{
	const struct rbac_rule *by_default = NULL;

	*ret_why = NULL;
	/* As in Argo CD: every subject has the permissions of the default role, and no deny line takes them away. */
	if (r->default_role != NULL && rbac_subject_may(r, r->default_role, q, &by_default)) {
		*ret_why = by_default;
		return true;
	}
	return rbac_subject_may(r, q->subject, q, ret_why);
}
