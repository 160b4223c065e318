/* cli/plan/objects.h: a Rollout and the objects that it refers to, prepared for a virtual cluster.
 *
 * They come from files or from a cluster (struct plan_source). What a server adds (uid, status, hashes in selectors) is
 * removed. The metrics of analyses are replaced by queries of the virtual cluster: interval, count,
 * initialDelay and limits are kept, the provider and the conditions only for a simulation (enum plan_metrics). A
 * Service or route that does not exist gets a stand-in, which a note names; so does an AnalysisTemplate, with a
 * warning. What the controller creates for a Rollout is left out.
 */
#pragma once
#include "kube/api/rollout.h"
#include "kube/plan/plugin_declarations.h"
#include "rollout/view/forecast.h"

#define PLAN_PODS_MAX 5000 /* that a manifest may request at the same time */
#define PLAN_OBJECTS_MAX 500 /* that a Rollout may refer to */
#define PLAN_ADDRESS "http://plan.invalid" /* of Prometheus and of step plugins in the virtual cluster */
#define PLAN_ASSUMED "1" /* the query of a metric that is replaced */

/* Where objects come from. */
struct plan_source {
	/* Sets *ret to an object, a new reference; NULL: it does not exist. Returns an error if that is not known. */
	struct err *(*get)(void *arg, const struct type *, const char *ns, const char *name, json_t **ret);
	/* Sets *ret to a list of all objects of a type in a namespace, a new reference. */
	struct err *(*list)(void *arg, const struct type *, const char *ns, json_t **ret);
	const char *place; /* "in the files" */
	bool complete; /* an object that is not found does not exist: the update will not find it either */
	void *arg;
};

struct plan_objects {
	struct arena *arena;
	json_t *rollout;
	json_t *others; /* a list, in the order in which they are created */
	const struct rollout *decoded;
	struct step_plugins plugins; /* those that the steps and trafficRouting name */
	bool compares; /* a template has a comparison */
	bool analyses; /* the strategy has an analysis */
	struct forecast_lines warnings, notes;
};

/* How the metrics of analyses are prepared. */
enum plan_metrics {
	PLAN_METRICS_ASSUMED, /* queries whose value is 1 or 0 */
	/* Those of Prometheus and comparisons keep their queries; others are assumed to succeed. */
	PLAN_METRICS_QUERIED,
};

/* Prepares the Rollout (JSON, borrowed) and what it refers to. Returns an error if it is invalid, or larger
 * than the limits. plan_objects_done frees the result in any case. */
struct err *plan_objects_read(
    struct arena *, const struct plan_source *, const json_t *rollout, enum plan_metrics, struct plan_objects *ret);
void plan_objects_done(struct plan_objects *);

/* stand_ins.c: returns an object of this type and name that suits the Rollout, a new reference; NULL: the type has no
 * stand-in. */
json_t *plan_stand_in(struct arena *, const struct rollout *, const struct type *, const char *ns, const char *name);
