/* tests/unit/kube/decode.c: errors name the path in a manifest, and the rest of it is decoded all the same. */
#include "tests/unit/unit.h"
#include "base/str.h"
#include "kube/api/analysis.h"
#include "kube/api/application.h"
#include "kube/api/flux.h"

static const struct rollout *
decoded(struct arena *a, const char *text)
{
	json_t *j = yaml(a, text);
	const struct rollout *r = (const struct rollout *)object_decode(&rollout_type, j, a);

	json_decref(j);
	return r;
}

#define HEAD                                                                                                           \
	"metadata: {name: x}\n"                                                                                        \
	"spec:\n"                                                                                                      \
	"  selector: {matchLabels: {app: x}}\n"                                                                        \
	"  template: {metadata: {labels: {app: x}}, spec: {containers: []}}\n"

static void
problems_name_the_path_and_what_is_allowed(void **state)
{
	static const char *const cases[][3] = {
		{ HEAD "  strategy: {canary: {steps: [{setWeight: a lot}]}}", "spec.strategy.canary.steps[0].setWeight",
		    "\"a lot\" is not an integer" },
		{ HEAD "  strategy: {canary: {steps: [{pause: {}}, {setWeight: -1}]}}",
		    "spec.strategy.canary.steps[1].setWeight", "-1 is not between 0 and 2147483647" },
		{ HEAD "  strategy: {canary: {steps: [{setWeigth: 1}]}}", "spec.strategy.canary.steps[0].setWeigth",
		    "unknown field; a canary step has setWeight, pause, setCanaryScale, analysis, experiment, "
		    "setHeaderRoute, "
		    "setMirrorRoute, plugin" },
		{ HEAD "  strategy: {canary: {trafficRouting: {appMesh: {}}}}",
		    "spec.strategy.canary.trafficRouting.appMesh",
		    "not supported: AWS App Mesh ended in September 2026; use another router, such as the Gateway "
		    "API" },
		{ HEAD "  strategy: {canary: {steps: {setWeight: 1}}}", "spec.strategy.canary.steps",
		    "{\"setWeight\":1} is not a list" },
		{ HEAD "  strategy: {canary: {trafficRouting: {istio: {destinationRule: {name: x, canarySubsetName: "
		       "c}}}}}",
		    "spec.strategy.canary.trafficRouting.istio.destinationRule.stableSubsetName",
		    "required, but missing" },
		{ HEAD "  replicas: -1\n  strategy: {canary: {}}", "spec.replicas",
		    "-1 is not between 0 and 2147483647" },
		{ HEAD "  paused: \"yes\"\n  strategy: {canary: {}}", "spec.paused", "\"yes\" is not true or false" },
		{ HEAD, "spec.strategy", "required, but missing" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct arena *a = arena_new();
		const struct problem *p = object_problem(&decoded(a, cases[i][0])->object, "spec");

		if (p == NULL)
			fail_msg("%s: no problem was found", cases[i][1]);
		assert_string_equal(p->path, cases[i][1]);
		assert_string_equal(p->text, cases[i][2]);
		arena_free(a);
	}
}

static void
all_problems_are_found_and_hide_nothing(void **state)
{
	struct arena *a = arena_new();
	const struct rollout *r = decoded(a,
	    HEAD "  replicas: many\n"
		 "  strategy: {canary: {steps: [{setWeight: x}, {setWeight: 40}], maxSurge: {}}}\n"
		 "status: {stableRS: abc, currentStepIndex: 1, conditions: [{type: Available, status: \"True\"}]}");

	(void)state;
	assert_int_equal(r->object.problems->n, 3);
	assert_int_equal(r->spec.strategy.canary->steps.n, 2);
	assert_int_equal(r->spec.strategy.canary->steps.at[1].set_weight.value, 40);
	assert_string_equal(r->status.stable_rs, "abc");
	assert_int_equal(r->status.current_step_index.value, 1);
	assert_string_equal(r->status.conditions.at[0].type, "Available");
	assert_null(object_problem(&r->object, "status"));
	arena_free(a);
}

static void
a_status_survives_decoding_and_encoding(void **state)
{
	static const char text[] =
	    "{\"abort\":true,\"abortedAt\":\"2026-11-23T16:48:07Z\",\"currentPodHash\":\"abc\",\"stableRS\":\"def\","
	    "\"currentStepIndex\":0,\"replicas\":4,\"observedGeneration\":\"3\",\"phase\":\"Degraded\",\"message\":"
	    "\"m\","
	    "\"canary\":{\"weights\":{\"canary\":{\"weight\":0,\"podTemplateHash\":\"abc\"},\"stable\":{\"weight\":100,"
	    "\"podTemplateHash\":\"def\"}}},\"blueGreen\":{}}";
	struct arena *a = arena_new();
	struct problems problems = { .arena = a };
	struct rollout_status *s = arena_alloc(a, sizeof(*s));
	json_t *j = yaml(a, text), *back;

	(void)state;
	decode(&rollout_status_type, j, "", &problems, s);
	assert_int_equal(problems.n, 0);
	back = encode(&rollout_status_type, s);
	if (!json_equal(j, back))
		fail_msg("got %s", json_text(a, back));
	json_decref(back);
	json_decref(j);
	arena_free(a);
}

static void
a_whole_number_may_be_written_with_a_point(void **state)
{
	struct arena *a = arena_new();
	const struct rollout *r = decoded(a, HEAD "  replicas: 3.0\n  strategy: {canary: {}}");

	(void)state;
	assert_null(r->object.problems);
	assert_int_equal(r->spec.replicas.value, 3);
	arena_free(a);
}

static void
pauses_are_seconds_or_durations(void **state)
{
	static const struct {
		const char *text;
		enum duration_field field;
		int64_t ms; /* -1: not set */
	} cases[] = { { NULL, DURATION_UNSET, -1 }, { "10", DURATION_SET, 10000 }, { "10s", DURATION_SET, 10000 },
		{ "1h", DURATION_SET, 3600000 }, { "0", DURATION_SET, 0 }, { "soon", DURATION_INVALID, -1 },
		{ "-1s", DURATION_INVALID, -1 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int64_t ms = -1;

		assert_int_equal(seconds_or_duration(cases[i].text, &ms), cases[i].field);
		assert_int_equal(ms, cases[i].ms);
	}
}

static void
metrics_are_read_from_their_list(void **state)
{
	struct arena *a = arena_new();
	struct problems problems = { .arena = a };
	struct metric *m;

	(void)state;
	assert_int_equal(
	    metrics_decode(a,
		"[{\"name\":\"x\",\"interval\":\"1m\",\"count\":5,\"failureLimit\":\"3\",\"provider\":{\"prometheus\":"
		"{\"query\":\"up\",\"authentication\":{}}}},{\"provider\":{\"plugin\":{}}}]",
		"spec.metrics", &problems, &m),
	    2);
	assert_int_equal(m[0].interval.ms, 60000);
	assert_string_equal(m[0].count, "5");
	assert_string_equal(m[0].failure_limit, "3");
	assert_int_equal(problems.n, 1);
	assert_string_equal(problems.at[0].path, "spec.metrics[1].name");
	arena_free(a);
}

/* The input of the step hash decides whether an update is taken over or started again. */
static void
steps_are_written_as_go_writes_them(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	assert_string_equal(
	    decoded(a,
		HEAD "  strategy: {canary: {steps: [{setWeight: 20}, {pause: {duration: 10s}}, {pause: {}}, "
		     "{setCanaryScale: "
		     "{replicas: 2}}, {analysis: {args: [{name: q, value: 'a<b'}, {name: h, valueFrom: "
		     "{podTemplateHashValue: Latest}}], templates: [{templateName: t}, {templateName: c, clusterScope: "
		     "true}]}}, {analysis: {templates: [{templateName: t}], dryRun: [{metricName: .*}], "
		     "analysisRunMetadata: {labels: {b: x, a: y}}}}]}}")
		->steps_json,
	    "[{\"setWeight\":20},{\"pause\":{\"duration\":\"10s\"}},{\"pause\":{}},{\"setCanaryScale\":{\"replicas\":2}"
	    "},"
	    "{\"analysis\":{\"templates\":[{\"templateName\":\"t\"},{\"templateName\":\"c\",\"clusterScope\":true}],"
	    "\"args\":[{\"name\":\"q\",\"value\":\"a\\u003cb\"},{\"name\":\"h\",\"valueFrom\":{"
	    "\"podTemplateHashValue\":"
	    "\"Latest\"}}],\"analysisRunMetadata\":{}}},{\"analysis\":{\"templates\":[{\"templateName\":\"t\"}],"
	    "\"dryRun\":"
	    "[{\"metricName\":\".*\"}],\"analysisRunMetadata\":{\"labels\":{\"a\":\"y\",\"b\":\"x\"}}}}]");
	arena_free(a);
}

/* Go sorts the keys of maps, and keeps a duration as it was written, a number or a string. */
static void
maps_in_steps_are_sorted_as_go_sorts_them(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	assert_string_equal(
	    decoded(a, HEAD
		"  strategy: {canary: {steps: [{pause: {duration: 10}}, {pause: {duration: '10'}}, {experiment: "
		"{duration: 5m, "
		"analysisRunMetadata: {annotations: {b: x, a: y}}, templates: [{name: t, specRef: canary, metadata: "
		"{labels: {d: x, "
		"c: y}}, selector: {matchLabels: {f: x, e: y}}}], analyses: [{name: n, templateName: t}]}}, "
		"{setHeaderRoute: {name: h, match: [{headerName: x, headerValue: {exact: y}}]}}, {setMirrorRoute: "
		"{name: m, percentage: 0, match: [{method: {exact: GET}, headers: {z: {exact: x}, y: {prefix: w}}}]}}, "
		"{plugin: {name: p, config: {b: {d: 1, c: 2}, a: 0}}}]}}")
		->steps_json,
	    "[{\"pause\":{\"duration\":10}},{\"pause\":{\"duration\":\"10\"}},{\"experiment\":{\"templates\":[{"
	    "\"name\":\"t\","
	    "\"specRef\":\"canary\",\"metadata\":{\"labels\":{\"c\":\"y\",\"d\":\"x\"}},\"selector\":{\"matchLabels\":{"
	    "\"e\":\"y\","
	    "\"f\":\"x\"}}}],\"duration\":\"5m\",\"analyses\":[{\"name\":\"n\",\"templateName\":\"t\"}],"
	    "\"analysisRunMetadata\":{\"annotations\":{\"a\":\"y\","
	    "\"b\":\"x\"}}}},{\"setHeaderRoute\":{\"name\":\"h\",\"match\":[{\"headerName\":\"x\",\"headerValue\":{"
	    "\"exact\":\"y\"}}]}},"
	    "{\"setMirrorRoute\":{\"name\":\"m\",\"match\":[{\"method\":{\"exact\":\"GET\"},\"headers\":{\"y\":{"
	    "\"prefix\":\"w\"},"
	    "\"z\":{\"exact\":\"x\"}}}],\"percentage\":0}},{\"plugin\":{\"name\":\"p\",\"config\":{\"a\":0,\"b\":{"
	    "\"c\":2,"
	    "\"d\":1}}}}]");
	arena_free(a);
}

/* A required field is encoded even if it is false, 0, "" or {}: the worker of gitops/ reads specs that were encoded
 * so. */
static void
what_is_required_survives_encoding(void **state)
{
	static const struct {
		const struct type *type;
		const char *text;
	} cases[] = {
		{ &flux_kustomization_spec_type,
		    "{interval: 1m, path: x, prune: false, sourceRef: {kind: GitRepository, name: r}}" },
		{ &application_spec_type, "{project: p, source: {repoURL: '', path: x}, destination: {}}" },
	};
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct problems problems = { .arena = a };
		void *spec = arena_alloc(a, cases[i].type->size);
		json_t *j = yaml(a, cases[i].text), *back;

		decode(cases[i].type, j, "spec", &problems, spec);
		assert_int_equal(problems.n, 0);
		back = encode(cases[i].type, spec);
		assert_string_equal(json_text_go(a, back), json_text_go(a, j));
		json_decref(back);
		json_decref(j);
	}
	arena_free(a);
}

enum size { SIZE_NONE, SIZE_SMALL, SIZE_LARGE, SIZES };
static const char *const size_names[SIZES] = { NULL, "Small", "Large" };

struct box {
	enum size size, other;
};
static const struct field box_fields[] = {
	ENUM(box, size, "size", size),
	ENUM(box, other, "other", size, .always = true),
};
static TYPE(box, "box");

static void
an_enum_is_written_by_the_names_of_its_values(void **state)
{
	static const struct {
		const char *json;
		enum size want;
		const char *problem; /* NULL: no problem */
		const char *written;
	} cases[] = {
		{ "{}", SIZE_NONE, NULL, "{\"other\":\"\"}" },
		{ "{\"size\":\"Large\",\"other\":\"Small\"}", SIZE_LARGE, NULL,
		    "{\"size\":\"Large\",\"other\":\"Small\"}" },
		{ "{\"size\":\"\"}", SIZE_NONE, NULL, "{\"other\":\"\"}" },
		{ "{\"size\":\"large\"}", SIZE_NONE, "\"large\" is not one of Small|Large", "{\"other\":\"\"}" },
		{ "{\"size\":1}", SIZE_NONE, "1 is not a string", "{\"other\":\"\"}" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct arena *a = arena_new();
		struct problems problems = { .arena = a };
		json_t *j = yaml(a, cases[i].json), *written;
		struct box b = { 0 };

		decode(&box_type, j, "", &problems, &b);
		assert_int_equal(b.size, cases[i].want);
		assert_int_equal(problems.n, cases[i].problem != NULL);
		if (cases[i].problem != NULL)
			assert_string_equal(problems.at[0].text, cases[i].problem);
		written = encode(&box_type, &b);
		assert_string_equal(json_text(a, written), cases[i].written);
		json_decref(written);
		json_decref(j);
		arena_free(a);
	}
}

/* A Secret is read in the namespace of the object that refers to it. */
static void
a_secret_reference_of_flux_has_no_namespace(void **state)
{
	static const char *const refs[] = { "secretRef: {name: s, namespace: other}",
		"verify: {secretRef: {name: s, namespace: other}}" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refs); i++) {
		struct arena *a = arena_new();
		json_t *j = yaml(
		    a, arena_printf(
			   a, "metadata: {name: x}\nspec: {url: 'https://git.example/x', interval: 1m, %s}", refs[i]));
		const struct problem *p = object_problem(object_decode(&git_repository_type, j, a), "spec");

		assert_non_null(p);
		assert_non_null(strstr(p->path, "secretRef.namespace"));
		assert_string_equal(p->text, "unknown field; a reference to a Secret has name");
		json_decref(j);
		arena_free(a);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(problems_name_the_path_and_what_is_allowed),
		cmocka_unit_test(all_problems_are_found_and_hide_nothing),
		cmocka_unit_test(a_status_survives_decoding_and_encoding),
		cmocka_unit_test(what_is_required_survives_encoding),
		cmocka_unit_test(a_whole_number_may_be_written_with_a_point),
		cmocka_unit_test(pauses_are_seconds_or_durations),
		cmocka_unit_test(metrics_are_read_from_their_list),
		cmocka_unit_test(steps_are_written_as_go_writes_them),
		cmocka_unit_test(maps_in_steps_are_sorted_as_go_sorts_them),
		cmocka_unit_test(an_enum_is_written_by_the_names_of_its_values),
		cmocka_unit_test(a_secret_reference_of_flux_has_no_namespace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
