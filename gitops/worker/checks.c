/* gitops/worker/checks.c: what a Kustomization waits for (`wait`, `healthChecks`), once everything is applied. */
#include <string.h>
#include "gitops/worker/session_parts.h"

/* One object that must be current. */
struct work_check {
	struct api_kind kind;
	const char *namespace, *name;
	bool is_listed; /* the API server was asked for the kind, and knows it */
	enum kstatus status;
	const char *message;
};

static void
check_say(struct work_check *k, enum kstatus status, const char *message)
{
	k->status = status;
	k->message = message;
}

/* The same object, in whatever version it was applied. */
static const struct app_resource *
check_own(const struct work *w, const struct work_check *k, bool any_namespace)
{
	for (size_t i = 0; i < w->resources.n; i++) {
		const struct app_resource *r = &w->resources.at[i];

		if (r->manifest != NULL && strcmp(r->kind.group, k->kind.group) == 0 &&
		    strcmp(r->kind.kind, k->kind.kind) == 0 && str_eq(r->name, k->name) &&
		    (any_namespace || r->kind.cluster_scoped || str_eq(r->namespace, k->namespace)))
			return r;
	}
	return NULL;
}

static void
check_see(struct work_check *k, const struct app_resource *r)
{
	k->kind = r->kind;
	k->namespace = r->namespace;
	if (r->live)
		check_say(k, r->current, r->current_message);
}

static void
check_add_all(struct work *w)
{
	w->checks.at = arena_new_array(w->arena, struct work_check, w->resources.n + 1);
	for (size_t i = 0; i < w->resources.n; i++) {
		const struct app_resource *r = &w->resources.at[i];
		struct work_check *k = &w->checks.at[w->checks.n];

		if (r->manifest == NULL || (r->skip && !r->live))
			continue;
		*k = (struct work_check){ .name = r->name, .status = KSTATUS_NOT_FOUND, .message = "" };
		check_see(k, r);
		w->checks.n++;
	}
}

/* What was applied itself was seen already, in its own version: another one must be served, too. */
static bool
check_is_seen(const struct work *w, const struct work_check *k)
{
	const struct app_resource *own = check_own(w, k, false);

	return own != NULL && strcmp(own->kind.version, k->kind.version) == 0;
}

static void
check_add_named(struct work *w)
{
	const struct flux_kustomization_spec *s = &w->ks->spec;

	w->checks.at = arena_new_array(w->arena, struct work_check, s->health_checks.n + 1);
	for (size_t i = 0; i < s->health_checks.n; i++) {
		const struct flux_check *c = &s->health_checks.at[i];
		/* As Flux has it for Kustomizations of v1beta1. */
		const char *api = str_empty(c->api_version) ? "apps/v1" : c->api_version, *slash = strchr(api, '/');
		struct work_check *k = &w->checks.at[w->checks.n++];
		const struct app_resource *own;

		*k = (struct work_check){
			.kind = { .group = slash != NULL ? arena_strndup(w->arena, api, (size_t)(slash - api)) : "",
			    .version = slash != NULL ? slash + 1 : api,
			    .kind = c->kind },
			.name = c->name,
			.namespace = !str_empty(c->namespace)	       ? c->namespace
				     : !str_empty(s->target_namespace) ? s->target_namespace
								       : w->own_namespace,
			.status = KSTATUS_NOT_FOUND,
			.message = ""
		};
		if ((own = check_own(w, k, str_empty(c->namespace))) == NULL)
			continue;
		k->namespace = own->namespace;
		if (check_is_seen(w, k))
			check_see(k, own);
	}
}

static const char *
check_no_match(struct work *w, const struct work_check *k)
{
	return arena_printf(w->arena, "no matches for kind \"%s\" in version \"%s%s%s\" (spec.healthChecks[%zu])",
	    k->kind.kind, k->kind.group, k->kind.group[0] != '\0' ? "/" : "", k->kind.version,
	    (size_t)(k - w->checks.at));
}

static void check_get(struct work *, struct work_call *, client_done *);
static void on_check(void *, const struct err *, const json_t *);

static void
on_check_kinds(void *arg, const struct err *e, const json_t *body)
{
	struct work_call *c = arg;
	struct work *w = c->work;
	struct work_check *k = &w->checks.at[c->number];

	if (e != NULL && e->class != ERR_GONE) {
		check_say(k, KSTATUS_UNKNOWN, err_text(w->arena, err_copy(w->arena, e)));
	} else if (e != NULL || !kind_listed(w->arena, body, k->kind.group, k->kind.version, k->kind.kind, &k->kind)) {
		check_say(k, KSTATUS_UNKNOWN, check_no_match(w, k));
	} else {
		k->is_listed = true;
		check_get(w, c, on_check);
		return;
	}
	work_call_over(c);
}

static void
check_ask_for_kind(struct work *w, struct work_call *c)
{
	const struct work_check *k = &w->checks.at[c->number];

	c->call = client_call(
	    w->target, "GET", kind_root(w->arena, k->kind.group, k->kind.version), NULL, NULL, on_check_kinds, c);
}

/* One of Kubernetes' own kinds was requested in a version that may not be served: only the list of kinds tells this from an object that
 * is not there. */
static void
on_check(void *arg, const struct err *e, const json_t *body)
{
	struct work_call *c = arg;
	struct work *w = c->work;
	struct work_check *k = &w->checks.at[c->number];

	if (e != NULL && e->class == ERR_GONE && !k->is_listed) {
		check_ask_for_kind(w, c);
		return;
	}
	if (e == NULL)
		k->status = kstatus_of(w->arena, body, loop_wall(w->api->loop), &k->message);
	else if (e->class != ERR_GONE)
		check_say(k, KSTATUS_UNKNOWN, err_text(w->arena, err_copy(w->arena, e)));
	work_call_over(c);
}

static void
check_get(struct work *w, struct work_call *c, client_done *done)
{
	const struct work_check *k = &w->checks.at[c->number];

	c->call =
	    client_call(w->target, "GET", kind_path(w->arena, &k->kind, k->namespace, k->name), NULL, NULL, done, c);
}

static bool
start_check(struct work *w, size_t i)
{
	struct work_check *k = &w->checks.at[i];
	struct work_call *c = work_call_of(w, i);

	if (check_is_seen(w, k))
		return false;
	if (kind_builtin(k->kind.group, k->kind.version, k->kind.kind, &k->kind))
		check_get(w, c, on_check);
	else
		check_ask_for_kind(w, c);
	return true;
}

void
work_check_health(struct work *w)
{
	if (w->ks == NULL || w->deleting || !str_eq(w->step.phase, "Succeeded") ||
	    (!w->ks->spec.wait && w->ks->spec.health_checks.n == 0)) {
		work_end(w);
		return;
	}
	if (w->ks->spec.wait)
		check_add_all(w);
	else
		check_add_named(w);
	work_run(w, w->checks.n, start_check, work_end);
}

void
work_add_checks(struct work *w, struct worker_response *response)
{
	response->checks.at = arena_new_array(w->arena, struct worker_check, w->checks.n);
	for (size_t i = 0; i < w->checks.n; i++) {
		const struct work_check *k = &w->checks.at[i];

		if (k->status == KSTATUS_CURRENT)
			continue;
		response->checks.at[response->checks.n++] = (struct worker_check){ .kind = k->kind.kind,
			.namespace = k->kind.cluster_scoped ? NULL : k->namespace,
			.name = k->name,
			.status = kstatus_name(k->status),
			.message = k->message };
	}
}
