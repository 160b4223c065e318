/* tests/unit/machinery/deployment.c: decisions about a Deployment. Their effect on a cluster:
 * tests/e2e/deployments.sh. */
#include "sim/deployment.h"
#include "base/str.h"
#include "base/time.h"
#include "tests/unit/machinery/script.h"

#define NOW "2026-11-23T00:10:00Z"
#define SETS_MAX 8

/* A world from texts in which ' stands for ". */
struct bench {
	struct arena *arena;
	json_t *deployment;
	json_t *sets[SETS_MAX];
	struct deployment_set views[SETS_MAX];
	struct deployment_world world;
	struct deployment_plan plan;
	struct str out;
};

static json_t *
bench_json(const char *format, ...)
{
	char text[2000];
	json_t *j;
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	for (char *c = text; *c != '\0'; c++)
		*c = *c == '\'' ? '"' : *c;
	j = json_loads(text, 0, NULL);
	assert_non_null(j);
	return j;
}

/* A Deployment of image web:v2 with 4 replicas, with more of its spec and its status. */
static void
bench_start(struct bench *b, const char *spec, const char *status)
{
	*b = (struct bench){ .arena = arena_new() };
	b->deployment =
	    bench_json("{'metadata':{'name':'web','namespace':'shop','uid':'d','generation':3,'annotations':"
		       "{'deployment.kubernetes.io/revision':'2'}},'spec':{'replicas':4,'selector':{"
		       "'matchLabels':{'app':'web'}},'template':{'metadata':{'labels':{'app':'web'}},'spec':{"
		       "'containers':[{'name':'web','image':'web:v2'}]}}%s},'status':{%s}}",
		spec, status);
	b->world.deployment = b->deployment;
	assert_true(time_parse(NOW, &b->world.now));
	str_init(&b->out, 1u << 20);
}

/* A ReplicaSet of an image, whose revision and age are the order of the calls, scaled for 4 replicas and 5 pods at
 * most. */
static void
bench_set(struct bench *b, const char *image, int replicas, int pods, int available)
{
	size_t i = b->world.n_sets++;

	b->sets[i] = bench_json(
	    "{'metadata':{'name':'web-%zu','namespace':'shop','uid':'s%zu','generation':1,"
	    "'creationTimestamp':'2026-11-23T00:0%zu:00Z','labels':{'app':'web','pod-template-hash':'%zu'},"
	    "'annotations':{'deployment.kubernetes.io/revision':'%zu',"
	    "'deployment.kubernetes.io/desired-replicas':'4','deployment.kubernetes.io/max-replicas':'5'},"
	    "'ownerReferences':[{'kind':'Deployment','name':'web','uid':'d','controller':true}]},"
	    "'spec':{'replicas':%d,'template':{'metadata':{'labels':{'app':'web','pod-template-hash':'%zu'}},"
	    "'spec':{'containers':[{'image':'web:%s','name':'web'}]}}},'status':{'observedGeneration':1,"
	    "'replicas':%d,'readyReplicas':%d,'availableReplicas':%d}}",
	    i + 1, i + 1, i + 1, i + 1, i + 1, replicas, i + 1, image, pods, available, available);
	b->views[i] = (struct deployment_set){ .object = b->sets[i], .pods = (size_t)pods };
	b->world.sets = b->views;
}

static const char *
bench_body(struct bench *b, const struct deployment_request *r)
{
	const char *type = json_str(r->body, "reason"), *text = json_text(b->arena, r->body);

	if (type != NULL)
		return arena_printf(b->arena, "%s: %s", type, json_str(r->body, "message"));
	if (!r->creates_set)
		return str_replace(b->arena, text, "\"", "'");
	return arena_printf(b->arena, "revision %s with %lld",
	    json_string_value(json_at(r->body, "/metadata/annotations/deployment.kubernetes.io~1revision")),
	    json_integer_value(json_at(r->body, "/spec/replicas")));
}

/* Returns what is planned, but for the status: "PATCH web-1 {…}" in lines. */
static const char *
bench_decide(struct bench *b)
{
	deployment_plan_done(&b->plan);
	str_shorten(&b->out, 0);
	deployment_decide(&b->world, b->arena, &b->plan);
	for (size_t i = 0; i < b->plan.n; i++) {
		const struct deployment_request *r = &b->plan.requests[i];
		const char *path = arena_strndup(b->arena, r->path, strcspn(r->path, "?"));

		if (!str_ends(path, "/status"))
			str_addf(&b->out, "%s %s %s\n", r->method, strrchr(path, '/') + 1,
			    r->body != NULL ? bench_body(b, r) : "");
	}
	return str_text(&b->out);
}

/* Returns the status that is planned, or NULL. Borrowed. */
static const json_t *
bench_status(const struct bench *b)
{
	for (size_t i = 0; i < b->plan.n; i++)
		if (strstr(b->plan.requests[i].path, "/status") != NULL)
			return json_object_get(b->plan.requests[i].body, "status");
	return NULL;
}

/* Returns "STATUS REASON: MESSAGE" of a condition that is planned, or "none". */
static const char *
bench_condition(struct bench *b, const char *type)
{
	json_t *c;
	size_t i;

	json_array_foreach (json_object_get(bench_status(b), "conditions"), i, c)
		if (str_eq(json_str(c, "type"), type))
			return arena_printf(b->arena, "%s %s: %s", json_str(c, "status"), json_str(c, "reason"),
			    json_str(c, "message"));
	return "none";
}

static void
bench_end(struct bench *b)
{
	deployment_plan_done(&b->plan);
	for (size_t i = 0; i < SETS_MAX; i++)
		json_decref(b->sets[i]);
	json_decref(b->deployment);
	str_done(&b->out);
	arena_free(b->arena);
}

#define SCALED(n)                                                                                                      \
	"{'metadata':{'annotations':{'deployment.kubernetes.io/desired-replicas':'4',"                                 \
	"'deployment.kubernetes.io/max-replicas':'5'}},'spec':{'replicas':" #n "}}\n"
#define EVENT "POST events ScalingReplicaSet: Scaled "

static void
limits_are_rounded_up_and_down_and_never_both_zero(void **state)
{
	static const struct {
		const char *spec;
		int replicas, surge, unavailable;
	} rows[] = {
		{ "{}", 1, 1, 0 },
		{ "{'replicas':10}", 10, 3, 2 },
		{ "{'replicas':10,'strategy':{'rollingUpdate':{'maxSurge':2,'maxUnavailable':'11%'}}}", 10, 2, 1 },
		{ "{'replicas':3,'strategy':{'rollingUpdate':{'maxSurge':0,'maxUnavailable':'25%'}}}", 3, 0, 1 },
		{ "{'replicas':2,'strategy':{'rollingUpdate':{'maxSurge':0,'maxUnavailable':9}}}", 2, 0, 2 },
		{ "{'replicas':0}", 0, 0, 0 },
		{ "{'replicas':4,'strategy':{'type':'Recreate'}}", 4, 0, 0 },
		{ "{'replicas':-4}", 0, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		json_t *spec = bench_json("%s", rows[i].spec);
		struct deployment_limits l = deployment_limits(spec);

		print_message("%s\n", rows[i].spec);
		assert_int_equal(l.replicas, rows[i].replicas);
		assert_int_equal(l.surge, rows[i].surge);
		assert_int_equal(l.unavailable, rows[i].unavailable);
		json_decref(spec);
	}
}

static void
a_new_replicaset_starts_with_what_max_surge_permits(void **state)
{
	struct bench b;

	(void)state;
	bench_start(&b, "", "'replicas':4,'updatedReplicas':4,'readyReplicas':4,'availableReplicas':4");
	bench_set(&b, "v1", 4, 4, 4);
	assert_non_null(strstr(bench_decide(&b), "POST replicasets revision 2 with 1\n"));
	assert_non_null(strstr(bench_decide(&b), "PATCH web-1 " SCALED(3)));
	assert_non_null(
	    strstr(bench_condition(&b, "Progressing"), "True NewReplicaSetCreated: Created new replica set \"web-"));
	bench_end(&b);
}

static void
an_old_replicaset_keeps_the_pods_that_new_ones_do_not_replace_yet(void **state)
{
	struct bench b;

	(void)state;
	bench_start(&b, "", "");
	bench_set(&b, "v1", 3, 3, 3);
	bench_set(&b, "v2", 2, 2, 0);
	assert_string_equal(bench_decide(&b), "");
	bench_end(&b);
	bench_start(&b, "", "");
	bench_set(&b, "v1", 3, 3, 3);
	bench_set(&b, "v2", 2, 2, 1);
	assert_string_equal(bench_decide(&b), "PATCH web-1 " SCALED(2) EVENT "down replica set web-1 from 3 to 2\n");
	bench_end(&b);
}

/* Three pods are wanted at least: two old ones that are not available may end, although no new one is available. */
static void
pods_that_are_not_available_are_removed_first(void **state)
{
	struct bench b;

	(void)state;
	bench_start(&b, ",'strategy':{'rollingUpdate':{'maxSurge':2,'maxUnavailable':1}}", "");
	bench_set(&b, "v0", 1, 1, 0);
	bench_set(&b, "v1", 4, 4, 3);
	bench_set(&b, "v2", 1, 1, 0);
	assert_string_equal(bench_decide(&b),
	    "PATCH web {'metadata':{'annotations':{'deployment.kubernetes.io/revision':'3'}}}\n"
	    "PATCH web-1 {'metadata':{'annotations':{'deployment.kubernetes.io/desired-replicas':'4',"
	    "'deployment.kubernetes.io/max-replicas':'6'}},'spec':{'replicas':0}}\n" EVENT
	    "down replica set web-1 from 1 to 0\n"
	    "PATCH web-2 {'metadata':{'annotations':{'deployment.kubernetes.io/desired-replicas':'4',"
	    "'deployment.kubernetes.io/max-replicas':'6'}},'spec':{'replicas':3}}\n" EVENT
	    "down replica set web-2 from 4 to 3\n");
	bench_end(&b);
}

static void
the_oldest_replicaset_of_the_template_is_the_new_one(void **state)
{
	struct bench b;

	(void)state;
	bench_start(&b, "", "");
	bench_set(&b, "v2", 0, 0, 0);
	bench_set(&b, "v1", 4, 4, 4);
	bench_set(&b, "v2", 0, 0, 0);
	assert_string_equal(bench_decide(&b),
	    "PATCH web-1 {'metadata':{'annotations':{'deployment.kubernetes.io/revision':'4',"
	    "'deployment.kubernetes.io/revision-history':'1'}}}\n"
	    "PATCH web {'metadata':{'annotations':{'deployment.kubernetes.io/revision':'4'}}}\n"
	    "PATCH web-1 " SCALED(1) EVENT "up replica set web-1 from 0 to 1\n");
	bench_end(&b);
}

static void
recreate_waits_for_the_end_of_old_pods(void **state)
{
	struct bench b;

	(void)state;
	bench_start(&b, ",'strategy':{'type':'Recreate'}", "");
	bench_set(&b, "v1", 4, 4, 4);
	assert_string_equal(bench_decide(&b),
	    "PATCH web-1 {'metadata':{'annotations':{'deployment.kubernetes.io/desired-replicas':'4',"
	    "'deployment.kubernetes.io/max-replicas':'4'}},'spec':{'replicas':0}}\n" EVENT
	    "down replica set web-1 from 4 to 0\n");
	bench_end(&b);
	bench_start(&b, ",'strategy':{'type':'Recreate'}", "");
	bench_set(&b, "v1", 0, 0, 0);
	b.views[0].pods = 1; /* which is being deleted */
	assert_string_equal(bench_decide(&b), "");
	b.views[0].pods = 0;
	assert_non_null(strstr(bench_decide(&b), "POST replicasets revision 2 with 4\n"));
	bench_end(&b);
}

static void
a_change_of_replicas_during_a_rollout_is_shared_in_proportion(void **state)
{
	struct bench b;

	(void)state;
	bench_start(&b, ",'strategy':{'rollingUpdate':{'maxSurge':1,'maxUnavailable':1}}", "");
	bench_set(&b, "v1", 3, 3, 3);
	bench_set(&b, "v2", 2, 2, 0);
	json_object_set_new(json_object_get(b.deployment, "spec"), "replicas", json_integer(8));
	bench_decide(&b);
	assert_non_null(strstr(str_text(&b.out), EVENT "up replica set web-1 from 3 to 5\n"));
	assert_non_null(strstr(str_text(&b.out), EVENT "up replica set web-2 from 2 to 4\n"));
	/* None is left: not even the surge. */
	json_object_set_new(json_object_get(b.deployment, "spec"), "replicas", json_integer(0));
	bench_decide(&b);
	assert_non_null(strstr(str_text(&b.out), EVENT "down replica set web-1 from 3 to 0\n"));
	assert_non_null(strstr(str_text(&b.out), EVENT "down replica set web-2 from 2 to 0\n"));
	bench_end(&b);
}

static void
a_paused_deployment_follows_replicas_only(void **state)
{
	struct bench b;

	(void)state;
	bench_start(&b, ",'paused':true,'replicas':6", "");
	bench_set(&b, "v1", 4, 4, 4);
	assert_string_equal(bench_decide(&b),
	    "PATCH web-1 {'metadata':{'annotations':{'deployment.kubernetes.io/desired-replicas':'6',"
	    "'deployment.kubernetes.io/max-replicas':'8'}},'spec':{'replicas':6}}\n" EVENT
	    "up replica set web-1 from 4 to 6\n");
	assert_string_equal(bench_condition(&b, "Progressing"), "Unknown DeploymentPaused: Deployment is paused");
	bench_end(&b);
}

static void
a_name_that_is_taken_counts_a_collision(void **state)
{
	const char *first, *second;
	struct bench b;

	(void)state;
	bench_start(&b, "", "");
	bench_decide(&b);
	first = arena_strdup(b.arena, bench_condition(&b, "Progressing"));
	b.world.refused = 409;
	assert_string_equal(bench_decide(&b), "");
	assert_int_equal(json_int(bench_status(&b), "collisionCount", -1), 1);
	assert_int_equal(b.plan.again_ms, 0);
	b.world.refused = 0;
	json_object_set_new(json_object_get(b.deployment, "status"), "collisionCount", json_integer(1));
	bench_decide(&b);
	second = bench_condition(&b, "Progressing");
	assert_string_not_equal(first, second);
	bench_end(&b);
}

static void
a_refused_replicaset_is_in_the_conditions(void **state)
{
	struct bench b;

	(void)state;
	bench_start(&b, "", "");
	b.world.refused = 422;
	b.world.refusal = "too long";
	bench_decide(&b);
	assert_non_null(strstr(
	    bench_condition(&b, "Progressing"), "False ReplicaSetCreateError: Failed to create new replica set"));
	assert_non_null(strstr(bench_condition(&b, "Progressing"), "too long"));
	assert_true(b.plan.again_ms > 0);
	bench_end(&b);
}

#define PROGRESS(reason, since)                                                                                        \
	"'replicas':4,'updatedReplicas':4,'unavailableReplicas':4,'observedGeneration':3,'conditions':[{'type':"       \
	"'Progressing','status':'True','reason':'" reason "','lastUpdateTime':'2026-11-23T00:" since "Z',"             \
	"'lastTransitionTime':'2026-11-23T00:00:00Z'}]"

static void
a_rollout_without_progress_misses_its_deadline(void **state)
{
	struct bench b;

	(void)state;
	bench_start(&b, ",'progressDeadlineSeconds':60", PROGRESS("ReplicaSetUpdated", "09:01"));
	bench_set(&b, "v2", 4, 4, 0);
	bench_decide(&b);
	assert_string_equal(bench_condition(&b, "Available"),
	    "False MinimumReplicasUnavailable: Deployment does not have minimum availability.");
	assert_int_equal(b.plan.again_ms, 2000);
	bench_end(&b);
	bench_start(&b, ",'progressDeadlineSeconds':60", PROGRESS("ReplicaSetUpdated", "08:59"));
	bench_set(&b, "v2", 4, 4, 0);
	bench_decide(&b);
	assert_string_equal(bench_condition(&b, "Progressing"),
	    "False ProgressDeadlineExceeded: ReplicaSet \"web-1\" has timed out progressing.");
	assert_int_equal(b.plan.again_ms, -1);
	bench_end(&b);
	/* Pods that are lost later are not a rollout. */
	bench_start(&b, ",'progressDeadlineSeconds':60", PROGRESS("NewReplicaSetAvailable", "01:00"));
	bench_set(&b, "v2", 4, 4, 0);
	bench_decide(&b);
	assert_non_null(strstr(bench_condition(&b, "Progressing"), "True NewReplicaSetAvailable"));
	bench_end(&b);
}

static void
progress_moves_the_deadline(void **state)
{
	const json_t *condition;
	struct bench b;

	(void)state;
	bench_start(&b, ",'progressDeadlineSeconds':60", PROGRESS("ReplicaSetUpdated", "08:59"));
	bench_set(&b, "v2", 4, 4, 1);
	bench_decide(&b);
	condition = json_array_get(json_object_get(bench_status(&b), "conditions"), 1);
	assert_string_equal(json_str(condition, "message"), "ReplicaSet \"web-1\" is progressing.");
	assert_string_equal(json_str(condition, "lastUpdateTime"), NOW);
	assert_string_equal(json_str(condition, "lastTransitionTime"), "2026-11-23T00:00:00Z");
	assert_int_equal(b.plan.again_ms, 61000);
	bench_end(&b);
}

static void
a_complete_rollout_keeps_as_many_old_replicasets_as_the_history_has(void **state)
{
	struct bench b;

	(void)state;
	bench_start(&b, ",'revisionHistoryLimit':1",
	    "'replicas':4,'updatedReplicas':4,'readyReplicas':4,'availableReplicas':4,'observedGeneration':3");
	bench_set(&b, "v0", 0, 0, 0);
	bench_set(&b, "v1", 0, 0, 0);
	bench_set(&b, "v2", 4, 4, 4);
	assert_string_equal(bench_decide(&b),
	    "PATCH web {'metadata':{'annotations':{'deployment.kubernetes.io/revision':'3'}}}\nDELETE web-1 \n");
	/* Its controller has not seen its latest change. */
	json_object_set_new(json_object_get(b.sets[0], "metadata"), "generation", json_integer(2));
	assert_null(strstr(bench_decide(&b), "DELETE"));
	bench_end(&b);
}

static void
replicasets_are_adopted_and_released_by_their_labels(void **state)
{
	struct bench b;

	(void)state;
	bench_start(&b, ",'paused':true", "");
	bench_set(&b, "v1", 4, 4, 4);
	json_object_del(json_object_get(b.sets[0], "metadata"), "ownerReferences");
	assert_non_null(strstr(bench_decide(&b), "PATCH web-1 {'metadata':{'ownerReferences':[{'apiVersion':'apps/v1',"
						 "'kind':'Deployment','name':'web','uid':'d'"));
	assert_int_equal(json_int(bench_status(&b), "replicas", 0), 4);
	json_object_set_new(json_object_get(b.deployment, "metadata"), "deletionTimestamp", json_string(NOW));
	assert_string_equal(bench_decide(&b), "");
	assert_int_equal(json_int(bench_status(&b), "replicas", 0), 0);
	bench_end(&b);
	bench_start(&b, ",'paused':true", "");
	bench_set(&b, "v1", 4, 4, 4);
	json_object_set_new(json_at(b.sets[0], "/metadata/labels"), "app", json_string("other"));
	assert_string_equal(bench_decide(&b), "PATCH web-1 {'metadata':{'ownerReferences':null}}\n");
	bench_end(&b);
}

static void
numbers_that_become_zero_leave_the_status(void **state)
{
	struct bench b;

	(void)state;
	bench_start(&b, ",'replicas':0", "'replicas':2,'availableReplicas':2,'observedGeneration':2");
	bench_set(&b, "v2", 0, 0, 0);
	bench_decide(&b);
	assert_true(json_is_null(json_object_get(bench_status(&b), "replicas")));
	assert_int_equal(json_int(bench_status(&b), "observedGeneration", 0), 3);
	assert_non_null(strstr(bench_condition(&b, "Progressing"), "NewReplicaSetAvailable"));
	bench_end(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(limits_are_rounded_up_and_down_and_never_both_zero),
		cmocka_unit_test(a_new_replicaset_starts_with_what_max_surge_permits),
		cmocka_unit_test(an_old_replicaset_keeps_the_pods_that_new_ones_do_not_replace_yet),
		cmocka_unit_test(pods_that_are_not_available_are_removed_first),
		cmocka_unit_test(the_oldest_replicaset_of_the_template_is_the_new_one),
		cmocka_unit_test(recreate_waits_for_the_end_of_old_pods),
		cmocka_unit_test(a_change_of_replicas_during_a_rollout_is_shared_in_proportion),
		cmocka_unit_test(a_paused_deployment_follows_replicas_only),
		cmocka_unit_test(a_name_that_is_taken_counts_a_collision),
		cmocka_unit_test(a_refused_replicaset_is_in_the_conditions),
		cmocka_unit_test(a_rollout_without_progress_misses_its_deadline),
		cmocka_unit_test(progress_moves_the_deadline),
		cmocka_unit_test(a_complete_rollout_keeps_as_many_old_replicasets_as_the_history_has),
		cmocka_unit_test(replicasets_are_adopted_and_released_by_their_labels),
		cmocka_unit_test(numbers_that_become_zero_leave_the_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
