/* rollout/validate.c: errors of a rollout and of the objects that it refers to.
 *
 * All errors are found. The status has the first one, worded as in Argo Rollouts: `The Rollout "name" is invalid:
 * field: …`.
 */
#include "rollout/validate.h"
#include <inttypes.h>
#include <string.h>
#include "analysis/args.h"
#include "base/str.h"
#include "kube/api/core.h"
#include "kube/api/selector.h"
#include "kube/api/session_affinity.h"
#include "kube/api/workload.h"
#include "kube/plan/controller.h"
#include "rollout/analysis_templates.h"
#include "rollout/checks.h"
#include "rollout/field_path.h"
#include "rollout/pass.h"
#include "rollout/revision.h"
#include "rollout/steps.h"
#include "traffic/router.h"

#define CANARY "spec.strategy.canary"
#define BLUE_GREEN "spec.strategy.blueGreen"
#define VALID "valid" /* a note: validate_versions of the spec that was found valid */

static void
validate_service(
    struct problems *p, const char *path, const char *name, const struct service *s, const struct rollout_world *w)
{
	const char *manager;

	if (name == NULL)
		return;
	if (s == NULL) {
		problem_add(p, path, "Invalid value: \"%s\": service \"%s\" not found", name, name);
		problem_is_reference(p);
	} else if ((manager = managed_by_other(w->rollout, w->view, &s->object)) != NULL) {
		problem_add(p, path, "Invalid value: \"%s\": the service is managed by rollout \"%s\"", name, manager);
	}
}

static bool
validate_is_int_or_percent(const char *text)
{
	char digits[16] = { 0 };
	size_t n = text != NULL ? strcspn(text, "%") : 0;
	long long x;

	if (text == NULL)
		return true;
	if (n >= sizeof(digits) || (text[n] == '%' && text[n + 1] != '\0'))
		return false;
	memcpy(digits, text, n);
	return str_int(digits, 0, INT32_MAX, &x);
}

static bool
validate_is_zero(const char *text)
{
	return text != NULL && (strcmp(text, "0") == 0 || strcmp(text, "0%") == 0);
}

static void
validate_int_or_percent(struct problems *p, const char *path, const char *value)
{
	if (!validate_is_int_or_percent(value))
		problem_add(p, path, "Invalid value: \"%s\" is neither a number from 0 nor a percentage", value);
}

static void
validate_anti_affinity(struct problems *p, const struct anti_affinity *a, const char *path)
{
	if (a != NULL && (a->preferred != NULL) + (a->required != NULL) != 1)
		problem_add(p, path,
		    "Invalid value: must have exactly one of preferredDuringSchedulingIgnoredDuringExecution, "
		    "requiredDuringSchedulingIgnoredDuringExecution");
}

/* Labels that select the rollout's pods, or distinguish its versions, must not be changed. */
static void
validate_metadata(struct problems *p, const struct rollout *r, const struct pod_metadata *m, const char *path)
{
	const struct label_selector *s = r->spec.selector;

	for (size_t i = 0; m != NULL && i < m->labels.n; i++) {
		const char *key = m->labels.at[i].key;
		bool taken = strcmp(key, LABEL_POD_TEMPLATE_HASH) == 0 ||
			     (s != NULL && string_map_get(&s->match_labels, key) != NULL);

		for (size_t k = 0; s != NULL && k < s->match_expressions.n; k++)
			taken |= str_eq(s->match_expressions.at[k].key, key);
		if (taken)
			problem_add(p, arena_printf(p->arena, "%s.labels", path),
			    "Invalid value: \"%s\" is one by which the pods are selected", key);
	}
}

/* Returns the path of the field of pingPong that names this Service. */
static const char *
validate_ping_pong_path(const struct canary_strategy *c, const char *service)
{
	return str_eq(service, c->ping_pong->ping_service) ? CANARY ".pingPong.pingService"
							   : CANARY ".pingPong.pongService";
}

static void
validate_ping_pong_service(struct problems *p, const char *service, const char *path)
{
	if (service != NULL && service[0] == '\0')
		problem_add(p, path,
		    "Invalid value: \"\": Ping service and Pong service must to be set to use Ping-Pong feature");
}

/* A Service cannot have two roles at the same time. */
static void
validate_two_pairs(struct problems *p, const struct canary_strategy *c)
{
	const char *const services[] = { c->canary_service, c->stable_service };

	for (size_t i = 0; (c->spec_services & SPEC_TWO_PAIRS) != 0 && i < ARRAY_SIZE(services); i++)
		if (!str_empty(services[i]) && (str_eq(services[i], c->ping_pong->ping_service) ||
						   str_eq(services[i], c->ping_pong->pong_service)))
			problem_add(p, validate_ping_pong_path(c, services[i]),
			    "Invalid value: \"%s\": is the %s too; give pingPong Services of its own", services[i],
			    i == 0 ? "canaryService" : "stableService");
}

/* Returns whether a router has pingPong. Others need canaryService and stableService then (two_services_required). */
static bool
validate_uses_ping_pong(const struct canary_strategy *c)
{
	const struct router *router;

	for (size_t n = 0; (router = router_at(c, n)) != NULL; n++)
		if ((router->features & ROUTER_PING_PONG) != 0)
			return true;
	return false;
}

/* Argo Rollouts reports a router without pingPong at the field of the one that had it first. Without a router, the
 * Services take turns too. */
static void
validate_ping_pong(struct problems *p, const struct canary_strategy *c)
{
	const struct ping_pong *pp = c->ping_pong;

	if (c->traffic_routing != NULL && !validate_uses_ping_pong(c))
		check_feature(p, c, ROUTER_PING_PONG, CANARY ".trafficRouting.alb");
	validate_ping_pong_service(p, pp->ping_service, CANARY ".pingPong.pingService");
	validate_ping_pong_service(p, pp->pong_service, CANARY ".pingPong.pongService");
	if (pp->ping_service != NULL && str_eq(pp->ping_service, pp->pong_service))
		problem_add(p, CANARY ".pingPong.pingService",
		    "Invalid value: \"%s\": This rollout uses the same service for the ping and pong services, but two "
		    "different services are required.",
		    pp->ping_service);
	validate_two_pairs(p, c);
}

/* The error of a router has the path of the field that it is about. */
static void
validate_router(struct problems *p, const struct err *e)
{
	if (e == NULL)
		return;
	problem_add(p, e->path != NULL ? e->path : CANARY ".trafficRouting", "%s", err_message(p->arena, e));
	if (e->class == ERR_GONE)
		problem_is_reference(p);
}

/* A rule that mirrors would take requests with the cookie before the one for them. */
static void
validate_session_affinity(struct problems *p, const struct rollout *r)
{
	static const char path[] = "metadata.annotations." ANNOTATION_SESSION_AFFINITY;
	const struct canary_strategy *c = r->spec.strategy.canary;
	struct session_affinity s;
	bool present;
	struct err *e = session_affinity_read(p->arena, &r->object, &s, &present);

	validate_router(p, e);
	if (!present || !check_feature(p, c, ROUTER_SESSION_AFFINITY, path) || c == NULL)
		return;
	for (size_t i = 0; i < c->steps.n; i++)
		if (c->steps.at[i].set_mirror_route != NULL)
			problem_add(p, path, "Invalid value: cannot be used with setMirrorRoute (steps[%zu])", i);
}

/* Returns whether this error of decoding is that of a setWeight outside of the bounds of its row. */
static bool
validate_is_weight_range(const struct problem *of)
{
	return of->range && str_starts(of->path, CANARY ".steps[") && str_ends(of->path, "].setWeight");
}

/* Adds the error of a setWeight that was not decoded. Its largest value is that of the spec; its row has only the
 * largest of all. As with Argo Rollouts, the errors of a step follow those of the strategy. */
static void
validate_weight_range(struct problems *p, const struct rollout *r, size_t i)
{
	const struct problems *decoding = r->object.problems;
	const char *path = arena_printf(p->arena, CANARY ".steps[%zu].setWeight", i);

	for (size_t k = 0; decoding != NULL && k < decoding->n; k++)
		if (validate_is_weight_range(&decoding->at[k]) && strcmp(decoding->at[k].path, path) == 0)
			problem_add(p, path, "Invalid value: SetWeight needs to be between 0 and %" PRId64,
			    weight_total(r->spec.strategy.canary));
}

/* Fields of a canary that exclude or need each other. */
static void
validate_canary(struct problems *p, const struct rollout_world *w)
{
	const struct rollout *r = w->rollout;
	const struct canary_strategy *c = r->spec.strategy.canary;

	for (size_t i = 0; c->traffic_routing != NULL && i < c->traffic_routing->managed_routes.n; i++)
		check_unique(p, &c->traffic_routing->managed_routes.at->name,
		    sizeof(*c->traffic_routing->managed_routes.at), i,
		    arena_printf(p->arena, CANARY ".trafficRouting.managedRoutes[%zu].name", i));
	if ((c->spec_services & SPEC_EQUAL_SERVICES) != 0)
		problem_add(p, CANARY ".stableService",
		    "Invalid value: This rollout uses the same service for the stable and canary services, but two "
		    "different services are required.");
	if (c->ping_pong != NULL)
		validate_ping_pong(p, c);
	for (size_t i = 0; i < w->routers.n; i++)
		w->routers.by[i].router->check(c, p);
	if (c->traffic_routing != NULL && c->traffic_routing->max_traffic_weight.present)
		check_feature(p, c, ROUTER_MAX_WEIGHT, CANARY ".trafficRouting.maxTrafficWeight");
	validate_int_or_percent(p, CANARY ".maxSurge", c->max_surge);
	validate_int_or_percent(p, CANARY ".maxUnavailable", c->max_unavailable);
	if (c->dynamic_stable_scale && c->traffic_routing == NULL)
		problem_add(p, CANARY ".dynamicStableScale",
		    "Invalid value: true: Canary dynamicStableScale can only be used with traffic routing");
	if (c->dynamic_stable_scale && c->scale_down_delay_seconds.present)
		problem_add(p, CANARY ".dynamicStableScale",
		    "Invalid value: true: Canary dynamicStableScale cannot be used with scaleDownDelaySeconds");
	if (validate_is_zero(c->max_surge) && validate_is_zero(c->max_unavailable))
		problem_add(p, CANARY ".maxSurge",
		    "Invalid value: maxSurge and maxUnavailable are both 0: no pod could ever be replaced");
	if (c->traffic_routing == NULL && c->scale_down_delay_seconds.present)
		problem_add(p, CANARY ".scaleDownDelaySeconds",
		    "Invalid value: %" PRId64 ": Canary scaleDownDelaySeconds can only be used with traffic routing",
		    c->scale_down_delay_seconds.value);
	for (size_t i = 0; i < c->steps.n; i++) {
		validate_weight_range(p, r, i);
		steps_check(p, w, i, arena_printf(p->arena, CANARY ".steps[%zu]", i));
	}
	validate_anti_affinity(p, c->anti_affinity, CANARY ".antiAffinity");
	validate_metadata(p, r, c->canary_metadata, CANARY ".canaryMetadata");
	validate_metadata(p, r, c->stable_metadata, CANARY ".stableMetadata");
}

static void
validate_blue_green(struct problems *p, const struct rollout_world *w)
{
	const struct blue_green_strategy *b = w->rollout->spec.strategy.blue_green;
	const struct opt_int *kept = &w->rollout->spec.revision_history_limit,
			     *delayed = &b->scale_down_delay_revision_limit;

	validate_int_or_percent(p, BLUE_GREEN ".maxUnavailable", b->max_unavailable);
	if (b->active_service != NULL && str_eq(b->active_service, b->preview_service))
		problem_add(p, BLUE_GREEN ".previewService",
		    "Invalid value: this rollout uses the same service for the active and preview services");
	if (delayed->present && delayed->value > (kept->present ? kept->value : REVISION_HISTORY_LIMIT))
		problem_add(p, BLUE_GREEN ".scaleDownDelayRevisionLimit",
		    "Invalid value: must not be greater than revisionHistoryLimit");
	validate_anti_affinity(p, b->anti_affinity, BLUE_GREEN ".antiAffinity");
	validate_metadata(p, w->rollout, b->active_metadata, BLUE_GREEN ".activeMetadata");
	validate_metadata(p, w->rollout, b->preview_metadata, BLUE_GREEN ".previewMetadata");
}

static void
validate_services(struct problems *p, const struct rollout_world *w)
{
	const struct canary_strategy *c = w->rollout->spec.strategy.canary;
	const struct blue_green_strategy *b = w->rollout->spec.strategy.blue_green;

	if (c != NULL) {
		if ((c->spec_services & SPEC_CANARY_SERVICE) != 0)
			validate_service(p, CANARY ".canaryService", c->canary_service, w->canary_service, w);
		if ((c->spec_services & SPEC_STABLE_SERVICE) != 0)
			validate_service(p, CANARY ".stableService", c->stable_service, w->stable_service, w);
		if (c->ping_pong != NULL) {
			validate_service(p, validate_ping_pong_path(c, c->turn_canary_service), c->turn_canary_service,
			    w->turn_canary_service, w);
			validate_service(p, validate_ping_pong_path(c, c->turn_stable_service), c->turn_stable_service,
			    w->turn_stable_service, w);
		}
	} else {
		validate_service(p, BLUE_GREEN ".activeService", b->active_service, w->active_service, w);
		validate_service(p, BLUE_GREEN ".previewService", b->preview_service, w->preview_service, w);
	}
}

static void
validate_template(struct problems *p, const struct rollout *r)
{
	if (r->spec.template == NULL)
		problem_add(p, "spec.template", "required, but missing");
	if (r->spec.selector == NULL)
		problem_add(p, "spec.selector", "required, but missing");
	else
		check_selector(p, r->spec.selector, r->spec.template, "spec.selector", "spec.template");
}

static void
validate_workload_version(struct problems *p, const struct workload_ref *ref)
{
	const struct type *t = workload_type(ref);
	const char *want;

	if (t == NULL)
		return;
	want = t->group[0] != '\0' ? arena_printf(p->arena, "%s/%s", t->group, t->version) : t->version;
	if (str_empty(ref->api_version))
		problem_add(p, "spec.workloadRef.apiVersion", "Required value: %s of a %s", want, t->kind);
	else if (!str_eq(ref->api_version, want))
		problem_add(p, "spec.workloadRef.apiVersion", "Invalid value: \"%s\": a %s is of %s", ref->api_version,
		    t->kind, want);
}

/* Returns false if no workload exists from which the template could be read. */
static bool
validate_workload(struct problems *p, const struct rollout_world *w)
{
	const struct workload_ref *ref = w->rollout->spec.workload_ref;

	if (ref == NULL)
		return true;
	validate_workload_version(p, ref);
	if (w->workload != NULL || ref->name == NULL || workload_type(ref) == NULL)
		return w->workload != NULL;
	problem_add(
	    p, "spec.workloadRef.name", "Invalid value: \"%s\": %s \"%s\" not found", ref->name, ref->kind, ref->name);
	problem_is_reference(p);
	return false;
}

/* Without names of the Services, routers read nothing: that has an error of its own. With subsets, they need none. */
static void
validate_routing(struct problems *p, const struct routed *routed, const struct canary_strategy *c)
{
	if (c != NULL &&
	    problem_at(p, CANARY ".stableService") + problem_at(p, CANARY ".canaryService") +
		    problem_at(p, CANARY ".pingPong.pingService") + problem_at(p, CANARY ".pingPong.pongService") >
		0 &&
	    (str_empty(c->canary_service) || str_empty(c->stable_service) || str_empty(c->turn_canary_service) ||
		str_empty(c->turn_stable_service)))
		return;
	for (size_t i = 0; i < routed->n; i++)
		validate_router(p, routed->by[i].err ?: routed->by[i].routing.raise_err);
}

/* An argument from a field that Rollouts do not have would fail when the run is created. */
static void
validate_field_refs(struct problems *p, const struct analysis_found *f)
{
	for (size_t i = 0; i < f->spec->args.n; i++) {
		const struct value_from *from = f->spec->args.at[i].value_from;
		const char *why = argument_problem(&f->spec->args.at[i]);

		if (why != NULL)
			problem_add(p, arena_printf(p->arena, "%s.args[%zu]", f->field, i), "%s", why);

		if (from != NULL && from->field_ref != NULL && from->field_ref->field_path != NULL &&
		    !field_path_known(from->field_ref->field_path))
			problem_add(p, arena_printf(p->arena, "%s.args[%zu].valueFrom.fieldRef.fieldPath", f->field, i),
			    "Invalid value: \"%s\": a Rollout has no such field", from->field_ref->field_path);
	}
}

/* `measures`: an update is active or may follow: its analyses must be able to begin and to end. */
static void
validate_world(const struct rollout_world *w, struct problems *p, bool measures)
{
	const struct rollout *r = w->rollout;
	const struct rollout_strategy *strategy = &r->spec.strategy;
	const struct problems *decoding = r->object.problems;
	int64_t deadline = r->spec.progress_deadline_seconds.present ? r->spec.progress_deadline_seconds.value : 600;

	/* Checked first, with the text of Argo Rollouts: errors of an unused template do not matter. */
	if (r->spec.workload_ref != NULL && r->spec.template_and_workload)
		problem_add(
		    p, "spec.template", "Internal error: template must be empty for workload reference rollout");
	for (size_t i = 0; decoding != NULL && i < decoding->n; i++)
		if (str_starts(decoding->at[i].path, "spec") && !validate_is_weight_range(&decoding->at[i]))
			problem_add(p, decoding->at[i].path, "%s", decoding->at[i].text);
	if ((strategy->canary != NULL) == (strategy->blue_green != NULL)) {
		if (object_problem(&r->object, "spec.strategy") == NULL)
			problem_add(p, "spec.strategy", "%s",
			    strategy->canary != NULL ? "Invalid value: has both of canary and blueGreen; one is needed"
						     : "Required value: canary or blueGreen is needed");
		return;
	}
	if (validate_workload(p, w))
		validate_template(p, r);
	if (deadline <= r->spec.min_ready_seconds)
		problem_add(p, "spec.progressDeadlineSeconds", "Invalid value: must be greater than minReadySeconds");
	if (strategy->canary != NULL)
		validate_canary(p, w);
	else
		validate_blue_green(p, w);
	validate_services(p, w);
	validate_session_affinity(p, r);
	validate_routing(p, &w->routers, strategy->canary);
	for (size_t i = 0; i < w->n_analyses; i++) {
		if (measures)
			validate_field_refs(p, &w->analyses[i]);
		analysis_problems(p, &w->analyses[i], measures);
	}
}

void
validate_problems(const struct rollout_world *w, struct problems *p)
{
	validate_world(w, p, true);
}

static uint64_t
validate_add_text(uint64_t h, const char *text)
{
	for (; text != NULL && *text != '\0'; text++)
		h = (h ^ (unsigned char)*text) * 1099511628211u;
	return (h ^ (text != NULL ? 0x100u : 0x101u)) * 1099511628211u;
}

/* Adds the version of an object; NULL: it does not exist. */
static uint64_t
validate_add_version(uint64_t h, const struct object *o)
{
	h = validate_add_text(h, o != NULL ? o->meta.uid : NULL);
	return validate_add_text(h, o != NULL ? o->meta.resource_version : NULL);
}

/* Returns a hash (FNV-1a) of the versions of all that validate_world reads, except for Services and the routing; 0
 * if the version of the spec is not known. The settings do not change while a process runs. */
static int64_t
validate_versions(const struct rollout_world *w, bool measures)
{
	const struct rollout *r = w->rollout;
	const struct canary_strategy *c = r->spec.strategy.canary;
	uint64_t h = 14695981039346656037u ^ (uint64_t)r->object.meta.generation ^ (measures ? 1ull << 63 : 0);

	if (r->object.meta.generation == 0 || r->object.meta.uid == NULL)
		return 0;
	h = validate_add_text(h, r->object.meta.uid);
	/* it decides which Service is called the canary's */
	h = validate_add_text(h, c != NULL && c->ping_pong != NULL ? c->turn_canary_service : NULL);
	/* an annotation does not change the generation */
	h = validate_add_text(h, object_annotation(&r->object, ANNOTATION_SESSION_AFFINITY));
	h = validate_add_version(h, w->workload != NULL ? &w->workload->object : NULL);
	for (size_t i = 0; i < w->n_analyses; i++)
		for (size_t k = 0; k < w->analyses[i].n_templates; k++) {
			const struct analysis_template *t = w->analyses[i].templates[k].template;

			h = validate_add_version(h, t != NULL ? &t->object : NULL);
		}
	return (int64_t)(h >> 1) | 1;
}

/* Validating a spec takes longer than all the rest of a pass. A valid one is validated again when it, or an object
 * that it refers to, has changed. */
const char *
validate_message(struct rollout_pass *p)
{
	struct problems found = { .arena = p->arena };
	/* The first version, and a version that is already stable, are not measured. */
	bool measures = p->st.stable_rs != NULL && p->promotion != PROMOTED;
	int64_t versions = validate_versions(p->w, measures);

	if (versions != 0 && seen_note(p->w->seen, VALID, 0) == versions) {
		validate_services(&found, p->w);
		validate_routing(&found, &p->w->routers, p->canary);
	} else {
		validate_world(p->w, &found, measures);
	}
	if (found.n > 0)
		return arena_printf(p->arena, "The Rollout \"%s\" is invalid: %s: %s", p->w->rollout->object.meta.name,
		    found.at[0].path, found.at[0].text);
	if (versions != 0)
		plan_note(p->plan, VALID, versions);
	return NULL;
}
