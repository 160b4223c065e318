/* gitops/source/argocd_cm_repositories.c: reads `repositories` and `repository.credentials` of argocd-cm: one row for
 * each member of an entry. */
#include "gitops/source/argocd_cm_repositories.h"
#include <string.h>
#include "base/str.h"
#include "gitops/source/repository_url.h"
#include "gitops/source/secret_keys.h"
#include "kube/api/meta.h"
#include "kube/api/yaml.h"

#define ENTRIES_MAX 512 /* of each list */
#define NOTES_MAX 20 /* members without effect that are named */

struct declared_reading {
	struct arena *arena;
	struct declared *to;
	size_t n_notes;
};

/* Members with an effect. For others secret_keys.h has the reason, since the labeled Secrets have the same keys. */
static const struct declared_member {
	const char *name;
	enum { MEMBER_ANY, MEMBER_URL, MEMBER_SECRET, MEMBER_INSECURE, MEMBER_PROXY } kind;
	enum declared_value value; /* of a MEMBER_SECRET */
} members[] = {
	{ "url", MEMBER_URL, 0 },
	{ "type", MEMBER_ANY, 0 }, /* the source says whether it has a chart */
	{ "name", MEMBER_ANY, 0 },
	{ "enableOci", MEMBER_ANY, 0 }, /* a URL without a scheme says it already */
	{ "usernameSecret", MEMBER_SECRET, DECLARED_USERNAME },
	{ "passwordSecret", MEMBER_SECRET, DECLARED_PASSWORD },
	{ "sshPrivateKeySecret", MEMBER_SECRET, DECLARED_SSH_KEY },
	{ "insecure", MEMBER_INSECURE, 0 },
	{ "insecureIgnoreHostKey", MEMBER_INSECURE, 0 },
	{ "proxy", MEMBER_PROXY, 0 },
};

static const struct declared_member *
declared_member_of(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(members); i++)
		if (strcmp(members[i].name, name) == 0)
			return &members[i];
	return NULL;
}

static void
declared_note(struct declared_reading *r, const char *where, const char *name)
{
	const char *why = secret_keys_why(SECRET_KEYS_ARGOCD, name), *before = r->to->problem;

	if (r->n_notes++ < NOTES_MAX)
		r->to->problem = arena_printf(r->arena, "%s%s.%.100s (%s)",
		    before != NULL ? arena_printf(r->arena, "%s; ", before)
				   : "ConfigMap argocd-cm: without effect here: ",
		    where, name, why != NULL ? why : "it is not known");
}

static struct err *
declared_read_secret(struct arena *a, const char *where, const char *name, const json_t *of, struct declared_secret *to)
{
	const char *secret = json_str(of, "name"), *key = json_str(of, "key");

	if (json_is_null(of))
		return NULL;
	if (str_empty(secret) || str_empty(key) || !name_is_path_segment(secret))
		return err_new(
		    a, ERR_INVALID, "ConfigMap argocd-cm, %s.%s: it has no name and key of a Secret", where, name);
	*to = (struct declared_secret){ arena_strdup(a, secret), arena_strdup(a, key) };
	return NULL;
}

static struct err *
declared_read_entry(struct declared_reading *r, const json_t *entry, struct declared_repository *to)
{
	struct err *e = NULL;
	const char *name;
	json_t *value;

	json_object_foreach ((json_t *)entry, name, value) {
		const struct declared_member *m = declared_member_of(name);

		if (m == NULL)
			declared_note(r, to->where, name);
		else if (m->kind == MEMBER_URL)
			to->url = arena_strdup(r->arena, json_string_value(value));
		else if (m->kind == MEMBER_PROXY)
			to->proxy = arena_strdup(r->arena, json_string_value(value));
		else if (m->kind == MEMBER_INSECURE)
			to->insecure = to->insecure || json_is_true(value);
		else if (m->kind == MEMBER_SECRET && e == NULL)
			e = declared_read_secret(r->arena, to->where, name, value, &to->values[m->value]);
	}
	if (e == NULL && str_empty(to->url))
		return err_new(r->arena, ERR_INVALID, "ConfigMap argocd-cm, %s: it has no url", to->where);
	return e;
}

static struct err *
declared_read_list(struct declared_reading *r, const char *key, const char *text, struct declared_list *to)
{
	_cleanup_(json_decrefp) json_t *docs = NULL;
	struct err *e = yaml_parse(r->arena, text, strlen(text), &docs);
	const json_t *list = json_array_get(docs, 0), *entry;
	size_t i;

	if (e != NULL)
		return err_wrap(r->arena, e, "ConfigMap argocd-cm, %s", key);
	if (list != NULL && !json_is_array(list) && !json_is_null(list))
		return err_new(r->arena, ERR_INVALID, "ConfigMap argocd-cm, %s: it is not a list of {url, …}", key);
	if (json_array_size(list) > ENTRIES_MAX)
		return err_new(
		    r->arena, ERR_INVALID, "ConfigMap argocd-cm, %s: there are more than %d entries", key, ENTRIES_MAX);
	to->at = arena_new_array(r->arena, struct declared_repository, json_array_size(list) + 1);
	json_array_foreach (list, i, entry) {
		to->at[i] = (struct declared_repository){ .where = arena_printf(r->arena, "%s[%zu]", key, i) };
		if ((e = declared_read_entry(r, entry, &to->at[i])) != NULL)
			return e;
		to->n++;
	}
	return NULL;
}

struct err *
declared_read(struct arena *a, const json_t *data, struct declared *ret)
{
	const char *repositories = json_str(data, "repositories"),
		   *templates = json_str(data, "repository.credentials");
	struct declared to = { 0 };
	struct declared_reading r = { .arena = a, .to = &to };
	struct err *e = NULL;

	if (repositories != NULL)
		e = declared_read_list(&r, "repositories", repositories, &to.repositories);
	if (templates != NULL && e == NULL)
		e = declared_read_list(&r, "repository.credentials", templates, &to.templates);
	if (e == NULL)
		*ret = to;
	return e;
}

const struct declared_repository *
declared_repository(struct arena *a, const struct declared *d, const char *url)
{
	for (size_t i = 0; i < d->repositories.n; i++)
		if (location_is_same(a, d->repositories.at[i].url, url))
			return &d->repositories.at[i];
	return NULL;
}

const struct declared_repository *
declared_template(struct arena *a, const struct declared *d, const char *url)
{
	const struct declared_repository *found = NULL;
	size_t longest = 0;

	for (size_t i = 0; i < d->templates.n; i++) {
		size_t len = location_below(a, d->templates.at[i].url, url);

		if (len > longest) {
			longest = len;
			found = &d->templates.at[i];
		}
	}
	return found;
}

bool
declared_has_secrets(const struct declared_repository *r)
{
	for (size_t i = 0; i < DECLARED_VALUE_MAX; i++)
		if (r->values[i].name != NULL)
			return true;
	return false;
}
