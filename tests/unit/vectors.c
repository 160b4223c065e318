/* tests/unit/vectors.c: the responses that compatible systems give, line by line (tests/data). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "analysis/condition/condition.h"
#include "kube/api/patch.h"
#include "kube/api/pod_check.h"
#include "kube/api/pod_template.h"
#include "kube/api/yaml.h"
#include "rollout/replica_counts.h"
#include "traffic/istio.h"

/* Calls `each` for every line; it returns NULL or what is wrong. Every difference is printed. */
static void
for_each_line(const char *file, const char *(*each)(struct arena *, const json_t *))
{
	FILE *f = fopen(file, "r");
	char *line = NULL;
	size_t room = 0, wrong = 0, n = 0;
	ssize_t len;

	assert_non_null(f);
	while ((len = getline(&line, &room, f)) > 0) {
		_cleanup_(arena_freep) struct arena *a = arena_new();
		json_t *j = NULL;
		const char *text;

		assert_null(json_parse(a, line, (size_t)len, &j));
		text = each(a, j);
		if (text != NULL) {
			print_message("%s:%zu: %s\n", file, n + 1, text);
			wrong++;
		}
		json_decref(j);
		n++;
	}
	free(line);
	fclose(f);
	assert_int_equal(wrong, 0);
	assert_true(n > 100);
}

static const char *
hash_line(struct arena *a, const json_t *j)
{
	const char *canonical = pod_template_canonical(a, json_text(a, json_object_get(j, "template"))), *hash;
	const json_t *count = json_object_get(j, "collisionCount");

	if (strcmp(canonical, json_str(j, "canonical")) != 0)
		return arena_printf(a, "canonical\n  got  %s\n  want %s", canonical, json_str(j, "canonical"));
	hash = pod_template_hash(a, canonical, (struct opt_int){ json_is_integer(count), json_integer_value(count) });
	return strcmp(hash, json_str(j, "hash")) != 0 ? arena_printf(a, "hash %s, want %s", hash, json_str(j, "hash"))
						      : NULL;
}

static struct value
result_value(struct arena *a, const char *kind, const char *text)
{
	double x[64];
	size_t n = 0;
	char *copy, *save = NULL;
	json_t *j;
	struct value v;

	if (strcmp(kind, "scalar") == 0)
		return value_float(strtod(text, NULL));
	if (strcmp(kind, "vector") == 0) {
		copy = arena_strdup(a, text + 1);
		for (char *t = strtok_r(copy, ",]", &save); t != NULL && n < 64; t = strtok_r(NULL, ",]", &save))
			x[n++] = strtod(t, NULL);
		return value_from_floats(a, x, n);
	}
	assert_null(json_parse(a, text, strlen(text), &j));
	v = value_from_json(a, j);
	json_decref(j);
	return v;
}

static const char *
condition_line(struct arena *a, const json_t *j)
{
	struct value v = result_value(a, json_str(j, "kind"), json_str(j, "result"));
	const json_t *want = json_object_get(j, "want");
	const char *wanted = json_is_string(want) ? "error" : json_is_true(want) ? "true" : "false", *got;
	struct condition_program *p;
	bool response = false;
	struct err *e;

	if ((e = condition_parse(a, json_str(j, "condition"), &p)) == NULL)
		e = condition_eval(a, p, &v, 2000000000000, &response);
	got = e != NULL ? "error" : response ? "true" : "false";
	return strcmp(got, wanted) != 0 ? arena_printf(a, "%s over %s: %s, want %s (%s)", json_str(j, "condition"),
					      json_str(j, "result"), got, wanted, e != NULL ? err_text(a, e) : "")
					: NULL;
}

/* The patch, applied, must give `want`. */
static const char *
istio_line(struct arena *a, const json_t *j)
{
	const json_t *vs_json = json_object_get(j, "virtualService"), *want = json_object_get(j, "want");
	const json_t *additional = json_object_get(j, "additional"), *one;
	struct weight_destination list[8];
	struct wanted_split split = { .weight = json_int(j, "weight", 0), .additional = list };
	size_t i;
	_cleanup_(json_decrefp) json_t *rollout = NULL, *ops = NULL, *doc = NULL, *empty = json_object();
	const struct rollout *r;
	struct err *e;

	json_array_foreach (additional, i, one)
		list[split.n_additional++] = (struct weight_destination){ .service_name = json_str(one, "serviceName"),
			.weight = json_int(one, "weight", 0) };
	rollout = json_pack("{s:{s:{s:O}}}", "spec", "strategy", "canary", json_object_get(j, "canary"));
	r = (const struct rollout *)object_decode(&rollout_type, rollout, a);
	e = istio_weight_patch(a, r->spec.strategy.canary, NULL,
	    r->spec.strategy.canary->traffic_routing->istio->virtual_service,
	    (const struct virtual_service *)object_decode(&virtual_service_type, vs_json, a), &split, &ops);
	if (e != NULL)
		return json_is_string(want) ? NULL : arena_printf(a, "refused: %s", err_text(a, e));
	doc = json_deep_copy(vs_json);
	if ((e = json_patch_apply(a, &doc, json_patch_of(&ops))) != NULL)
		return arena_printf(a, "patch %s: %s", json_text(a, ops), err_text(a, e));
	if (!json_equal(json_object_get(doc, "spec") ?: empty, want))
		return arena_printf(
		    a, "got %s\n  want %s", json_text(a, json_object_get(doc, "spec")), json_text(a, want));
	return NULL;
}

static struct pod_counts
pods_of(const json_t *j)
{
	return (struct pod_counts){ json_int(j, "specReplicas", 0), json_int(j, "replicas", 0),
		json_int(j, "availableReplicas", 0) };
}

static const char *
counts_line(struct arena *a, const json_t *j)
{
	struct problems problems = { .arena = a };
	struct canary_strategy canary = { 0 };
	const json_t *stable = json_object_get(j, "stable"), *weights = json_object_get(j, "weights"), *older;
	const json_t *want = json_object_get(j, "want");
	struct pod_counts stable_counts = pods_of(stable);
	struct counts_question q = { .canary = &canary,
		.replicas = json_int(j, "replicas", 1),
		.index = json_int(j, "currentStepIndex", 0),
		.aborted = json_is_true(json_object_get(j, "abort")),
		.promote_full = json_is_true(json_object_get(j, "promoteFull")),
		.new_rs = pods_of(json_object_get(j, "new")),
		.stable = json_is_object(stable) ? &stable_counts : NULL,
		.has_weights = json_is_object(weights),
		.canary_weight = json_int(weights, "canary", 0),
		.stable_weight = json_int(weights, "stable", 0) };
	struct counts_result got;
	size_t i;

	decode(&canary_strategy_type, json_object_get(j, "canary"), "canary", &problems, &canary);
	assert_int_equal(problems.n, 0);
	json_array_foreach (json_object_get(j, "older"), i, older) {
		struct pod_counts p = pods_of(older);

		q.older.spec += p.spec;
		q.older.replicas += p.replicas;
		q.older.available += p.available;
	}
	counts_wanted(&q, &got);
	if (got.new_rs == json_int(want, "new", -1) && got.stable == json_int(want, "stable", -1) &&
	    got.set_weight == json_int(want, "setWeight", -1) &&
	    got.at_desired == json_is_true(json_object_get(want, "atDesiredCounts")))
		return NULL;
	return arena_printf(a, "new %lld stable %lld setWeight %lld atDesiredCounts %d, want %s", (long long)got.new_rs,
	    (long long)got.stable, (long long)got.set_weight, got.at_desired, json_text(a, want));
}

static void
pod_template_hashes_are_those_of_the_go_types(void **state)
{
	(void)state;
	for_each_line("tests/data/pod-template-hash.jsonl", hash_line);
}

static void
conditions_evaluate_as_expr_does(void **state)
{
	(void)state;
	for_each_line("tests/data/conditions.jsonl", condition_line);
}

static void
istio_patches_give_the_weights_of_the_original(void **state)
{
	(void)state;
	for_each_line("tests/data/istio-weights.jsonl", istio_line);
}

static void
numbers_of_pods_are_those_of_argo_rollouts(void **state)
{
	(void)state;
	for_each_line("tests/data/replica-counts.jsonl", counts_line);
}

/* A pod template as YAML, and whether the API server of Kubernetes 1.36 refuses a ReplicaSet of it (with unknown
 * fields refused). */
static const char *
template_line(struct arena *a, const json_t *j)
{
	_cleanup_(json_decrefp) json_t *docs = NULL;
	const char *text = json_str(j, "template");
	struct err *e = yaml_parse(a, text, strlen(text), &docs);
	struct problems found = { .arena = a };
	bool refused = json_is_true(json_object_get(j, "refused"));

	if (e != NULL)
		return err_text(a, e);
	pod_template_problems(&found, json_array_get(docs, 0), "template", POD_OF_REPLICASET);
	pod_template_unknown(&found, json_array_get(docs, 0), "template");
	if (refused == (found.n > 0))
		return NULL;
	return arena_printf(a, "%s: %s", text,
	    refused ? "taken, and an API server refuses it"
		    : arena_printf(a, "%s: %s; an API server takes it", found.at[0].path, found.at[0].text));
}

static void
pod_templates_are_refused_as_by_an_api_server(void **state)
{
	(void)state;
	for_each_line("tests/data/pod-templates.jsonl", template_line);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pod_template_hashes_are_those_of_the_go_types),
		cmocka_unit_test(conditions_evaluate_as_expr_does),
		cmocka_unit_test(istio_patches_give_the_weights_of_the_original),
		cmocka_unit_test(numbers_of_pods_are_those_of_argo_rollouts),
		cmocka_unit_test(pod_templates_are_refused_as_by_an_api_server),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
