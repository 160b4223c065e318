/* gitops/worker/health_checks.c: health checks of a Kustomization (`wait`, `healthChecks`) after everything is applied:
 * lists the objects, and calls engine/kstatus.c. */
#include "gitops/worker/health_checks.h"
#include <string.h>
#include "gitops/worker/session_state.h"

/* One object that must be ready (kstatus: current). */
struct health_check {
	struct api_kind kind;
	const char *namespace, *name;
	bool is_listed; /* the API server has reported that it serves the kind */
	enum kstatus status;
	const char *message;
};

static void
checks_set(struct health_check *k, enum kstatus status, const char *message)
{
	k->status = status;
	k->message = message;
}

/* Finds the same object among the applied ones, in any version. */
static const struct app_resource *
checks_find_own(const struct session *s, const struct health_check *k, bool any_namespace)
{
	for (size_t i = 0; i < s->desired.resources.n; i++) {
		const struct app_resource *r = &s->desired.resources.at[i];

		if (r->manifest != NULL && strcmp(r->kind.group, k->kind.group) == 0 &&
		    strcmp(r->kind.kind, k->kind.kind) == 0 && str_eq(r->name, k->name) &&
		    (any_namespace || r->kind.cluster_scoped || str_eq(r->namespace, k->namespace)))
			return r;
	}
	return NULL;
}

static void
checks_read_own(struct health_check *k, const struct app_resource *r)
{
	k->kind = r->kind;
	k->namespace = r->namespace;
	if (r->live)
		checks_set(k, r->current, r->current_message);
}

static void
checks_add_all(struct session *s)
{
	s->checks.at = arena_new_array(s->arena, struct health_check, s->desired.resources.n + 1);
	for (size_t i = 0; i < s->desired.resources.n; i++) {
		const struct app_resource *r = &s->desired.resources.at[i];
		struct health_check *k = &s->checks.at[s->checks.n];

		if (r->manifest == NULL || (r->skip && !r->live))
			continue;
		*k = (struct health_check){ .name = r->name, .status = KSTATUS_NOT_FOUND, .message = "" };
		checks_read_own(k, r);
		s->checks.n++;
	}
}

/* Returns whether the object was applied in this version, and so has been read already. In another version it is
 * read again, because that one must be served too. */
static bool
checks_is_known(const struct session *s, const struct health_check *k)
{
	const struct app_resource *own = checks_find_own(s, k, false);

	return own != NULL && strcmp(own->kind.version, k->kind.version) == 0;
}

static void
checks_add_named(struct session *s)
{
	const struct flux_kustomization_spec *spec = &s->request.ks->spec;

	s->checks.at = arena_new_array(s->arena, struct health_check, spec->health_checks.n + 1);
	for (size_t i = 0; i < spec->health_checks.n; i++) {
		const struct flux_check *c = &spec->health_checks.at[i];
		/* Flux's default, for Kustomizations of v1beta1. */
		const char *api = str_empty(c->api_version) ? "apps/v1" : c->api_version, *slash = strchr(api, '/');
		struct health_check *k = &s->checks.at[s->checks.n++];
		const struct app_resource *own;

		*k = (struct health_check){
			.kind = { .group = slash != NULL ? arena_strndup(s->arena, api, (size_t)(slash - api)) : "",
			    .version = slash != NULL ? slash + 1 : api,
			    .kind = c->kind },
			.name = c->name,
			.namespace = !str_empty(c->namespace)		  ? c->namespace
				     : !str_empty(spec->target_namespace) ? spec->target_namespace
									  : s->request.own_namespace,
			.status = KSTATUS_NOT_FOUND,
			.message = ""
		};
		if ((own = checks_find_own(s, k, str_empty(c->namespace))) == NULL)
			continue;
		k->namespace = own->namespace;
		if (checks_is_known(s, k))
			checks_read_own(k, own);
	}
}

static const char *
checks_no_match(struct session *s, const struct health_check *k)
{
	return arena_printf(s->arena, "no matches for kind \"%s\" in version \"%s%s%s\" (spec.healthChecks[%zu])",
	    k->kind.kind, k->kind.group, k->kind.group[0] != '\0' ? "/" : "", k->kind.version,
	    (size_t)(k - s->checks.at));
}

static void checks_get(struct session *, struct session_call *, client_done *);
static void checks_read(void *, const struct err *, const json_t *);

static void
checks_read_kinds(void *arg, const struct err *e, const json_t *body)
{
	struct session_call *c = arg;
	struct session *s = c->session;
	struct health_check *k = &s->checks.at[c->number];

	if (e != NULL && e->class != ERR_GONE) {
		checks_set(k, KSTATUS_UNKNOWN, err_text(s->arena, err_copy(s->arena, e)));
	} else if (e != NULL || !kind_listed(s->arena, body, k->kind.group, k->kind.version, k->kind.kind, &k->kind)) {
		checks_set(k, KSTATUS_UNKNOWN, checks_no_match(s, k));
	} else {
		k->is_listed = true;
		checks_get(s, c, checks_read);
		return;
	}
	session_call_end(c);
}

static void
checks_get_kinds(struct session *s, struct session_call *c)
{
	const struct health_check *k = &s->checks.at[c->number];

	c->call = client_call(s->cluster.target, "GET", kind_root(s->arena, k->kind.group, k->kind.version), NULL, NULL,
	    checks_read_kinds, c);
}

/* A built-in kind was requested in a version that may not be served. Only the list of kinds distinguishes this from
 * an object that does not exist. */
static void
checks_read(void *arg, const struct err *e, const json_t *body)
{
	struct session_call *c = arg;
	struct session *s = c->session;
	struct health_check *k = &s->checks.at[c->number];

	if (e != NULL && e->class == ERR_GONE && !k->is_listed) {
		checks_get_kinds(s, c);
		return;
	}
	if (e == NULL)
		k->status = kstatus_of(s->arena, body, loop_wall(s->cluster.api->loop), &k->message);
	else if (e->class != ERR_GONE)
		checks_set(k, KSTATUS_UNKNOWN, err_text(s->arena, err_copy(s->arena, e)));
	session_call_end(c);
}

static void
checks_get(struct session *s, struct session_call *c, client_done *done)
{
	const struct health_check *k = &s->checks.at[c->number];

	c->call = client_call(
	    s->cluster.target, "GET", kind_path(s->arena, &k->kind, k->namespace, k->name), NULL, NULL, done, c);
}

bool
checks_start(struct session *s, size_t i)
{
	struct health_check *k = &s->checks.at[i];
	struct session_call *c = session_slot(s, i);

	if (checks_is_known(s, k))
		return false;
	if (kind_builtin(k->kind.group, k->kind.version, k->kind.kind, &k->kind))
		checks_get(s, c, checks_read);
	else
		checks_get_kinds(s, c);
	return true;
}

size_t
checks_prepare(struct session *s)
{
	if (s->request.ks == NULL || s->request.message.deleting || s->apply.step.phase != OPERATION_SUCCEEDED)
		return 0;
	if (s->request.ks->spec.wait)
		checks_add_all(s);
	else
		checks_add_named(s);
	return s->checks.n;
}

void
checks_report(struct session *s, struct worker_response *response)
{
	response->checks.at = arena_new_array(s->arena, struct worker_check, s->checks.n);
	for (size_t i = 0; i < s->checks.n; i++) {
		const struct health_check *k = &s->checks.at[i];

		if (k->status == KSTATUS_CURRENT)
			continue;
		response->checks.at[response->checks.n++] = (struct worker_check){ .kind = k->kind.kind,
			.namespace = k->kind.cluster_scoped ? NULL : k->namespace,
			.name = k->name,
			.status = k->status,
			.message = k->message };
	}
}
