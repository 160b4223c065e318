/* gitops/worker/flux_source.c: what of a Kustomization's work is its own: variables, credentials, rendering. */
#include <string.h>
#include "gitops/flux/post_build.h"
#include "gitops/flux/source_ignore.h"
#include "gitops/kustomize/build.h"
#include "gitops/source/secret_keys.h"
#include "gitops/worker/session_parts.h"

/* --- variables and credentials --------------------------------------------------------------------------------------- */

static void
set_variable(struct work *w, const char *name, const char *value)
{
	struct string_map *m = &w->variables.map;

	/* Line ends would break the text that they stand in. */
	value = str_replace(w->arena, value, "\n", "");
	for (size_t i = 0; i < m->n; i++)
		if (strcmp(m->at[i].key, name) == 0) {
			m->at[i].value = value;
			return;
		}
	if (m->n % 32 == 0) {
		struct string_pair *more = arena_new_array(w->arena, struct string_pair, m->n + 32);

		if (m->n > 0)
			memcpy(more, m->at, m->n * sizeof(*more));
		m->at = more;
	}
	m->at[m->n++] = (struct string_pair){ name, value };
}

static void
on_variables(void *arg, const struct err *e, const json_t *object)
{
	struct work_call *c = arg;
	struct work *w = c->work;
	size_t i = c->number;
	const struct flux_substitute_ref *from = &w->ks->spec.post_build->from.at[i];
	const json_t *data = json_object_get(object, "data");
	const char *key;
	json_t *v;

	if (e != NULL && !(e->class == ERR_GONE && from->optional))
		work_fail(w, "BuildFailed",
		    err_wrap(w->arena, err_copy(w->arena, e), "spec.postBuild.substituteFrom[%zu]: %s %s", i,
			from->kind, from->name));
	json_object_foreach ((json_t *)data, key, v) {
		const char *value =
		    strcmp(from->kind, "Secret") == 0 ? work_secret(w, object, key) : json_string_value(v);

		if (!substitute_is_name(key))
			work_fail(w, "BuildFailed",
			    err_new(w->arena, ERR_INVALID,
				"spec.postBuild.substituteFrom[%zu]: %s %s: \"%s\" is not a variable's name", i,
				from->kind, from->name, key));
		else if (value != NULL)
			set_variable(w, arena_strdup(w->arena, key), arena_strdup(w->arena, value));
	}
	work_call_over(c);
}

static void
on_secret(void *arg, const struct err *e, const json_t *secret)
{
	struct work_call *c = arg;
	struct work *w = c->work;

	if (e != NULL)
		work_fail(w, "AuthenticationFailed", err_wrap(w->arena, err_copy(w->arena, e), "spec.secretRef"));
	else {
		w->sources.at[0].problem = secret_keys_problem(w->arena, secret, SECRET_KEYS_FLUX);
		work_warn_of_secrets(w);
		w->sources.at[0].credentials =
		    (struct source_credentials){ .username = work_secret(w, secret, "username"),
			    .password = work_secret(w, secret, "password"),
			    .bearer_token = work_secret(w, secret, "bearerToken"),
			    .ssh_key = work_secret(w, secret, "identity"),
			    .known_hosts = work_secret(w, secret, "known_hosts"),
			    .ca = work_secret(w, secret, "ca.crt") != NULL ? work_secret(w, secret, "ca.crt")
									   : work_secret(w, secret, "caFile") };
	}
	work_call_over(c);
}

/* The keys that count: all values of the Secret. */
static void
on_keys(void *arg, const struct err *e, const json_t *secret)
{
	struct work_call *c = arg;
	struct work *w = c->work;
	const json_t *data = json_object_get(secret, "data");
	struct strings *keys = &w->sources.at[0].keys;
	const char *key;
	json_t *v;

	if (e != NULL || json_object_size(data) == 0)
		work_fail(w, "InvalidKeys",
		    e != NULL ? err_wrap(w->arena, err_copy(w->arena, e), "spec.verify.secretRef")
			      : err_new(w->arena, ERR_INVALID, "spec.verify.secretRef: the Secret has no keys"));
	keys->at = arena_new_array(w->arena, const char *, json_object_size(data) + 1);
	json_object_foreach ((json_t *)data, key, v)
		if (work_secret(w, secret, key) != NULL)
			keys->at[keys->n++] = work_secret(w, secret, key);
	work_call_over(c);
}

/* What is asked for: in this order. */
static size_t
variable_calls(const struct work *w)
{
	return w->ks != NULL && w->ks->spec.post_build != NULL && !w->deleting ? w->ks->spec.post_build->from.n : 0;
}

size_t
work_flux_settings(const struct work *w)
{
	const struct worker_repository *r = w->request.repository;

	return variable_calls(w) + (r != NULL && r->secret != NULL ? 1 : 0) + (r != NULL && r->keys != NULL ? 1 : 0);
}

static bool
ask_for_secret(struct work *w, size_t i, const struct worker_secret *secret, client_done *done)
{
	struct work_call *c = work_call_of(w, i);

	c->call = client_call(w->api, "GET",
	    arena_printf(w->arena, "/api/v1/namespaces/%s/secrets/%s", secret->namespace, secret->name), NULL, NULL,
	    done, c);
	return true;
}

bool
work_flux_start(struct work *w, size_t i)
{
	const struct worker_repository *r = w->request.repository;
	struct work_call *c = work_call_of(w, i);
	const struct flux_substitute_ref *from;

	if (i >= variable_calls(w))
		return r->secret != NULL && i == variable_calls(w) ? ask_for_secret(w, i, r->secret, on_secret)
								   : ask_for_secret(w, i, r->keys, on_keys);
	from = &w->ks->spec.post_build->from.at[i];
	c->call = client_call(w->api, "GET",
	    arena_printf(w->arena, "/api/v1/namespaces/%s/%s/%s", w->own_namespace,
		strcmp(from->kind, "Secret") == 0 ? "secrets" : "configmaps", from->name),
	    NULL, NULL, on_variables, c);
	return true;
}

/* --- rendering ------------------------------------------------------------------------------------------------------- */

/* What the spec adds to the kustomization in the path. */
static struct application_kustomize
overlay_of(struct work *w)
{
	const struct flux_kustomization_spec *s = &w->ks->spec;
	struct application_kustomize k = { .name_prefix = s->name_prefix,
		.name_suffix = s->name_suffix,
		.namespace = s->target_namespace,
		.components = s->components,
		.patches = s->patches,
		.images = { arena_new_array(w->arena, const char *, s->images.n + 1), s->images.n } };

	for (size_t i = 0; i < s->images.n; i++) {
		const struct flux_image *image = &s->images.at[i];

		k.images.at[i] = arena_printf(w->arena, "%s%s%s%s%s%s%s", image->name,
		    image->new_name != NULL ? "=" : "", image->new_name != NULL ? image->new_name : "",
		    image->new_tag != NULL ? ":" : "", image->new_tag != NULL ? image->new_tag : "",
		    image->digest != NULL ? "@" : "", image->digest != NULL ? image->digest : "");
	}
	return k;
}

static void
set_all(json_t *object, const char *map, const struct string_map *pairs)
{
	json_t *meta = json_object_get(object, "metadata"), *to = json_object_get(meta, map);

	if (pairs->n == 0)
		return;
	if (!json_is_object(to))
		json_object_set_new(meta, map, to = json_object());
	for (size_t i = 0; i < pairs->n; i++)
		json_object_set_new(to, pairs->at[i].key, json_string(pairs->at[i].value));
}

/* Without any variable nothing is done, also not to what has a default, unless the strategy says so. */
static bool
is_substituted(const struct work *w, const json_t *object)
{
	const struct flux_post_build *p = w->ks->spec.post_build;

	return (w->variables.map.n > 0 || (p != NULL && str_eq(p->strategy, "Always"))) &&
	       !flux_switch_is(object, FLUX "substitute", "disabled");
}

/* Variables and common metadata: into `to`. */
static struct err *
finish_object(struct work *w, const struct manifest *m, struct manifests *to)
{
	json_t *object = json_loads(m->text, 0, NULL);
	struct err *e = NULL;

	if (is_substituted(w, object)) {
		json_t *was = object;

		e = post_build(w->arena, was, &w->variables, &object);
		json_decref(was);
		if (e != NULL)
			return err_wrap(
			    w->arena, e, "%s: %s %s: postBuild", m->file, m->kind, m->name != NULL ? m->name : "");
	}
	if (w->ks->spec.common_metadata != NULL) {
		set_all(object, "labels", &w->ks->spec.common_metadata->labels);
		set_all(object, "annotations", &w->ks->spec.common_metadata->annotations);
	}
	e = manifests_add(to, w->arena, object, m->file);
	json_decref(object);
	return e;
}

struct err *
work_flux_render(struct work *w, const struct tree *whole)
{
	struct tree left, *tree = &left;
	struct application_kustomize overlay = overlay_of(w);
	struct manifests rendered = { .arena = w->arena };
	const char *path, *directory = NULL, *said = w->ks->spec.path != NULL ? w->ks->spec.path : ".";
	struct err *e;

	/* "./deploy" and "/deploy" mean the same here. */
	said += strspn(said, "/");
	if ((e = source_ignore(w->arena, whole, w->request.repository->ignore, &left)) != NULL)
		return e;
	if ((e = tree_path(w->arena, "", said, &path)) != NULL ||
	    (e = tree_directory(tree, w->arena, path, &directory)) != NULL)
		return err_wrap(w->arena, e, "spec.path");
	if (directory == NULL)
		return err_new(w->arena, ERR_INVALID, "spec.path: %s: no such directory in the repository", said);
	for (size_t i = 0; w->ks->spec.post_build != NULL && i < w->ks->spec.post_build->substitute.n; i++) {
		const struct string_pair *p = &w->ks->spec.post_build->substitute.at[i];

		if (!substitute_is_name(p->key))
			return err_new(w->arena, ERR_INVALID,
			    "spec.postBuild.substitute: \"%s\" is not a variable's name", p->key);
		set_variable(w, p->key, p->value);
	}
	w->source_type = SOURCE_KUSTOMIZE;
	if ((e = k_build_generated(tree, w->arena, directory, &overlay, &rendered)) != NULL)
		return e;
	for (size_t i = 0; i < rendered.n; i++)
		if ((e = finish_object(w, &rendered.at[i], &w->manifests)) != NULL)
			return e;
	return NULL;
}
