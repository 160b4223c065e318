/* cli/cmd_debug.c: debug replica-counts, debug istio-weights: computes replica counts and Istio weights for tests:
 * one query for each line, one result for each line. */
#include <stdio.h>
#include "cli/cli.h"
#include "cli/lines.h"
#include "kube/api/patch.h"
#include "rollout/replica_counts.h"
#include "traffic/istio.h"

static int debug_replica_counts_run(struct cli *);
static int debug_istio_weights_run(struct cli *);

const struct command cmd_debug_replica_counts = {
	.name = "debug replica-counts",
	.args = "--lines",
	.group = GROUP_CHECK,
	.summary = "Compute pods of the new and stable version",
	.flags =
	    (const struct flag[]){
		{ .name = "lines", .text = "Read one JSON object per line and print one result per line" },
		{ 0 },
	    },
	.run = debug_replica_counts_run,
};

const struct command cmd_debug_istio_weights = {
	.name = "debug istio-weights",
	.args = "--lines",
	.group = GROUP_CHECK,
	.summary = "Set a weight in VirtualServices",
	.flags =
	    (const struct flag[]){
		{ .name = "lines", .text = "Read one JSON object per line and print one result per line" },
		{ 0 },
	    },
	.run = debug_istio_weights_run,
};

static struct pod_counts
debug_pods(const json_t *j)
{
	return (struct pod_counts){ json_int(j, "specReplicas", 0), json_int(j, "replicas", 0),
		json_int(j, "availableReplicas", 0) };
}

static void
debug_replica_counts_line(struct cli *c, const json_t *j)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct problems problems = { .arena = a };
	struct canary_strategy *canary = arena_alloc(a, sizeof(*canary));
	const json_t *stable = json_object_get(j, "stable"), *weights = json_object_get(j, "weights");
	struct pod_counts stable_counts = debug_pods(stable);
	struct counts_question q = { .canary = canary,
		.replicas = json_int(j, "replicas", 1),
		.index = json_int(j, "currentStepIndex", 0),
		.aborted = json_is_true(json_object_get(j, "abort")),
		.promote_full = json_is_true(json_object_get(j, "promoteFull")),
		.new_rs = debug_pods(json_object_get(j, "new")),
		.stable = json_is_object(stable) ? &stable_counts : NULL,
		.has_weights = json_is_object(weights),
		.canary_weight = json_int(weights, "canary", 0),
		.stable_weight = json_int(weights, "stable", 0) };
	struct counts_result response;
	json_t *older, *out;
	size_t i;

	(void)c;
	decode(&canary_strategy_type, json_object_get(j, "canary"), "canary", &problems, canary);
	if (problems.n > 0) {
		printf("error: %s: %s\n", problems.at[0].path, problems.at[0].text);
		return;
	}
	json_array_foreach (json_object_get(j, "older"), i, older) {
		struct pod_counts p = debug_pods(older);

		q.older.spec += p.spec;
		q.older.replicas += p.replicas;
		q.older.available += p.available;
	}
	counts_wanted(&q, &response);
	out = json_pack("{s:b,s:I,s:I,s:I}", "atDesiredCounts", response.at_desired, "new", (json_int_t)response.new_rs,
	    "setWeight", (json_int_t)response.set_weight, "stable", (json_int_t)response.stable);
	puts(json_text(a, out));
	json_decref(out);
}

static int
debug_replica_counts_run(struct cli *c)
{
	if (!cli_on(c, "lines"))
		return cli_fail(c, "usage: sluice debug replica-counts --lines <FILE; each line has replicas, canary, "
				   "currentStepIndex, abort, promoteFull, weights, new, stable and older");
	return each_line(c, debug_replica_counts_line);
}

static struct err *
debug_set_weights(struct arena *a, const json_t *j, json_t **ret)
{
	const json_t *vs_json = json_object_get(j, "virtualService"), *one;
	struct weight_destination *additional =
	    arena_new_array(a, struct weight_destination, json_array_size(json_object_get(j, "additional")) + 1);
	struct canary_strategy *canary = arena_alloc(a, sizeof(*canary));
	struct problems problems = { .arena = a };
	_cleanup_(json_decrefp) json_t *ops = NULL;
	const struct istio_routing *istio;
	struct wanted_split want = { .weight = json_int(j, "weight", 0), .additional = additional };
	size_t i;
	struct err *e;

	decode(&canary_strategy_type, json_object_get(j, "canary"), "canary", &problems, canary);
	if (problems.n > 0)
		return err_new(a, ERR_INVALID, "%s: %s", problems.at[0].path, problems.at[0].text);
	istio = canary->traffic_routing != NULL ? canary->traffic_routing->istio : NULL;
	if (istio == NULL || istio->virtual_service == NULL)
		return err_new(a, ERR_INVALID, "canary.trafficRouting.istio.virtualService: required, but missing");
	if (!json_is_object(vs_json))
		return err_new(a, ERR_INVALID, "virtualService: required, but missing");
	json_array_foreach (json_object_get(j, "additional"), i, one)
		if (json_str(one, "serviceName") != NULL)
			additional[want.n_additional++] =
			    (struct weight_destination){ .service_name = json_str(one, "serviceName"),
				    .weight = json_int(one, "weight", 0) };
	e = istio_weight_patch(a, canary, NULL, istio->virtual_service,
	    (const struct virtual_service *)object_decode(&virtual_service_type, vs_json, a), &want, &ops);
	if (e != NULL)
		return e;
	*ret = json_deep_copy(vs_json);
	return json_patch_apply(a, ret, json_patch_of(&ops));
}

static void
debug_istio_weights_line(struct cli *c, const json_t *j)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	_cleanup_(json_decrefp) json_t *doc = NULL;
	struct err *e = debug_set_weights(a, j, &doc);
	_cleanup_(freep) char *text = NULL;

	(void)c;
	if (e != NULL) {
		printf("error: %s\n", err_text(a, e));
		return;
	}
	text = json_dumps(json_object_get(doc, "spec"), JSON_COMPACT | JSON_SORT_KEYS);
	puts(text != NULL ? text : "{}");
}

static int
debug_istio_weights_run(struct cli *c)
{
	if (!cli_on(c, "lines"))
		return cli_fail(c,
		    "usage: sluice debug istio-weights --lines <FILE; each line has canary, virtualService, "
		    "weight and additional");
	return each_line(c, debug_istio_weights_line);
}
