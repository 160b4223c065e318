/* gitops/worker/flux_source.c: source of a Flux object: credentials, and of a Kustomization postBuild variables and
 * rendering. Applications: sources.c. */
#include "gitops/worker/flux_source.h"
#include <string.h>
#include "base/str.h"
#include "gitops/flux/post_build.h"
#include "gitops/flux/source_ignore.h"
#include "gitops/kustomize/build.h"
#include "gitops/source/secret_keys.h"
#include "gitops/worker/credentials.h"
#include "gitops/worker/session_state.h"

static void
flux_source_set_variable(struct session *s, const char *name, const char *value)
{
	struct string_map *m = &s->sources.variables.map;

	/* A line end would break the manifest in which the variable is used. */
	value = str_replace(s->arena, value, "\n", "");
	for (size_t i = 0; i < m->n; i++)
		if (strcmp(m->at[i].key, name) == 0) {
			m->at[i].value = value;
			return;
		}
	if (m->n % 32 == 0) {
		struct string_pair *more = arena_new_array(s->arena, struct string_pair, m->n + 32);

		if (m->n > 0)
			memcpy(more, m->at, m->n * sizeof(*more));
		m->at = more;
	}
	m->at[m->n++] = (struct string_pair){ name, value };
}

static void
flux_source_read_variables(void *arg, const struct err *e, const json_t *object)
{
	struct session_call *c = arg;
	struct session *s = c->session;
	size_t i = c->number;
	const struct flux_substitute_ref *from = &s->request.ks->spec.post_build->from.at[i];
	const json_t *data = json_object_get(object, "data");
	const char *key;
	json_t *v;

	if (e != NULL && !(e->class == ERR_GONE && from->optional))
		session_fail(s, "BuildFailed",
		    err_wrap(s->arena, err_copy(s->arena, e), "spec.postBuild.substituteFrom[%zu]: %s %s", i,
			from->kind, from->name));
	json_object_foreach ((json_t *)data, key, v) {
		const char *value =
		    strcmp(from->kind, "Secret") == 0 ? credentials_value(s, object, key) : json_string_value(v);

		if (!substitute_is_name(key))
			session_fail(s, "BuildFailed",
			    err_new(s->arena, ERR_INVALID,
				"spec.postBuild.substituteFrom[%zu]: %s %s: \"%s\" is not a variable's name", i,
				from->kind, from->name, key));
		else if (value != NULL)
			flux_source_set_variable(s, arena_strdup(s->arena, key), arena_strdup(s->arena, value));
	}
	session_call_end(c);
}

/* Returns the value of a key, or of its older name. */
static const char *
flux_source_either(struct session *s, const json_t *secret, const char *key, const char *older)
{
	const char *value = credentials_value(s, secret, key);

	return value != NULL ? value : credentials_value(s, secret, older);
}

/* Reads the Secret of certSecretRef: the CA of the server, or the client's certificate with its key. */
static void
flux_source_read_cert(void *arg, const struct err *e, const json_t *secret)
{
	struct session_call *c = arg;
	struct session *s = c->session;
	struct source_credentials *to = &s->sources.at[0].credentials;
	const char *ca;

	if (e != NULL) {
		session_fail(
		    s, "AuthenticationFailed", err_wrap(s->arena, err_copy(s->arena, e), "spec.certSecretRef"));
		session_call_end(c);
		return;
	}
	ca = flux_source_either(s, secret, "ca.crt", "caFile");
	if (ca != NULL)
		to->ca = ca;
	to->client_cert = flux_source_either(s, secret, "tls.crt", "certFile");
	to->client_key = flux_source_either(s, secret, "tls.key", "keyFile");
	if ((to->client_cert == NULL) != (to->client_key == NULL) || (ca == NULL && to->client_cert == NULL))
		session_fail(s, "AuthenticationFailed",
		    err_new(s->arena, ERR_INVALID,
			"spec.certSecretRef: the Secret must have ca.crt, or tls.crt and tls.key, or all of them"));
	session_call_end(c);
}

static void
flux_source_read_secret(void *arg, const struct err *e, const json_t *secret)
{
	struct session_call *c = arg;
	struct session *s = c->session;
	struct source_credentials *c0 = &s->sources.at[0].credentials;

	if (e != NULL)
		session_fail(s, "AuthenticationFailed", err_wrap(s->arena, err_copy(s->arena, e), "spec.secretRef"));
	else {
		s->sources.at[0].problem = secret_keys_problem(s->arena, secret, SECRET_KEYS_FLUX);
		credentials_warn(s);
		c0->username = credentials_value(s, secret, "username");
		c0->password = credentials_value(s, secret, "password");
		c0->bearer_token = credentials_value(s, secret, "bearerToken");
		c0->ssh_key = credentials_value(s, secret, "identity");
		c0->known_hosts = credentials_value(s, secret, "known_hosts");
		/* The Secret of certSecretRef precedes, in whatever order they arrive. */
		if (c0->ca == NULL)
			c0->ca = flux_source_either(s, secret, "ca.crt", "caFile");
	}
	session_call_end(c);
}

/* Each value of the Secret is a key. */
static void
flux_source_read_keys(void *arg, const struct err *e, const json_t *secret)
{
	struct session_call *c = arg;
	struct session *s = c->session;
	const json_t *data = json_object_get(secret, "data");
	struct strings *keys = &s->sources.at[0].keys;
	const char *key;
	json_t *v;

	if (e != NULL || json_object_size(data) == 0)
		session_fail(s, "InvalidKeys",
		    e != NULL ? err_wrap(s->arena, err_copy(s->arena, e), "spec.verify.secretRef")
			      : err_new(s->arena, ERR_INVALID, "spec.verify.secretRef: the Secret has no keys"));
	keys->at = arena_new_array(s->arena, const char *, json_object_size(data) + 1);
	json_object_foreach ((json_t *)data, key, v)
		if (credentials_value(s, secret, key) != NULL)
			keys->at[keys->n++] = credentials_value(s, secret, key);
	session_call_end(c);
}

/* The ServiceAccount that a deletion needs; NULL: none. */
static const char *
flux_source_account(const struct session *s)
{
	const char *account = s->request.ks != NULL	   ? s->request.ks->spec.service_account
			      : s->request.release != NULL ? s->request.release->spec.service_account
							   : NULL;

	return s->request.message.deleting && !str_empty(account) ? account : NULL;
}

/* Without its ServiceAccount, which a deleted namespace takes along, nothing will ever be allowed, and the namespace
 * would wait for its Flux object for ever. Nothing is deleted then, as in Flux. */
static void
flux_source_read_account(void *arg, const struct err *e, const json_t *object)
{
	struct session_call *c = arg;
	struct session *s = c->session;

	(void)object;
	if (e != NULL && e->class == ERR_GONE)
		s->request.skipped = arena_printf(s->arena, "the ServiceAccount %s/%s does not exist",
		    s->request.own_namespace, flux_source_account(s));
	session_call_end(c);
}

static void
flux_source_get_account(struct session *s, size_t i)
{
	struct session_call *c = session_slot(s, i);

	c->call = client_call(s->cluster.api, "GET",
	    arena_printf(s->arena, "/api/v1/namespaces/%s/serviceaccounts/%s", s->request.own_namespace,
		str_url_escape(s->arena, flux_source_account(s))),
	    NULL, NULL, flux_source_read_account, c);
}

/* The order of the calls of this stage: variables or values, or the account of a deletion; the Secret of credentials,
 * that of certificates, that of keys. */
static size_t
flux_source_variables(const struct session *s)
{
	if (flux_source_account(s) != NULL)
		return 1;
	if (s->request.release != NULL)
		return release_values_count(s);
	return s->request.ks != NULL && s->request.ks->spec.post_build != NULL && !s->request.message.deleting
		   ? s->request.ks->spec.post_build->from.n
		   : 0;
}

size_t
flux_source_prepare(struct session *s)
{
	const struct worker_repository *r = s->request.message.repository;

	if (r != NULL && s->sources.n > 0)
		s->sources.at[0].credentials.plain_http = r->plain_http;
	return flux_source_variables(s) +
	       (r == NULL ? 0 : (r->secret != NULL ? 1 : 0) + (r->cert != NULL ? 1 : 0) + (r->keys != NULL ? 1 : 0));
}

static bool
flux_source_get_secret(struct session *s, size_t i, const struct worker_secret *secret, client_done *done)
{
	struct session_call *c = session_slot(s, i);

	c->call = client_call(s->cluster.api, "GET",
	    arena_printf(s->arena, "/api/v1/namespaces/%s/secrets/%s", secret->namespace,
		str_url_escape(s->arena, secret->name)),
	    NULL, NULL, done, c);
	return true;
}

bool
flux_source_start(struct session *s, size_t i)
{
	const struct worker_repository *r = s->request.message.repository;
	struct session_call *c = session_slot(s, i);
	const struct flux_substitute_ref *from;

	if (i >= flux_source_variables(s)) {
		size_t k = i - flux_source_variables(s);

		if (r->secret != NULL && k == 0)
			return flux_source_get_secret(s, i, r->secret, flux_source_read_secret);
		if (r->cert != NULL && k == (r->secret != NULL ? 1u : 0u))
			return flux_source_get_secret(s, i, r->cert, flux_source_read_cert);
		return flux_source_get_secret(s, i, r->keys, flux_source_read_keys);
	}
	if (flux_source_account(s) != NULL) {
		flux_source_get_account(s, i);
		return true;
	}
	if (s->request.release != NULL) {
		release_values_start(s, i);
		return true;
	}
	from = &s->request.ks->spec.post_build->from.at[i];
	c->call = client_call(s->cluster.api, "GET",
	    arena_printf(s->arena, "/api/v1/namespaces/%s/%s/%s", s->request.own_namespace,
		strcmp(from->kind, "Secret") == 0 ? "secrets" : "configmaps", str_url_escape(s->arena, from->name)),
	    NULL, NULL, flux_source_read_variables, c);
	return true;
}

enum session_stage
flux_source_finish(struct session *s)
{
	return s->request.skipped != NULL ? STAGE_END : STAGE_SOURCES;
}

/* Returns what the spec adds to the kustomization in the path. */
static struct application_kustomize
flux_source_overlay(struct session *s)
{
	const struct flux_kustomization_spec *spec = &s->request.ks->spec;
	struct application_kustomize k = { .name_prefix = spec->name_prefix,
		.name_suffix = spec->name_suffix,
		.namespace = spec->target_namespace,
		.components = spec->components,
		.patches = spec->patches,
		.images = { arena_new_array(s->arena, const char *, spec->images.n + 1), spec->images.n } };

	for (size_t i = 0; i < spec->images.n; i++) {
		const struct flux_image *image = &spec->images.at[i];

		k.images.at[i] = arena_printf(s->arena, "%s%s%s%s%s%s%s", image->name,
		    image->new_name != NULL ? "=" : "", image->new_name != NULL ? image->new_name : "",
		    image->new_tag != NULL ? ":" : "", image->new_tag != NULL ? image->new_tag : "",
		    image->digest != NULL ? "@" : "", image->digest != NULL ? image->digest : "");
	}
	return k;
}

static void
flux_source_set_all(json_t *object, const char *map, const struct string_map *pairs)
{
	json_t *meta = json_object_get(object, "metadata"), *to = json_object_get(meta, map);

	if (pairs->n == 0)
		return;
	if (!json_is_object(to))
		json_object_set_new(meta, map, to = json_object());
	for (size_t i = 0; i < pairs->n; i++)
		json_object_set_new(to, pairs->at[i].key, json_string(pairs->at[i].value));
}

/* Returns whether variables are substituted in the object. As in Flux, without any variable nothing is substituted,
 * not even defaults, unless the strategy is Always. */
static bool
flux_source_is_substituted(const struct session *s, const json_t *object)
{
	const struct flux_post_build *p = s->request.ks->spec.post_build;

	return (s->sources.variables.map.n > 0 || (p != NULL && str_eq(p->strategy, "Always"))) &&
	       !resource_flux_switch_is(object, FLUX "substitute", "disabled");
}

/* Adds the object to `to`, with variables substituted and common metadata set. */
static struct err *
flux_source_finish_object(struct session *s, const struct manifest *m, struct manifests *to)
{
	json_t *object = json_loads(m->text, 0, NULL);
	struct err *e = NULL;

	if (flux_source_is_substituted(s, object)) {
		json_t *was = object;

		e = post_build(s->arena, was, &s->sources.variables, &object);
		json_decref(was);
		if (e != NULL)
			return err_wrap(
			    s->arena, e, "%s: %s %s: postBuild", m->file, m->kind, m->name != NULL ? m->name : "");
	}
	if (s->request.ks->spec.common_metadata != NULL) {
		flux_source_set_all(object, "labels", &s->request.ks->spec.common_metadata->labels);
		flux_source_set_all(object, "annotations", &s->request.ks->spec.common_metadata->annotations);
	}
	e = manifests_add(to, s->arena, object, m->file);
	json_decref(object);
	return e;
}

struct err *
flux_source_render(struct session *s, const struct tree *whole)
{
	struct tree left, *tree = &left;
	struct application_kustomize overlay = flux_source_overlay(s);
	struct manifests rendered = { .arena = s->arena };
	const char *path, *directory = NULL,
			  *wanted = s->request.ks->spec.path != NULL ? s->request.ks->spec.path : ".";
	struct err *e;

	/* "./deploy" and "/deploy" mean the same, as in Flux. */
	wanted += strspn(wanted, "/");
	if ((e = source_ignore(s->arena, whole, s->request.message.repository->ignore, &left)) != NULL)
		return e;
	if ((e = tree_path(s->arena, "", wanted, &path)) != NULL ||
	    (e = tree_directory(tree, s->arena, path, &directory)) != NULL)
		return err_wrap(s->arena, e, "spec.path");
	if (directory == NULL)
		return err_new(s->arena, ERR_INVALID, "spec.path: %s: no such directory in the repository", wanted);
	for (size_t i = 0; s->request.ks->spec.post_build != NULL && i < s->request.ks->spec.post_build->substitute.n;
	     i++) {
		const struct string_pair *p = &s->request.ks->spec.post_build->substitute.at[i];

		if (!substitute_is_name(p->key))
			return err_new(s->arena, ERR_INVALID,
			    "spec.postBuild.substitute: \"%s\" is not a variable's name", p->key);
		flux_source_set_variable(s, p->key, p->value);
	}
	s->sources.type = SOURCE_KUSTOMIZE;
	if ((e = k_build_generated(tree, s->arena, directory, &overlay, &rendered)) != NULL)
		return e;
	for (size_t i = 0; i < rendered.n; i++)
		if ((e = flux_source_finish_object(s, &rendered.at[i], &s->sources.manifests)) != NULL)
			return e;
	return NULL;
}
