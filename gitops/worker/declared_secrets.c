/* gitops/worker/declared_secrets.c: credentials of sources that argocd-cm declares: chooses the entry for each source,
 * and reads its Secrets, one request for each.
 *
 * The order is that of Argo CD 2: a Secret with the label `repository`, an entry of `repositories` with credentials, a
 * Secret with the label `repo-creds`, an entry of `repository.credentials`. The first two take credentials of the last
 * two if they have none. */
#include "gitops/worker/declared_secrets.h"
#include <string.h>
#include "gitops/worker/credentials.h"
#include "gitops/worker/session_state.h"

static const struct declared_repository *
declared_secrets_choose(struct session *s, struct fetched_source *src)
{
	const struct declared *d = &s->sources.declared;
	const struct declared_repository *own;

	if (src->match_len == SIZE_MAX)
		return NULL;
	own = src->has_own ? NULL : declared_repository(s->arena, d, src->url);
	if (own != NULL && declared_has_secrets(own)) {
		src->problem = NULL;
		src->credentials = (struct source_credentials){ .insecure = own->insecure, .proxy = own->proxy };
		return own;
	}
	if (own != NULL) {
		src->credentials.insecure = src->credentials.insecure || own->insecure;
		src->credentials.proxy = own->proxy != NULL ? own->proxy : src->credentials.proxy;
	}
	return src->match_len == 0 ? declared_template(s->arena, d, src->url) : NULL;
}

static void
declared_secrets_add(struct session *s, const char *name)
{
	struct strings *names = &s->sources.declared_secrets;

	for (size_t i = 0; i < names->n; i++)
		if (strcmp(names->at[i], name) == 0)
			return;
	names->at[names->n++] = name;
}

size_t
declared_secrets_prepare(struct session *s)
{
	s->sources.declared_secrets =
	    (struct strings){ .at = arena_new_array(s->arena, const char *, s->sources.n *DECLARED_VALUE_MAX + 1) };
	for (size_t i = 0; i < s->sources.n; i++) {
		struct fetched_source *src = &s->sources.at[i];

		src->declared = declared_secrets_choose(s, src);
		for (size_t v = 0; src->declared != NULL && v < DECLARED_VALUE_MAX; v++)
			if (src->declared->values[v].name != NULL)
				declared_secrets_add(s, src->declared->values[v].name);
	}
	return s->sources.declared_secrets.n;
}

static const char **
declared_secrets_member(struct source_credentials *c, enum declared_value value)
{
	return value == DECLARED_USERNAME ? &c->username : value == DECLARED_PASSWORD ? &c->password : &c->ssh_key;
}

/* Sets the values of a source that are in this Secret. The error names the entry and the key, never a value. */
static struct err *
declared_secrets_use(struct session *s, struct fetched_source *src, const char *name, const json_t *secret)
{
	for (size_t v = 0; src->declared != NULL && v < DECLARED_VALUE_MAX; v++) {
		const struct declared_secret *of = &src->declared->values[v];
		const char *value;

		if (of->name == NULL || strcmp(of->name, name) != 0)
			continue;
		if ((value = credentials_value(s, secret, of->key)) == NULL)
			return err_new(s->arena, ERR_INVALID,
			    "ConfigMap argocd-cm, %s: Secret %s has no key %s with a text", src->declared->where, name,
			    of->key);
		*declared_secrets_member(&src->credentials, v) = value;
	}
	return NULL;
}

static void
declared_secrets_read(void *arg, const struct err *e, const json_t *secret)
{
	struct session_call *c = arg;
	struct session *s = c->session;
	const char *name = s->sources.declared_secrets.at[c->number];

	for (size_t i = 0; e == NULL && i < s->sources.n; i++) {
		struct err *wrong = declared_secrets_use(s, &s->sources.at[i], name, secret);

		if (wrong != NULL)
			session_fail(s, "ComparisonError", wrong);
	}
	if (e != NULL)
		session_fail(s, "ComparisonError",
		    err_wrap(s->arena, err_copy(s->arena, e), "ConfigMap argocd-cm, repositories: Secret %s", name));
	session_call_end(c);
}

bool
declared_secrets_start(struct session *s, size_t i)
{
	struct session_call *c = session_slot(s, i);

	c->call = client_call(s->cluster.api, "GET",
	    arena_printf(s->arena, "/api/v1/namespaces/%s/secrets/%s", s->request.message.namespace,
		str_url_escape(s->arena, s->sources.declared_secrets.at[i])),
	    NULL, NULL, declared_secrets_read, c);
	return true;
}
