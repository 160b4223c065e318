/* gitops/worker/release_crds.c: the definitions of a chart: finds them with helm, creates or replaces them, and waits
 * until the API server serves them, because objects of their kinds may follow. */
#include "gitops/worker/release_crds.h"
#include <string.h>
#include "gitops/source/manifests.h"
#include "gitops/worker/helm_actions.h"
#include "gitops/worker/session_state.h"
#include "kube/api/yaml.h"

#define DEFINITIONS "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
#define AGAIN_MS 250
#define ESTABLISHED_MS 60000
#define CRDS_MAX 1000
#define KEYS_MAX 16 /* of an object */
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

static void release_crds_on_written(void *, const struct err *, const json_t *);
static void release_crds_on_read(void *, const struct err *, const json_t *);

/* The policy of the action that is due; NULL: the default. */
static const char *
release_crds_policy(const struct session *s)
{
	const struct helm_release_spec *spec = &s->request.release->spec;

	if (s->release.decision.action == HELM_ACTION_INSTALL)
		return spec->install != NULL ? spec->install->crds : NULL;
	return s->release.decision.action == HELM_ACTION_UPGRADE && spec->upgrade != NULL ? spec->upgrade->crds : NULL;
}

static bool
release_crds_replace(const struct session *s)
{
	return str_eq(release_crds_policy(s), "CreateReplace");
}

bool
release_crds_due(const struct session *s)
{
	return release_crds_replace(s) ||
	       (s->release.decision.action == HELM_ACTION_UPGRADE && str_eq(release_crds_policy(s), "Create"));
}

/* The first failure is that of the action. */
static void
release_crds_fail(struct session *s, const char *name, const struct err *e)
{
	if (s->release.failure == NULL)
		s->release.failure =
		    err_text(s->arena, err_wrap(s->arena, err_copy(s->arena, e), "CustomResourceDefinition %s", name));
}

static struct err *
release_crds_add(struct session *s, const json_t *doc, struct manifests *all)
{
	if (json_object_size(doc) == 0)
		return NULL;
	if (!str_eq(json_str(doc, "kind"), "CustomResourceDefinition") ||
	    !str_eq(json_str(doc, "apiVersion"), "apiextensions.k8s.io/v1"))
		return err_new(s->arena, ERR_INVALID,
		    "a definition of the chart is no CustomResourceDefinition of apiextensions.k8s.io/v1, but %s of %s",
		    json_str(doc, "kind") ?: "an object", json_str(doc, "apiVersion") ?: "no version");
	return manifests_add(all, s->arena, doc, "crds");
}

/* Returns whether the line begins with a key of an object, which is one more of the document. */
static bool
release_crds_begins_object(const char *line, size_t len, struct strings *keys)
{
	size_t n = strspn(line, LETTERS);

	if (n == 0 || n >= len || line[n] != ':')
		return false;
	for (size_t i = 0; i < keys->n; i++)
		if (strncmp(keys->at[i], line, n + 1) == 0)
			return true;
	if (keys->n < KEYS_MAX)
		keys->at[keys->n++] = line;
	return false;
}

/* helm prints one file after the other, also where none begins with "---": a key that a document has already begins
 * the next one. */
static struct bytes
release_crds_separate(struct arena *a, struct bytes text)
{
	struct strings keys = { .at = arena_new_array(a, const char *, KEYS_MAX) };
	const char *end = text.at + text.len;
	struct str out;
	struct bytes ret;

	str_init(&out, 3 * text.len + 8);
	for (const char *line = text.at, *next; line < end; line = next) {
		const char *stop = memchr(line, '\n', (size_t)(end - line));
		size_t len = (size_t)((stop != NULL ? stop : end) - line);

		next = stop != NULL ? stop + 1 : end;
		if (len >= 3 && strncmp(line, "---", 3) == 0) {
			keys.n = 0;
		} else if (release_crds_begins_object(line, len, &keys)) {
			str_adds(&out, "---\n");
			keys.n = 0;
			release_crds_begins_object(line, len, &keys);
		}
		str_add(&out, line, (size_t)(next - line));
	}
	ret = (struct bytes){ arena_strdup(a, str_text(&out)), out.len };
	str_done(&out);
	return ret;
}

size_t
release_crds_prepare(struct session *s)
{
	struct release_crds *crds = &s->release.crds;
	struct manifests all = { .arena = s->arena };
	_cleanup_(json_decrefp) json_t *docs = NULL;
	struct bytes text = { 0 };
	struct err *e = helm_actions_show_crds(s, &text);
	json_t *doc;
	size_t i;

	if (e == NULL)
		text = release_crds_separate(s->arena, text);
	if (e == NULL)
		e = yaml_parse_as(s->arena, text.at, text.len, YAML_KUBERNETES, &docs);
	json_array_foreach (docs, i, doc)
		if (e == NULL)
			e = release_crds_add(s, doc, &all);
	if (e == NULL && all.n > CRDS_MAX)
		e = err_new(s->arena, ERR_INVALID, "the chart has more than %d definitions", CRDS_MAX);
	if (e != NULL) {
		s->release.failure = err_text(s->arena, e);
		return 0;
	}
	crds->at = arena_new_array(s->arena, struct release_crd, all.n + 1);
	crds->n = all.n;
	for (i = 0; i < all.n; i++)
		crds->at[i] = (struct release_crd){ .name = all.at[i].name, .text = all.at[i].text };
	return crds->n;
}

static const char *
release_crds_url(struct session *s, const struct release_crd *crd)
{
	return arena_printf(s->arena, DEFINITIONS "/%s", str_url_escape(s->arena, crd->name));
}

static void
release_crds_get(struct release_crd *crd)
{
	struct session *s = crd->call->session;

	crd->call->call = client_call(
	    s->cluster.target, "GET", release_crds_url(s, crd), NULL, NULL, release_crds_on_read, crd->call);
}

static void
release_crds_on_again(struct timer *t, void *arg)
{
	(void)t;
	release_crds_get(arg);
}

bool
release_crds_start(struct session *s, size_t i)
{
	struct release_crd *crd = &s->release.crds.at[i];

	crd->call = session_slot(s, i);
	crd->again = (struct timer){ .fire = release_crds_on_again, .arg = crd };
	crd->call->call = client_call(
	    s->cluster.target, "POST", DEFINITIONS, "application/json", crd->text, release_crds_on_written, crd->call);
	return true;
}

static struct release_crd *
release_crds_of(struct session_call *c)
{
	return &c->session->release.crds.at[c->number];
}

/* Replaces the definition that exists: the write has the version that was read. */
static void
release_crds_put(struct release_crd *crd, const json_t *existing)
{
	struct session *s = crd->call->session;
	_cleanup_(json_decrefp) json_t *object = json_loads(crd->text, 0, NULL);

	json_object_set_new(json_object_get(object, "metadata"), "resourceVersion",
	    json_string(json_str(json_object_get(existing, "metadata"), "resourceVersion") ?: ""));
	crd->call->call = client_call(s->cluster.target, "PUT", release_crds_url(s, crd), "application/json",
	    json_text(s->arena, object), release_crds_on_written, crd->call);
}

static void
release_crds_on_existing(void *arg, const struct err *e, const json_t *body)
{
	struct session_call *c = arg;
	struct release_crd *crd = release_crds_of(c);

	if (e == NULL) {
		release_crds_put(crd, body);
		return;
	}
	release_crds_fail(c->session, crd->name, e);
	session_call_end(c);
}

static void
release_crds_on_written(void *arg, const struct err *e, const json_t *body)
{
	struct session_call *c = arg;
	struct release_crd *crd = release_crds_of(c);
	struct session *s = c->session;

	if (e != NULL && e->class == ERR_EXISTS && release_crds_replace(s)) {
		c->call = client_call(
		    s->cluster.target, "GET", release_crds_url(s, crd), NULL, NULL, release_crds_on_existing, c);
		return;
	}
	if (e == NULL || e->class == ERR_EXISTS) {
		release_crds_on_read(c, NULL, body);
		return;
	}
	release_crds_fail(s, crd->name, e);
	session_call_end(c);
}

static bool
release_crds_is_established(const json_t *object)
{
	json_t *one;
	size_t i;

	json_array_foreach (json_at(object, "/status/conditions"), i, one)
		if (str_eq(json_str(one, "type"), "Established") && str_eq(json_str(one, "status"), "True"))
			return true;
	return false;
}

static void
release_crds_on_read(void *arg, const struct err *e, const json_t *body)
{
	struct session_call *c = arg;
	struct release_crd *crd = release_crds_of(c);
	struct session *s = c->session;

	if (e != NULL || release_crds_is_established(body)) {
		if (e != NULL)
			release_crds_fail(s, crd->name, e);
		session_call_end(c);
		return;
	}
	c->call = NULL;
	crd->waited_ms += AGAIN_MS;
	if (crd->waited_ms <= ESTABLISHED_MS) {
		loop_timer(s->cluster.api->loop, &crd->again, AGAIN_MS);
		return;
	}
	release_crds_fail(
	    s, crd->name, err_new(s->arena, ERR_AGAIN, "it is not established after %d s", ESTABLISHED_MS / 1000));
	session_call_end(c);
}

enum session_stage
release_crds_finish(struct session *s)
{
	(void)s;
	return STAGE_ACTION;
}

void
release_crds_done(struct session *s)
{
	for (size_t i = 0; i < s->release.crds.n; i++)
		loop_timer_stop(s->cluster.api->loop, &s->release.crds.at[i].again);
}
