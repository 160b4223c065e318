/* gitops/worker/release_values.c: values of a release: reads ConfigMaps and Secrets, and merges them in order. */
#include "base/str.h"
#include "base/sha256.h"
#include "gitops/render/helm_values.h"
#include "gitops/render/post_render.h"
#include "gitops/worker/credentials.h"
#include "gitops/worker/session_state.h"
#include "kube/api/yaml.h"

#define VALUES_KEY "values.yaml"

size_t
release_values_count(const struct session *s)
{
	return s->request.message.deleting ? 0 : s->request.release->spec.values_from.n;
}

static const struct helm_values_ref *
release_values_ref(const struct session *s, size_t i)
{
	return &s->request.release->spec.values_from.at[i];
}

/* Names a reference in an error. The error never has a value. */
static struct err *
release_values_error(struct session *s, size_t i, const struct err *e)
{
	const struct helm_values_ref *ref = release_values_ref(s, i);

	return err_wrap(s->arena, err_copy(s->arena, e), "spec.valuesFrom[%zu]: %s %s", i, ref->kind, ref->name);
}

static void
release_values_read(void *arg, const struct err *e, const json_t *object)
{
	struct session_call *c = arg;
	struct session *s = c->session;
	const struct helm_values_ref *ref = release_values_ref(s, c->number);
	const char *key = !str_empty(ref->values_key) ? ref->values_key : VALUES_KEY, *text = NULL;

	if (e == NULL)
		text = str_eq(ref->kind, "Secret") ? credentials_value(s, object, key)
						   : json_str(json_object_get(object, "data"), key);
	if (e != NULL && !(e->class == ERR_GONE && ref->optional))
		session_fail(s, "ValuesError", release_values_error(s, c->number, e));
	else if (e == NULL && text == NULL && !ref->optional)
		session_fail(s, "ValuesError",
		    release_values_error(s, c->number,
			err_new(s->arena, ERR_INVALID, "has no key %s with a text; set optional to ignore that", key)));
	s->release.from[c->number] = arena_strdup(s->arena, text);
	session_call_end(c);
}

void
release_values_start(struct session *s, size_t i)
{
	const struct helm_values_ref *ref = release_values_ref(s, i);
	struct session_call *c = session_slot(s, i);

	if (s->release.from == NULL)
		s->release.from = arena_new_array(s->arena, const char *, release_values_count(s));
	/* The permission to read them is the controller's, in the namespace of the HelmRelease, as in Flux. */
	c->call = client_call(s->cluster.api, "GET",
	    arena_printf(s->arena, "/api/v1/namespaces/%s/%s/%s", s->request.own_namespace,
		str_eq(ref->kind, "Secret") ? "secrets" : "configmaps", str_url_escape(s->arena, ref->name)),
	    NULL, NULL, release_values_read, c);
}

static struct err *
release_values_merge_one(struct session *s, const struct helm_values_ref *ref, const char *text, json_t *to)
{
	_cleanup_(json_decrefp) json_t *docs = NULL;
	struct err *e;

	if (!str_empty(ref->target_path))
		return helm_values_set(s->arena, to, ref->target_path, text, ref->literal);
	if (yaml_parse_as(s->arena, text, strlen(text), YAML_KUBERNETES, &docs) != NULL)
		e = err_new(s->arena, ERR_INVALID, "is not valid YAML");
	else if (json_array_size(docs) > 0 && !json_is_object(json_array_get(docs, 0)))
		e = err_new(s->arena, ERR_INVALID, "is not a YAML map");
	else
		e = NULL;
	if (e == NULL && json_array_size(docs) > 0)
		helm_values_merge(to, json_array_get(docs, 0));
	return e;
}

/* Other changes of the rendered objects are another release, too. */
static void
release_values_add_post_render(struct session *s)
{
	struct session_release *r = &s->release;
	char hex[2 * SHA256_SIZE + 1];
	const char *both;

	r->post_render = post_render_wanted(s->arena, &s->request.release->spec);
	r->config_digest = r->values_digest;
	if (r->post_render == NULL)
		return;
	both = arena_printf(s->arena, "%s %s", r->values_digest, r->post_render);
	sha256_hex(both, strlen(both), hex);
	r->config_digest = arena_printf(s->arena, "sha256:%s", hex);
}

struct err *
release_values_merge(struct session *s)
{
	const struct helm_release_spec *spec = &s->request.release->spec;
	_cleanup_(json_decrefp) json_t *all = json_object(), *own = NULL;

	for (size_t i = 0; i < spec->values_from.n; i++) {
		struct err *e = s->release.from[i] != NULL
				    ? release_values_merge_one(s, release_values_ref(s, i), s->release.from[i], all)
				    : NULL;

		if (e != NULL)
			return release_values_error(s, i, e);
	}
	own = spec->values != NULL ? json_loads(spec->values, 0, NULL) : NULL;
	if (own != NULL && !json_is_object(own) && !json_is_null(own))
		return err_new(s->arena, ERR_INVALID, "spec.values: is not a map");
	helm_values_merge(all, own);
	s->release.values = json_text(s->arena, all);
	s->release.values_digest = helm_values_digest(s->arena, all);
	release_values_add_post_render(s);
	return NULL;
}
