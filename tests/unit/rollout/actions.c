/* tests/unit/rollout/actions.c: the patches of users' actions, which every controller of this API understands. */
#include "rollout/actions.h"
#include "kube/api/rollout.h"
#include "tests/unit/unit.h"

#define ROLLOUT(status)                                                                                                \
	"{kind: Rollout, metadata: {name: web, namespace: shop, uid: u1}, spec: {template: {spec: {containers: "       \
	"[{name: app, image: 'shop/web:1'}]}}, strategy: {canary: {steps: [{setWeight: 10}, {pause: {}}, "             \
	"{setWeight: 50}]}}}, status: " status "}"

/* "TYPE/NAME[/status] BODY" for each patch, one a line; the error's text; or "". */
static const char *
printed(struct arena *a, const struct err *e, struct action *action)
{
	const char *text = e != NULL ? err_text(a, e) : "";

	for (size_t i = 0; i < action->n; i++) {
		const struct action_patch *p = &action->patches[i];

		text = arena_printf(a, "%s%s%s/%s%s %s", text, i > 0 ? "\n" : "", p->type->plural, p->name,
		    p->status ? "/status" : "", json_text(a, p->body));
	}
	action_done(action);
	return text;
}

static const struct rollout *
rollout(struct arena *a, const char *text)
{
	_cleanup_(json_decrefp) json_t *j = yaml(a, text);

	return (const struct rollout *)object_decode(&rollout_type, j, a);
}

static void
promotion_ends_a_pause_or_skips_steps(void **state)
{
	static const struct {
		const char *rollout;
		enum promote_mode how;
		const char *want;
	} cases[] = {
		{ ROLLOUT("{currentStepIndex: 1, pauseConditions: [{reason: CanaryPauseStep}], controllerPause: true}"),
		    PROMOTE_NEXT, "rollouts/web/status {\"status\":{\"pauseConditions\":null}}" },
		{ ROLLOUT("{currentStepIndex: 1, pauseConditions: [{reason: InconclusiveAnalysisRun}], "
			  "controllerPause: true, "
			  "canary: {currentStepAnalysisRunStatus: {name: a, status: Inconclusive}}}"),
		    PROMOTE_NEXT,
		    "rollouts/web/status "
		    "{\"status\":{\"pauseConditions\":null,\"controllerPause\":false,\"currentStepIndex\":2}}" },
		{ ROLLOUT("{currentStepIndex: 2}"), PROMOTE_NEXT,
		    "rollouts/web/status {\"status\":{\"pauseConditions\":null,\"currentStepIndex\":3}}" },
		{ ROLLOUT("{currentStepIndex: 3}"), PROMOTE_NEXT, "" },
		{ ROLLOUT("{currentStepIndex: 0}"), PROMOTE_SKIP_STEP,
		    "rollouts/web/status {\"status\":{\"currentStepIndex\":1}}" },
		{ ROLLOUT("{currentStepIndex: 3}"), PROMOTE_SKIP_STEP,
		    "rollouts/web/status {\"status\":{\"currentStepIndex\":3}}" },
		{ ROLLOUT("{currentStepIndex: 0}"), PROMOTE_SKIP_ALL,
		    "rollouts/web/status {\"status\":{\"currentStepIndex\":3}}" },
		{ ROLLOUT("{currentPodHash: b, stableRS: a}"), PROMOTE_FULL,
		    "rollouts/web/status {\"status\":{\"promoteFull\":true}}" },
		{ ROLLOUT("{currentPodHash: a, stableRS: a}"), PROMOTE_FULL, "" },
		{ "{kind: Rollout, metadata: {name: web}, spec: {paused: true, strategy: {blueGreen: {activeService: "
		  "web}}}}",
		    PROMOTE_NEXT, "rollouts/web {\"spec\":{\"paused\":false}}" },
		{ "{kind: Rollout, metadata: {name: web}, spec: {strategy: {blueGreen: {activeService: web}}}}",
		    PROMOTE_SKIP_ALL, "rollout 'web' has no steps to skip" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct arena *a = arena_new();
		struct action action = { 0 };
		struct err *e = action_promote(a, rollout(a, cases[i].rollout), cases[i].how, &action);

		assert_string_equal(printed(a, e, &action), cases[i].want);
		arena_free(a);
	}
}

static void
abort_and_retry_change_the_status_only(void **state)
{
	struct arena *a = arena_new();
	struct action action = { 0 };

	(void)state;
	action_abort("web", &action);
	assert_string_equal(printed(a, NULL, &action), "rollouts/web/status {\"status\":{\"abort\":true}}");
	action_retry("web", &action);
	assert_string_equal(printed(a, NULL, &action), "rollouts/web/status {\"status\":{\"abort\":false}}");
	arena_free(a);
}

static void
pause_and_restart_change_the_spec_only(void **state)
{
	struct arena *a = arena_new();
	struct action action = { 0 };

	(void)state;
	action_pause("web", &action);
	assert_string_equal(printed(a, NULL, &action), "rollouts/web {\"spec\":{\"paused\":true}}");
	action_restart("web", "2026-12-01T00:00:00Z", &action);
	assert_string_equal(
	    printed(a, NULL, &action), "rollouts/web {\"spec\":{\"restartAt\":\"2026-12-01T00:00:00Z\"}}");
	arena_free(a);
}

/* A ReplicaSet of a revision, owned by the Rollout with this uid. */
#define REPLICASET(revision, uid, image)                                                                               \
	"{metadata: {ownerReferences: [{uid: " uid "}], annotations: {rollout.argoproj.io/revision: '" revision        \
	"', rollout.argoproj.io/ephemeral-metadata: '{\"labels\":{\"role\":\"canary\"}}'}}, spec: {template: "         \
	"{metadata: {labels: {app: web, role: canary, rollouts-pod-template-hash: abc}}, spec: {containers: "          \
	"[{name: app, image: '" image "'}]}}}}"
#define REPLICASETS                                                                                                    \
	"[" REPLICASET("1", "u1", "shop/web:1") ", " REPLICASET("3", "u1", "shop/web:3") ", " REPLICASET(              \
	    "9", "u2", "other/web:9") ", " REPLICASET("2", "u1", "shop/web:2") "]"
#define UNDONE(type, pointer, image)                                                                                   \
	type "/web [{\"op\":\"replace\",\"path\":\"" pointer                                                           \
	     "\",\"value\":{\"metadata\":{\"labels\":{\"app\":\"web\"}},\"spec\":{\"containers\":[{\"name\":\"app\","  \
	     "\"image\":\"" image "\"}]}}}]"

static void
undo_takes_the_template_of_an_own_revision(void **state)
{
	static const struct {
		int64_t revision;
		const char *want;
	} cases[] = {
		{ 0, UNDONE("rollouts", "/spec/template", "shop/web:2") },
		{ 1, UNDONE("rollouts", "/spec/template", "shop/web:1") },
		{ 9, "rollout 'web' has no revision 9; `sluice get rollout web` shows its revisions" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct arena *a = arena_new();
		_cleanup_(json_decrefp) json_t *list = yaml(a, REPLICASETS);
		struct action action = { 0 };
		struct err *e = action_undo(a, rollout(a, ROLLOUT("{}")), list, cases[i].revision, &action);

		assert_string_equal(printed(a, e, &action), cases[i].want);
		arena_free(a);
	}
}

static void
undo_without_an_earlier_revision_is_an_error(void **state)
{
	struct arena *a = arena_new();
	_cleanup_(json_decrefp) json_t *list = yaml(a, "[" REPLICASET("1", "u1", "shop/web:1") "]");
	struct action action = { 0 };
	struct err *e = action_undo(a, rollout(a, ROLLOUT("{}")), list, 0, &action);

	(void)state;
	assert_non_null(e);
	assert_int_equal(e->class, ERR_INVALID);
	assert_string_equal(printed(a, e, &action),
	    "rollout 'web' has no earlier revision; `sluice get rollout web` shows its revisions");
	arena_free(a);
}

#define REFERRING(kind)                                                                                                \
	"{kind: Rollout, metadata: {name: web, namespace: shop, uid: u1}, spec: {workloadRef: {apiVersion: apps/v1, "  \
	"kind: " kind ", name: owner}}}"

static void
set_image_writes_the_containers_of_the_templates_owner(void **state)
{
	static const char owner[] =
	    "{metadata: {resourceVersion: '7'}, spec: {template: {spec: {containers: [{name: app, image: a:1, "
	    "env: []}, {name: proxy, image: p:1}], initContainers: [{name: app, image: i:1}]}}}}";
	static const struct {
		const char *rollout, *images[2];
		const char *want;
	} cases[] = {
		{ ROLLOUT("{}"), { "app=b:2" },
		    "rollouts/web "
		    "{\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"name\":\"app\",\"image\":\"b:2\","
		    "\"env\":[]},{\"name\":\"proxy\",\"image\":\"p:1\"}],\"initContainers\":[{\"name\":\"app\","
		    "\"image\":\"b:2\"}]}}},\"metadata\":{\"resourceVersion\":\"7\"}}" },
		{ REFERRING("Deployment"), { "proxy=q:2", "app=b@sha256:1=2" },
		    "deployments/owner {\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"name\":\"app\",\"image\":"
		    "\"b@sha256:1=2\",\"env\":[]},{\"name\":\"proxy\",\"image\":\"q:2\"}],\"initContainers\":[{"
		    "\"name\":"
		    "\"app\",\"image\":\"b@sha256:1=2\"}]}}},\"metadata\":{\"resourceVersion\":\"7\"}}" },
		{ ROLLOUT("{}"), { "*=c:3" },
		    "rollouts/web "
		    "{\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"name\":\"app\",\"image\":\"c:3\","
		    "\"env\":[]},{\"name\":\"proxy\",\"image\":\"c:3\"}],\"initContainers\":[{\"name\":\"app\","
		    "\"image\":\"c:3\"}]}}},\"metadata\":{\"resourceVersion\":\"7\"}}" },
		{ ROLLOUT("{}"), { "nothing=c:3" },
		    "\"nothing=c:3\": want CONTAINER=IMAGE, with a container of the rollout's template" },
		{ ROLLOUT("{}"), { "app=" },
		    "\"app=\": want CONTAINER=IMAGE, with a container of the rollout's template" },
		{ REFERRING("DaemonSet"), { "app=b:2" },
		    "rollout 'web' refers to a workload of a kind that is not known" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct arena *a = arena_new();
		_cleanup_(json_decrefp) json_t *read = yaml(a, owner);
		struct action action = { 0 };
		struct err *e = action_set_image(a, rollout(a, cases[i].rollout), read, cases[i].images,
		    cases[i].images[1] != NULL ? 2 : 1, &action);

		assert_string_equal(printed(a, e, &action), cases[i].want);
		arena_free(a);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(promotion_ends_a_pause_or_skips_steps),
		cmocka_unit_test(abort_and_retry_change_the_status_only),
		cmocka_unit_test(pause_and_restart_change_the_spec_only),
		cmocka_unit_test(undo_takes_the_template_of_an_own_revision),
		cmocka_unit_test(undo_without_an_earlier_revision_is_an_error),
		cmocka_unit_test(set_image_writes_the_containers_of_the_templates_owner),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
