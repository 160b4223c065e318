/* cli/plan/objects.c: collects what a Rollout refers to, and prepares it. */
#include "cli/plan/objects.h"
#include <string.h>
#include "analysis/compare/config.h"
#include "analysis/compare_annotation.h"
#include "base/json.h"
#include "base/map.h"
#include "base/str.h"
#include "base/time.h"
#include "kube/api/analysis.h"
#include "kube/api/compare.h"
#include "kube/api/core.h"
#include "kube/api/workload.h"
#include "rollout/actions.h"
#include "rollout/steps.h"
#include "traffic/routed.h"

/* Objects in progress of a collection. */
struct objects_pass {
	struct plan_objects *to;
	const struct plan_source *source;
	enum plan_metrics metrics;
	struct map seen; /* "KIND NS/NAME" */
	size_t n; /* of them */
	struct err *err; /* the first one */
};

/* Removes what a server and a controller added. */
static void
objects_clean(json_t *o)
{
	static const char *const added[] = { "uid", "resourceVersion", "generation", "creationTimestamp",
		"deletionTimestamp", "deletionGracePeriodSeconds", "managedFields", "ownerReferences", "finalizers",
		"selfLink" };
	static const char *const annotations[] = { ANNOTATION_MANAGED_BY, ANNOTATION_LAST_APPLIED, ANNOTATION_REVISION,
		ANNOTATION_WORKLOAD_GENERATION };
	json_t *meta = json_object_get(o, "metadata"), *subset;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(added); i++)
		json_object_del(meta, added[i]);
	for (i = 0; i < ARRAY_SIZE(annotations); i++)
		json_object_del(json_object_get(meta, "annotations"), annotations[i]);
	json_object_del(o, "status");
	json_object_del(json_at(o, "/spec/selector"), LABEL_POD_TEMPLATE_HASH);
	json_array_foreach (json_at(o, "/spec/subsets"), i, subset)
		json_object_del(json_object_get(subset, "labels"), LABEL_POD_TEMPLATE_HASH);
}

/* An argument from a Secret gets a text: only providers use it, and they are replaced. */
static void
objects_replace_secrets(json_t *args)
{
	json_t *arg;
	size_t i;

	json_array_foreach (args, i, arg)
		if (json_object_get(json_object_get(arg, "valueFrom"), "secretKeyRef") != NULL) {
			json_object_del(arg, "valueFrom");
			json_object_set_new(arg, "value", json_string("secret"));
		}
}

/* Makes the comparisons of a template's annotation metrics of their own. An annotation that cannot be read stays: the
 * controller refuses it. */
static void
objects_apply_annotation(struct arena *a, json_t *template)
{
	const struct analysis_template *t =
	    (const struct analysis_template *)object_decode(&analysis_template_type, template, a);
	const struct analysis_run of = { .object = t->object, .spec = t->spec }, *run = &of;
	json_t *metrics;

	if (compare_annotation_apply(a, run, &run) != NULL || run == &of ||
	    (metrics = json_loads(run->spec.metrics, 0, NULL)) == NULL)
		return;
	json_object_set_new(json_object_get(template, "spec"), "metrics", metrics);
	json_object_del(json_at(template, "/metadata/annotations"), ANNOTATION_COMPARE);
}

/* Returns the shortest time in which a metric that is a comparison passes (ms); 0 of another metric. */
static int64_t
objects_least_ms(struct arena *a, const json_t *metric)
{
	const json_t *compare = json_object_get(json_at(metric, "/provider/plugin"), COMPARE_NAME);
	struct problems problems = { .arena = a };
	struct compare_metric m = { 0 };

	if (!json_is_object(compare))
		return 0;
	decode(&compare_metric_type, compare, "", &problems, &m);
	return config_least_ms(a, &m);
}

/* Makes a metric a query whose value is 1 or 0 (cli/plan/play.c). `least_ms`: objects_least_ms. */
static void
objects_replace_metric(struct arena *a, json_t *metric, int64_t least_ms)
{
	const char *text = json_str(metric, "initialDelay");
	int64_t delay_ms = 0;

	/* A comparison has one measurement, and its interval is that of its queries. */
	if (least_ms > 0 && (text == NULL || duration_parse(text, &delay_ms))) {
		json_object_del(metric, "interval");
		json_object_set_new(metric, "initialDelay",
		    json_string(arena_printf(a, "%llds", (long long)time_add(delay_ms, least_ms) / 1000)));
	}
	json_object_del(metric, "failureCondition");
	json_object_set_new(metric, "successCondition", json_string("result[0] == 1"));
	json_object_set_new(metric, "provider",
	    json_pack("{s:{s:s,s:s}}", "prometheus", "address", PLAN_ADDRESS, "query", PLAN_ASSUMED));
}

static void
objects_replace_metrics(struct plan_objects *to, json_t *template)
{
	const char *name = json_str(json_object_get(template, "metadata"), "name");
	int64_t longest_ms = 0;
	json_t *metric;
	size_t i;

	objects_apply_annotation(to->arena, template);
	objects_replace_secrets(json_at(template, "/spec/args"));
	json_array_foreach (json_at(template, "/spec/metrics"), i, metric) {
		int64_t least_ms = objects_least_ms(to->arena, metric);

		if (!json_is_object(metric))
			continue;
		if (json_object_get(json_object_get(metric, "provider"), "job") != NULL)
			forecast_line(to->arena, &to->notes,
			    "metric %s of %s runs a Job; the plan assumes that it takes no time",
			    json_str(metric, "name") ?: "", name);
		objects_replace_metric(to->arena, metric, least_ms);
		longest_ms = least_ms > longest_ms ? least_ms : longest_ms;
	}
	to->compares |= longest_ms > 0;
	if (longest_ms > 0)
		forecast_line(to->arena, &to->notes,
		    "%s compares the new version with the stable one, which takes minutes of traffic; the plan assumes "
		    "that it passes after %s, as early as it can",
		    name, forecast_time(to->arena, longest_ms));
}

/* Points a query at the virtual cluster, without credentials. */
static void
objects_redirect(json_t *provider)
{
	static const char *const connection[] = { "authentication", "headers", "caCert" };

	for (size_t i = 0; i < ARRAY_SIZE(connection); i++)
		json_object_del(provider, connection[i]);
	json_object_set_new(provider, "address", json_string(PLAN_ADDRESS));
}

/* Keeps the metrics that the virtual cluster can evaluate over the counters of its pods, and replaces the others. */
static void
objects_keep_queries(struct plan_objects *to, json_t *template)
{
	const char *name = json_str(json_object_get(template, "metadata"), "name");
	json_t *metric;
	size_t i;

	objects_replace_secrets(json_at(template, "/spec/args"));
	json_array_foreach (json_at(template, "/spec/metrics"), i, metric) {
		json_t *query = json_at(metric, "/provider/prometheus");
		json_t *compare = json_object_get(json_at(metric, "/provider/plugin"), COMPARE_NAME);

		if (json_is_object(query) || json_is_object(compare)) {
			objects_redirect(json_is_object(query) ? query : compare);
			continue;
		}
		if (json_is_object(metric) && json_object_get(metric, "provider") != NULL)
			forecast_line(to->arena, &to->warnings,
			    "metric %s of %s does not query Prometheus; the plan assumes that it succeeds",
			    json_str(metric, "name") ?: "", name);
		if (json_is_object(metric))
			objects_replace_metric(to->arena, metric, 0);
	}
}

/* Adds an object, which is consumed. */
static void
objects_add(struct objects_pass *p, json_t *o)
{
	objects_clean(o);
	json_array_append_new(p->to->others, o);
}

static void objects_collect(struct objects_pass *, const struct type *, const char *ns, const char *name);

static void
objects_collect_templates(struct objects_pass *p, const json_t *template, const char *ns)
{
	json_t *ref;
	size_t i;

	json_array_foreach (json_at(template, "/spec/templates"), i, ref)
		objects_collect(p,
		    json_is_true(json_object_get(ref, "clusterScope")) ? &cluster_analysis_template_type
								       : &analysis_template_type,
		    ns, json_str(ref, "templateName"));
}

/* The Services that a route of the Gateway API names: its gateway does not accept it without them. */
static void
objects_collect_backends(struct objects_pass *p, const json_t *route, const char *ns)
{
	json_t *rule, *ref;
	size_t i, k;

	json_array_foreach (json_at(route, "/spec/rules"), i, rule)
		json_array_foreach (json_object_get(rule, "backendRefs"), k, ref)
			if (str_eq(json_str(ref, "kind") ?: "Service", "Service"))
				objects_collect(
				    p, &service_type, json_str(ref, "namespace") ?: ns, json_str(ref, "name"));
}

static void
objects_prepare(struct objects_pass *p, const struct type *t, const char *ns, json_t *o)
{
	if (t == &analysis_template_type || t == &cluster_analysis_template_type) {
		objects_collect_templates(p, o, ns);
		if (p->metrics == PLAN_METRICS_QUERIED)
			objects_keep_queries(p->to, o);
		else
			objects_replace_metrics(p->to, o);
	}
	if (json_at(o, "/spec/rules/0/backendRefs") != NULL)
		objects_collect_backends(p, o, ns);
	/* Its own pods were scaled down when the Rollout took the template over. */
	if (t == &deployment_type)
		json_object_set_new(json_object_get(o, "spec"), "replicas", json_integer(0));
	objects_add(p, o);
}

/* Adds the stand-in of an object that does not exist. */
static void
objects_stand_in(struct objects_pass *p, const struct type *t, const char *ns, const char *name)
{
	struct plan_objects *to = p->to;
	json_t *o = plan_stand_in(to->arena, to->decoded, t, ns, name);
	bool template = t == &analysis_template_type || t == &cluster_analysis_template_type;

	if (template && p->metrics == PLAN_METRICS_QUERIED) {
		json_decref(o);
		p->err = err_new(to->arena, ERR_INVALID, "%s %s is not %s: its queries cannot be simulated", t->kind,
		    name, p->source->place);
		return;
	}
	/* The controller creates it, or reports that it does not exist. */
	if (o == NULL || (template && p->source->complete)) {
		json_decref(o);
		return;
	}
	if (template)
		forecast_line(to->arena, &to->warnings, "%s %s is not %s; the plan assumes that it succeeds at once",
		    t->kind, name, p->source->place);
	else
		forecast_line(
		    to->arena, &to->notes, "%s %s is not %s; the plan has made one", t->kind, name, p->source->place);
	objects_prepare(p, t, ns, o);
}

/* Returns whether the Rollout's controller created the object: it creates it again. */
static bool
objects_is_created(const json_t *o)
{
	json_t *owner;
	size_t i;

	json_array_foreach (json_at(o, "/metadata/ownerReferences"), i, owner)
		if (str_eq(json_str(owner, "kind"), rollout_type.kind))
			return true;
	return false;
}

/* Adds an object, or its stand-in, once. */
static void
objects_collect(struct objects_pass *p, const struct type *t, const char *ns, const char *name)
{
	struct arena *a = p->to->arena;
	const char *key = arena_printf(a, "%s %s/%s", t->kind, t->cluster_scoped ? "" : ns, name != NULL ? name : "");
	json_t *o = NULL;

	if (p->err != NULL || str_empty(name) || map_get(&p->seen, key) != NULL)
		return;
	if (p->n++ == PLAN_OBJECTS_MAX) {
		p->err = err_new(a, ERR_INVALID, "the rollout refers to more than %d objects", PLAN_OBJECTS_MAX);
		return;
	}
	map_set(&p->seen, key, p);
	if ((p->err = p->source->get(p->source->arg, t, ns, name, &o)) != NULL)
		return;
	if (o == NULL)
		objects_stand_in(p, t, ns, name);
	else if (objects_is_created(o))
		json_decref(o);
	else
		objects_prepare(p, t, ns, o);
}

/* An object of a router; a NULL name: all of its type, which are selected by labels. */
static void
objects_collect_routed(const struct type *t, const char *ns, const char *name, void *arg)
{
	struct objects_pass *p = arg;
	_cleanup_(json_decrefp) json_t *list = NULL;
	json_t *o;
	size_t i;

	if (name != NULL) {
		objects_collect(p, t, ns, name);
		return;
	}
	if (p->err == NULL)
		p->err = p->source->list(p->source->arg, t, ns, &list);
	json_array_foreach (list, i, o)
		objects_collect(p, t, ns, json_str(json_object_get(o, "metadata"), "name"));
}

static void
objects_collect_template(const struct template_ref *ref, void *arg)
{
	struct objects_pass *p = arg;

	p->to->analyses = true;
	objects_collect(p, ref->cluster_scope ? &cluster_analysis_template_type : &analysis_template_type,
	    p->to->decoded->object.meta.namespace, ref->template_name);
}

static void
objects_collect_analysis(struct objects_pass *p, const struct rollout_analysis *analysis)
{
	for (size_t i = 0; analysis != NULL && i < analysis->templates.n; i++)
		objects_collect_template(&analysis->templates.at[i], p);
}

static void
objects_collect_services(struct objects_pass *p)
{
	const struct rollout *r = p->to->decoded;
	const struct canary_strategy *c = r->spec.strategy.canary;
	const struct blue_green_strategy *b = r->spec.strategy.blue_green;
	const char *names[] = { c != NULL ? c->canary_service : NULL, c != NULL ? c->stable_service : NULL,
		c != NULL && c->ping_pong != NULL ? c->ping_pong->ping_service : NULL,
		c != NULL && c->ping_pong != NULL ? c->ping_pong->pong_service : NULL,
		b != NULL ? b->active_service : NULL, b != NULL ? b->preview_service : NULL };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		objects_collect(p, &service_type, r->object.meta.namespace, names[i]);
}

static void
objects_collect_all(struct objects_pass *p)
{
	const struct rollout *r = p->to->decoded;
	const struct canary_strategy *c = r->spec.strategy.canary;
	const struct blue_green_strategy *b = r->spec.strategy.blue_green;
	struct template_owner owner;

	if (r->spec.workload_ref != NULL && (p->err = action_template_owner(p->to->arena, r, &owner)) == NULL)
		objects_collect(p, owner.type, r->object.meta.namespace, owner.name);
	objects_collect_services(p);
	if (c != NULL) {
		objects_collect_analysis(p, c->analysis);
		steps_templates(c, objects_collect_template, p);
		routed_names(r, objects_collect_routed, p);
	}
	if (b != NULL) {
		objects_collect_analysis(p, b->pre_promotion_analysis);
		objects_collect_analysis(p, b->post_promotion_analysis);
	}
}

/* Declares the plugins that the steps name. */
static void
objects_declare_plugins(struct plan_objects *to)
{
	static const struct plugin_http http = { .url = PLAN_ADDRESS "/plugin" };
	const struct canary_strategy *c = to->decoded->spec.strategy.canary;
	const struct router_plugins *named =
	    c != NULL && c->traffic_routing != NULL ? c->traffic_routing->plugins : NULL;
	size_t n = c != NULL ? c->steps.n : 0;

	if (named != NULL && named->hook != NULL) {
		to->plugins.routers.at = arena_new_array(to->arena, struct step_plugin, 1);
		to->plugins.routers.at[to->plugins.routers.n++] =
		    (struct step_plugin){ .name = named->hook->name, .http = &http };
		forecast_line(to->arena, &to->notes, "the plan assumes that hook %s sets weights at once",
		    named->hook->name ?: "");
	}

	to->plugins.plugins.at = arena_new_array(to->arena, struct step_plugin, n + 1);
	for (size_t i = 0; i < n; i++) {
		const struct plugin_step *step = c->steps.at[i].plugin;
		bool known = step == NULL || step->name == NULL;

		for (size_t k = 0; k < to->plugins.plugins.n && !known; k++)
			known = str_eq(to->plugins.plugins.at[k].name, step->name);
		if (known)
			continue;
		to->plugins.plugins.at[to->plugins.plugins.n++] =
		    (struct step_plugin){ .name = step->name, .http = &http };
		forecast_line(to->arena, &to->notes, "the plan assumes that plugin %s succeeds at once", step->name);
	}
}

/* Returns the most pods that the spec requests for itself and in one Experiment. */
static int64_t
objects_pods(const struct rollout *r)
{
	const struct canary_strategy *c = r->spec.strategy.canary;
	const struct blue_green_strategy *b = r->spec.strategy.blue_green;
	int64_t replicas = r->spec.replicas.present ? r->spec.replicas.value : 1, most = replicas;

	for (size_t i = 0; c != NULL && i < c->steps.n; i++) {
		const struct canary_step *step = &c->steps.at[i];
		int64_t n = step->set_canary_scale != NULL ? step->set_canary_scale->replicas.value : 0;

		for (size_t k = 0; step->experiment != NULL && k < step->experiment->templates.n; k++) {
			const struct opt_int *wanted = &step->experiment->templates.at[k].replicas;
			int64_t more = wanted->present ? wanted->value : 1;

			n += more < 0 || more > PLAN_PODS_MAX ? PLAN_PODS_MAX + 1 : more;
		}
		most = n > most ? n : most;
	}
	if (b != NULL && b->preview_replica_count.present && b->preview_replica_count.value > most)
		most = b->preview_replica_count.value;
	return most;
}

/* The Rollout as a user creates it, not paused; its arguments from Secrets are replaced. */
static void
objects_prepare_rollout(struct plan_objects *to)
{
	json_t *spec = json_object_get(to->rollout, "spec"), *canary = json_at(spec, "/strategy/canary"), *step, *run;
	size_t i, k;

	objects_clean(to->rollout);
	if (json_is_true(json_object_get(spec, "paused"))) {
		json_object_del(spec, "paused");
		forecast_line(to->arena, &to->notes, "spec.paused is true: no update begins until it is false");
	}
	json_object_del(spec, "restartAt");
	objects_replace_secrets(json_at(canary, "/analysis/args"));
	objects_replace_secrets(json_at(spec, "/strategy/blueGreen/prePromotionAnalysis/args"));
	objects_replace_secrets(json_at(spec, "/strategy/blueGreen/postPromotionAnalysis/args"));
	json_array_foreach (json_object_get(canary, "steps"), i, step) {
		objects_replace_secrets(json_at(step, "/analysis/args"));
		json_array_foreach (json_at(step, "/experiment/analyses"), k, run)
			objects_replace_secrets(json_object_get(run, "args"));
	}
}

struct err *
plan_objects_read(struct arena *a, const struct plan_source *source, const json_t *rollout, enum plan_metrics metrics,
    struct plan_objects *ret)
{
	struct objects_pass p = { .to = ret, .source = source, .metrics = metrics };
	const struct problems *problems;

	*ret = (struct plan_objects){ .arena = a, .rollout = json_deep_copy(rollout), .others = json_array() };
	objects_prepare_rollout(ret);
	ret->decoded = (const struct rollout *)object_decode(&rollout_type, ret->rollout, a);
	problems = ret->decoded->object.problems;
	if (problems != NULL && problems->n > 0)
		return err_new(a, ERR_INVALID, "rollout %s: %s: %s; `sluice lint` lists all errors with their lines",
		    ret->decoded->object.meta.name ?: "", problems->at[0].path, problems->at[0].text);
	if (objects_pods(ret->decoded) > PLAN_PODS_MAX)
		return err_new(
		    a, ERR_INVALID, "the rollout requests more than %d pods, the limit of a plan", PLAN_PODS_MAX);
	objects_declare_plugins(ret);
	objects_collect_all(&p);
	map_done(&p.seen);
	return p.err;
}

void
plan_objects_done(struct plan_objects *o)
{
	json_decref(o->rollout);
	json_decref(o->others);
	*o = (struct plan_objects){ 0 };
}
