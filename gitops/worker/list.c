/* gitops/worker/list.c: lists live objects from the API server, one request for each kind and namespace. live.c
 * compares them. */
#include "gitops/worker/list.h"
#include <string.h>
#include "gitops/worker/session_state.h"
#include "traffic/owns.h"

static void
list_read_item(void *arg, const json_t *item, const struct unreadable *unreadable)
{
	struct session_call *c = arg;

	if (c->session->error != NULL)
		return;
	if (unreadable != NULL)
		live_read_unreadable(c->session, &c->session->live.scopes.at[c->number], item, unreadable);
	else
		live_read(c->session, &c->session->live.scopes.at[c->number], item);
}

static void
list_end(void *arg, const struct err *e, const json_t *list)
{
	struct session_call *c = arg;
	struct session *s = c->session;
	const struct list_scope *scope = &s->live.scopes.at[c->number];

	(void)list;
	/* A kind that no longer exists has no objects. */
	if (e != NULL && e->class != ERR_GONE)
		session_fail(s, "ComparisonError",
		    err_wrap(s->arena, err_copy(s->arena, e), "%s in %s", scope->kind->plural,
			scope->namespace != NULL ? scope->namespace : "the cluster"));
	session_call_end(c);
}

/* Starts to list the objects of a kind and namespace. Rollouts are listed first, because the fields of other objects
 * that they own must be known before those objects are compared. */
bool
list_start_scope(struct session *s, size_t i)
{
	const struct list_scope *scope = &s->live.scopes.at[i];
	struct session_call *c = session_slot(s, i);

	c->call = client_list(
	    s->cluster.target, kind_path(s->arena, scope->kind, scope->namespace, NULL), list_read_item, list_end, c);
	return true;
}

bool
list_start_object(struct session *s, size_t i)
{
	return i >= s->live.n_rollout_scopes && list_start_scope(s, i);
}

/* Returns whether Rollouts must be known to compare objects of this kind: they may own fields of them, or are of
 * this kind. */
static bool
list_needs_rollouts(const struct api_kind *k)
{
	return strcmp(k->kind, "Rollout") == 0 || owns_kind(k->group, k->kind);
}

static void
list_add_scope(struct session *s, const struct api_kind *k, const char *ns)
{
	for (size_t i = 0; i < s->live.scopes.n; i++)
		if (strcmp(s->live.scopes.at[i].kind->plural, k->plural) == 0 &&
		    strcmp(s->live.scopes.at[i].kind->group, k->group) == 0 &&
		    strcmp(s->live.scopes.at[i].kind->version, k->version) == 0 &&
		    str_eq(s->live.scopes.at[i].namespace, ns))
			return;
	s->live.scopes.at[s->live.scopes.n++] = (struct list_scope){ k, ns };
}

static void
list_add_rollouts(struct session *s)
{
	static const struct api_kind rollouts = { "argoproj.io", "v1alpha1", "Rollout", "rollouts", false };

	for (size_t i = 0; i < s->desired.resources.n; i++)
		if (list_needs_rollouts(&s->desired.resources.at[i].kind))
			list_add_scope(s, &rollouts, s->desired.resources.at[i].namespace);
	s->live.n_rollout_scopes = s->live.scopes.n;
}

/* A kind whose CustomResourceDefinition is not applied yet has no objects. */
static void
list_drop_undefined(struct session *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->live.scopes.n; i++)
		if (!str_empty(s->live.scopes.at[i].kind->plural))
			s->live.scopes.at[n++] = s->live.scopes.at[i];
	s->live.scopes.n = n;
}

size_t
list_prepare_rollouts(struct session *s)
{
	size_t i, n = 2 * s->sources.manifests.n + s->request.message.known.n + 2;

	s->live.scopes.at = arena_new_array(s->arena, struct list_scope, n);
	list_add_rollouts(s);
	for (i = 0; i < s->desired.resources.n; i++) {
		const struct app_resource *r = &s->desired.resources.at[i];
		const struct desired_kind *k = desired_kind(s, r->kind.group, r->kind.version, r->kind.kind);

		if (k == NULL || k->error == NULL)
			list_add_scope(s, &r->kind, r->namespace);
	}
	for (i = 0; i < s->request.message.known.n; i++) {
		const struct worker_object *known = &s->request.message.known.at[i];
		const struct desired_kind *k = desired_kind(s, known->group ?: "", NULL, known->kind ?: "");

		if (k != NULL && k->error == NULL)
			list_add_scope(s, &k->kind, k->kind.cluster_scoped ? NULL : known->namespace);
	}
	list_drop_undefined(s);
	return s->live.n_rollout_scopes;
}

size_t
list_prepare_objects(struct session *s)
{
	return s->live.scopes.n;
}

/* Desired objects that no list contains are Missing. */
enum session_stage
list_finish(struct session *s)
{
	for (size_t i = 0; i < s->desired.resources.n; i++) {
		struct app_resource *r = &s->desired.resources.at[i];

		if (r->manifest != NULL && list_needs_rollouts(&r->kind) && !r->unreadable)
			live_skip_unreadable(s, r);
		if (r->live || r->hooks != 0 || r->skip)
			continue;
		r->status = SYNC_OUT_OF_SYNC;
		r->health = HEALTH_MISSING;
	}
	return STAGE_DRY_RUNS;
}
