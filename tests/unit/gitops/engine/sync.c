/* tests/unit/gitops/engine/sync.c: the steps of a sync, and their order. Each case is a small world: desired and
 * live objects, a line each. The steps are played, with every request succeeding, until there are no more. */
#include "base/str.h"
#include "gitops/engine/sync.h"
#include "gitops/engine/tracking.h"
#include "tests/unit/unit.h"

struct wish {
	const char *kind, *name;
	const char *annotations; /* YAML, "" for none */
	const char *live; /* NULL: not there; else its health: "Healthy" */
	bool extra; /* Git does not want it */
	const char *error;
	const char *message; /* of its health */
};

/* Fills the resources. */
static void
make(struct arena *a, struct resources *all, const struct wish *w, size_t n)
{
	const struct owner_mark mark = { .application = "app", .annotation = true };

	resources_init(all, a);
	for (size_t i = 0; i < n; i++) {
		struct api_kind kind;
		struct app_resource *r;

		if (!kind_builtin(strcmp(w[i].kind, "Rollout") == 0 ? "argoproj.io"
				  : strcmp(w[i].kind, "Job") == 0   ? "batch"
								    : "",
			"v1", w[i].kind, &kind))
			kind = (struct api_kind){ "apiextensions.k8s.io", "v1", w[i].kind, "customresourcedefinitions",
				true };
		if (!w[i].extra) {
			struct manifests m = { .arena = a };
			json_t *o = yaml(
			    a, arena_printf(a, "{apiVersion: v1, kind: %s, metadata: {name: %s, annotations: {%s}}}",
				   w[i].kind, w[i].name, w[i].annotations));

			assert_null(manifests_add(&m, a, o, "file.yaml"));
			json_decref(o);
			assert_null(resources_want(all, a, &m.at[0], &kind, "ns", &mark, ""));
			r = resources_find(all, &kind, "ns", w[i].name);
		} else {
			r = resources_add(all, &kind, "ns", w[i].name);
		}
		r->live = w[i].live != NULL;
		r->uid = "uid";
		r->health = health_named(w[i].live);
		r->status = SYNC_OUT_OF_SYNC;
		r->error = w[i].error;
		if (w[i].message != NULL)
			r->health_message = w[i].message;
	}
}

/* Plays to the end: "Sync: apply ConfigMap/a, …; …" */
static const char *
play(struct arena *a, struct resources *all, const struct sync_operation *op)
{
	static const char *const verbs[] = { "apply", "prune", "hook", "delete" };
	struct sync_results results = { .arena = a };
	const char *text = "";

	for (int i = 0; i < 12; i++) {
		struct sync_step step;

		sync_next(a, op, all, &results, &step);
		for (size_t k = 0; k < step.n; k++) {
			struct sync_task *t = &step.tasks[k];

			text = arena_printf(a, "%s%s%s %s/%s", text,
			    k > 0	      ? ", "
			    : text[0] != '\0' ? "; "
					      : "",
			    verbs[t->verb], t->resource->kind.kind, t->resource->name);
			t->resource->live = t->verb == SYNC_APPLY || t->verb == SYNC_HOOK;
			t->resource->operation = op->id;
			if (t->verb == SYNC_DELETE_HOOK)
				continue;
			sync_record(
			    &results, t, t->verb == SYNC_HOOK ? RESULT_NONE : RESULT_SYNCED, OPERATION_RUNNING, "");
		}
		if (step.phase != OPERATION_RUNNING) {
			text = arena_printf(a, "%s; %s: %s", text, operation_phase_names[step.phase], step.message);
			break;
		}
		if (step.n == 0) {
			text = arena_printf(a, "%s; %s", text, step.message);
			break;
		}
	}
	sync_results_done(&results);
	return text;
}

static void
a_sync_goes_in_order(void **state)
{
	static const struct {
		const char *name;
		struct wish wishes[4];
		struct sync_operation op;
		const char *want;
	} cases[] = {
		{ "kinds of one wave, in their order",
		    { { .kind = "Service", "b", "", NULL }, { .kind = "ConfigMap", "z", "", NULL },
			{ .kind = "ConfigMap", "a", "", NULL } },
		    { .id = "1" },
		    "apply ConfigMap/a, apply ConfigMap/z, apply Service/b; Succeeded: successfully synced (all tasks "
		    "run)" },
		{ "a wave waits for the health of the one before",
		    { { .kind = "ConfigMap", "a", "", NULL },
			{ .kind = "Job", "j", "argocd.argoproj.io/sync-wave: \"-1\"", "Progressing" } },
		    { .id = "1" }, "apply Job/j; waiting for healthy state of batch/Job/j" },
		{ "and goes on when it is healthy",
		    { { .kind = "ConfigMap", "a", "", NULL },
			{ .kind = "Job", "j", "argocd.argoproj.io/sync-wave: \"-1\"", "Healthy" } },
		    { .id = "1" }, "apply Job/j; apply ConfigMap/a; Succeeded: successfully synced (all tasks run)" },
		{ "a paused canary holds nothing",
		    { { .kind = "ConfigMap", "a", "argocd.argoproj.io/sync-wave: \"1\"", NULL },
			{ .kind = "Rollout", "r", "", "Suspended" } },
		    { .id = "1" },
		    "apply Rollout/r; apply ConfigMap/a; Succeeded: successfully synced (all tasks run)" },
		{ "unless that is requested",
		    { { .kind = "ConfigMap", "a", "argocd.argoproj.io/sync-wave: \"1\"", NULL },
			{ .kind = "Rollout",
			    "r",
			    "argocd.argoproj.io/sync-options: WaitForPausedRollouts=true",
			    "Suspended" } },
		    { .id = "1" }, "apply Rollout/r; waiting for healthy state of argoproj.io/Rollout/r" },
		{ "hooks before and after",
		    { { .kind = "ConfigMap", "a", "", NULL },
			{ .kind = "Job", "post", "argocd.argoproj.io/hook: PostSync", "Healthy" },
			{ .kind = "Job", "pre", "argocd.argoproj.io/hook: PreSync", "Healthy" } },
		    { .id = "1" },
		    "hook Job/pre; apply ConfigMap/a; hook Job/post; Succeeded: successfully synced (all tasks run)" },
		{ "a hook that fails ends it, and the other is terminated",
		    { { .kind = "ConfigMap", "a", "", NULL },
			{ .kind = "Job", "pre", "argocd.argoproj.io/hook: PreSync", "Degraded" },
			{ .kind = "Job", "cry", "argocd.argoproj.io/hook: SyncFail", "Healthy" } },
		    { .id = "1" },
		    "hook Job/pre; hook Job/cry; Failed: one or more synchronization tasks completed unsuccessfully, "
		    "reason: Job/ns/pre failed" },
		{ "an object that is not healthy ends it, and is named",
		    { { .kind = "ConfigMap", "a", "", NULL }, { .kind = "Job",
								  "j",
								  "argocd.argoproj.io/sync-wave: \"-1\"",
								  "Degraded",
								  .message = "backoff limit" } },
		    { .id = "1" },
		    "apply Job/j; Failed: one or more synchronization tasks completed unsuccessfully, reason: Job/ns/j "
		    "is "
		    "Degraded: backoff limit" },
		{ "a hook that succeeded goes",
		    { { .kind = "ConfigMap", "a", "", NULL },
			{ .kind = "Job",
			    "pre",
			    "argocd.argoproj.io/hook: PreSync, argocd.argoproj.io/hook-delete-policy: HookSucceeded",
			    "Healthy" } },
		    { .id = "1" },
		    "hook Job/pre; delete Job/pre, apply ConfigMap/a; Succeeded: successfully synced (all tasks run)" },
		{ "without hooks",
		    { { .kind = "ConfigMap", "a", "", NULL },
			{ .kind = "Job", "pre", "argocd.argoproj.io/hook: PreSync", NULL } },
		    { .id = "1", .without_hooks = true },
		    "apply ConfigMap/a; Succeeded: successfully synced (all tasks run)" },
		{ "what is skipped is never applied",
		    { { .kind = "ConfigMap", "a", "", NULL },
			{ .kind = "Job", "s", "argocd.argoproj.io/hook: Skip", NULL } },
		    { .id = "1" }, "apply ConfigMap/a; Succeeded: successfully synced (all tasks run)" },
		{ "what Git dropped is left, unless it may be pruned",
		    { { .kind = "ConfigMap", "a", "", NULL },
			{ .kind = "ConfigMap", "old", "", "Healthy", .extra = true } },
		    { .id = "1" }, "apply ConfigMap/a; Succeeded: successfully synced (all tasks run)" },
		{ "then it goes first",
		    { { .kind = "ConfigMap", "a", "", NULL },
			{ .kind = "ConfigMap", "old", "", "Healthy", .extra = true } },
		    { .id = "1", .prune = true },
		    "prune ConfigMap/old, apply ConfigMap/a; Succeeded: successfully synced (all tasks run)" },
		{ "a namespace comes before what is in it, whatever its wave",
		    { { .kind = "ConfigMap", "a", "", NULL },
			{ .kind = "Namespace", "ns", "argocd.argoproj.io/sync-wave: \"5\"", NULL } },
		    { .id = "1" },
		    "apply Namespace/ns, apply ConfigMap/a; Succeeded: successfully synced (all tasks run)" },
		{ "one that cannot be applied stops all, before anything is done",
		    { { .kind = "ConfigMap", "a", "", NULL },
			{ .kind = "Service", "bad", "", NULL, .error = "file.yaml: Service bad: no" } },
		    { .id = "1" },
		    "; Failed: one or more objects failed to apply (dry run): file.yaml: Service bad: no" },
		{ "and so do several, which are all named",
		    { { .kind = "Service", "worse", "", NULL, .error = "file.yaml: Service worse: never" },
			{ .kind = "ConfigMap", "a", "", NULL },
			{ .kind = "Service", "bad", "", NULL, .error = "file.yaml: Service bad: no" } },
		    { .id = "1" },
		    "; Failed: one or more objects failed to apply (dry run): file.yaml: Service bad: no; file.yaml: "
		    "Service worse: never" },
		{ "a dry run does nothing", { { .kind = "ConfigMap", "a", "", NULL } }, { .id = "1", .dry_run = true },
		    "; Succeeded: successfully synced (dry run)" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct arena *a = arena_new();
		struct resources all;
		const char *got;
		size_t n = 0;

		while (n < ARRAY_SIZE(cases[i].wishes) && cases[i].wishes[n].kind != NULL)
			n++;
		make(a, &all, cases[i].wishes, n);
		got = play(a, &all, &cases[i].op);
		if (strcmp(got, cases[i].want) != 0)
			fail_msg("%s:\n got  %s\n want %s", cases[i].name, got, cases[i].want);
		resources_done(&all);
		arena_free(a);
	}
}

static void
pruning_last_and_in_the_opposite_order(void **state)
{
	static const struct wish wishes[] = {
		{ .kind = "ConfigMap", "new", "argocd.argoproj.io/sync-wave: \"3\"", NULL },
		{ .kind = "ConfigMap", "early", "", "Healthy", .extra = true },
		{ .kind = "ConfigMap", "late", "", "Healthy", .extra = true }
	};
	static const char *options[] = { "PruneLast=true" };
	struct arena *a = arena_new();
	struct resources all;

	(void)state;
	make(a, &all, wishes, 3);
	all.at[2].wave = 2;
	assert_string_equal(play(a, &all, &(struct sync_operation){ .id = "1", .prune = true }),
	    "prune ConfigMap/late; prune ConfigMap/early; apply ConfigMap/new; Succeeded: successfully synced (all "
	    "tasks run)");
	resources_done(&all);
	make(a, &all, wishes, 3);
	assert_string_equal(
	    play(a, &all, &(struct sync_operation){ .id = "1", .prune = true, .options = { options, 1 } }),
	    "apply ConfigMap/new; prune ConfigMap/late, prune ConfigMap/early; Succeeded: successfully synced (all "
	    "tasks run)");
	resources_done(&all);
	arena_free(a);
}

/* The first step of a sync of these, as "PHASE: MESSAGE", with "?" behind it while it waits for confirmation. */
static const char *
first_step(struct arena *a, const struct wish *w, size_t n, const char *options, const struct sync_operation *op)
{
	struct sync_results results = { .arena = a };
	struct resources all;
	struct sync_step step;

	make(a, &all, w, n);
	for (size_t i = 0; i < n; i++)
		if (all.at[i].manifest == NULL)
			all.at[i].options = options;
	sync_next(a, op, &all, &results, &step);
	if (step.unconfirmed)
		assert_int_equal(step.n, 0);
	sync_results_done(&results);
	resources_done(&all);
	return arena_printf(
	    a, "%s: %s%s", operation_phase_names[step.phase], step.message, step.unconfirmed ? "?" : "");
}

static void
what_requires_confirmation_is_waited_for_before_anything_is_done(void **state)
{
	static const struct wish wishes[] = { { .kind = "ConfigMap", "new", "", NULL },
		{ .kind = "ConfigMap", "old", "", "Healthy", .extra = true },
		{ .kind = "ConfigMap", "older", "", "Healthy", .extra = true } };
	static const char *everywhere[] = { "Prune=confirm" };
	struct arena *a = arena_new();

	(void)state;
	assert_string_equal(
	    first_step(a, wishes, 3, "Prune=confirm", &(struct sync_operation){ .id = "1", .prune = true }),
	    "Running: waiting for pruning confirmation of /ConfigMap/older and 1 more resources?");
	assert_string_equal(
	    first_step(a, wishes, 2, "Prune=confirm", &(struct sync_operation){ .id = "1", .prune = true }),
	    "Running: waiting for pruning confirmation of /ConfigMap/old?");
	assert_string_equal(first_step(a, wishes, 2, NULL,
				&(struct sync_operation){ .id = "1", .prune = true, .options = { everywhere, 1 } }),
	    "Running: waiting for pruning confirmation of /ConfigMap/old?");
	assert_string_equal(first_step(a, wishes, 2, "Prune=confirm",
				&(struct sync_operation){ .id = "1", .prune = true, .confirmed = true }),
	    "Running: Sync, wave 0");
	assert_string_equal(
	    first_step(a, wishes, 2, "Prune=confirm", &(struct sync_operation){ .id = "1" }), "Running: Sync, wave 0");
	assert_string_equal(
	    first_step(a, wishes, 2, "Delete=confirm", &(struct sync_operation){ .id = "1", .prune = true }),
	    "Running: Sync, wave 0");
	assert_string_equal(first_step(a, wishes, 2, "Prune=confirm",
				&(struct sync_operation){ .id = "1", .prune = true, .dry_run = true }),
	    "Succeeded: successfully synced (dry run)");
	arena_free(a);
}

static void
deleting_an_application_requires_the_option_delete(void **state)
{
	static const struct wish wishes[] = { { .kind = "ConfigMap", "old", "", "Healthy", .extra = true } };
	const struct sync_operation deleting = { .id = "1", .prune = true, .deleting = true },
				    confirmed = { .id = "1", .prune = true, .deleting = true, .confirmed = true };
	struct arena *a = arena_new();

	(void)state;
	assert_string_equal(first_step(a, wishes, 1, "Delete=confirm", &deleting),
	    "Running: waiting for deletion confirmation of /ConfigMap/old?");
	assert_string_equal(first_step(a, wishes, 1, "Delete=confirm", &confirmed), "Running: Sync, wave 0");
	assert_string_equal(first_step(a, wishes, 1, "Prune=confirm", &deleting), "Running: Sync, wave 0");
	assert_string_equal(first_step(a, wishes, 1, "Prune=false", &deleting), "Running: Sync, wave 0");
	arena_free(a);
}

static void
a_sync_that_fails_says_of_what_and_why(void **state)
{
	static const struct wish wishes[] = { { .kind = "ConfigMap", "a", "", "Healthy", .extra = true },
		{ .kind = "ConfigMap", "b", "", "Healthy", .extra = true },
		{ .kind = "ConfigMap", "c", "", "Healthy", .extra = true },
		{ .kind = "ConfigMap", "d", "", "Healthy", .extra = true } };
	const struct sync_operation op = { .id = "1", .prune = true };
	struct arena *a = arena_new();
	struct sync_results results = { .arena = a };
	struct resources all;
	struct sync_step step;

	(void)state;
	make(a, &all, wishes, 4);
	sync_next(a, &op, &all, &results, &step);
	assert_int_equal(step.n, 4);
	for (size_t i = 0; i < 4; i++)
		sync_record(&results, &step.tasks[i], RESULT_SYNC_FAILED, OPERATION_FAILED,
		    arena_printf(a, "ConfigMap/ns/%s delete failed: no", step.tasks[i].resource->name));
	sync_next(a, &op, &all, &results, &step);
	assert_int_equal(step.phase, OPERATION_FAILED);
	assert_string_equal(step.message,
	    "one or more synchronization tasks completed unsuccessfully, reason: ConfigMap/ns/d delete failed: no; "
	    "ConfigMap/ns/c delete failed: no; ConfigMap/ns/b delete failed: no; and 1 more");
	assert_true(step.prune_failed);
	sync_results_done(&results);
	resources_done(&all);
	arena_free(a);
}

/* Two operations on end make the same hook anew: the end of the first one's must not delete what the second one
 * made. */
static void
a_hook_of_another_operation_is_not_deleted(void **state)
{
	static const struct wish wishes[] = { { .kind = "Job",
	    "pre",
	    "argocd.argoproj.io/hook: PreSync, argocd.argoproj.io/hook-delete-policy: HookSucceeded",
	    "Healthy" } };
	static const struct sync_operation op = { .id = "2" };
	struct arena *a = arena_new();

	(void)state;
	for (int own = 0; own < 2; own++) {
		struct sync_results results = { .arena = a };
		struct resources all;
		struct sync_step step;
		size_t deleted = 0;

		make(a, &all, wishes, 1);
		all.at[0].operation = op.id;
		sync_next(a, &op, &all, &results, &step);
		assert_int_equal(step.n, 1);
		sync_record(&results, &step.tasks[0], RESULT_NONE, OPERATION_SUCCEEDED, "");
		all.at[0].live = true;
		all.at[0].operation = own ? "2" : "1";
		sync_next(a, &op, &all, &results, &step);
		for (size_t i = 0; i < step.n; i++)
			deleted += step.tasks[i].verb == SYNC_DELETE_HOOK;
		assert_int_equal(deleted, own);
		sync_results_done(&results);
		resources_done(&all);
	}
	arena_free(a);
}

static void
what_has_come_to_belong_to_another_application_is_not_applied(void **state)
{
	static const struct wish wishes[] = {
		{ .kind = "ConfigMap", "a", "", NULL, .error = NULL },
		{ .kind = "ConfigMap", "b", "argocd.argoproj.io/sync-wave: '1'", NULL, .error = NULL },
	};
	struct arena *a = arena_new();
	struct sync_results results = { .arena = a };
	const struct sync_operation op = { 0 };
	struct resources all;
	struct sync_step step;

	(void)state;
	make(a, &all, wishes, ARRAY_SIZE(wishes));
	sync_next(a, &op, &all, &results, &step);
	assert_int_equal(step.n, 1);
	sync_record(&results, &step.tasks[0], RESULT_SYNCED, OPERATION_NONE, "configured");
	all.at[0].status = SYNC_SYNCED;
	all.at[0].live = true;
	all.at[1].shared = true;
	all.at[1].error = "Shared resource found";
	sync_next(a, &op, &all, &results, &step);
	assert_int_equal(step.n, 0);
	assert_int_equal(step.phase, OPERATION_FAILED);
	assert_non_null(strstr(step.message, "Shared resource found"));
	resources_done(&all);
	sync_results_done(&results);
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_requires_confirmation_is_waited_for_before_anything_is_done),
		cmocka_unit_test(deleting_an_application_requires_the_option_delete),
		cmocka_unit_test(a_sync_that_fails_says_of_what_and_why),
		cmocka_unit_test(a_sync_goes_in_order),
		cmocka_unit_test(pruning_last_and_in_the_opposite_order),
		cmocka_unit_test(a_hook_of_another_operation_is_not_deleted),
		cmocka_unit_test(what_has_come_to_belong_to_another_application_is_not_applied),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
