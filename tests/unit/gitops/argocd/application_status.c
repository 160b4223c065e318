/* tests/unit/gitops/argocd/application_status.c: a status that Argo CD has written is read and written again. */
#include "gitops/argocd/application_status.h"
#include "base/str.h"
#include "tests/unit/unit.h"

#define STATUS                                                                                                         \
	"conditions:\n"                                                                                                \
	"- {type: SyncError, message: failed, lastTransitionTime: '2026-01-01T00:00:00Z'}\n"                           \
	"sync: {status: OutOfSync, revisions: [a, b], comparedTo: {destination: {name: in-cluster}}}\n"                \
	"health: {lastTransitionTime: '2026-01-01T00:00:00Z', status: Degraded, message: why}\n"                       \
	"resources:\n"                                                                                                 \
	"- {group: apps, version: v1, kind: Deployment, namespace: shop, name: web, status: Synced, health: {status: " \
	"Healthy}}\n"                                                                                                  \
	"sourceType: Kustomize\n"                                                                                      \
	"summary: {images: [web:1]}\n"                                                                                 \
	"operationState:\n"                                                                                            \
	"  phase: Succeeded\n"                                                                                         \
	"  startedAt: '2026-01-01T00:00:00Z'\n"                                                                        \
	"  operation: {sync: {revision: a, prune: true}, info: [{name: x, value: y}]}\n"                               \
	"  message: done\n"                                                                                            \
	"  finishedAt: '2026-01-01T00:01:00Z'\n"                                                                       \
	"  syncResult: {source: {repoURL: u}, resources: [], revision: a}\n"                                           \
	"history:\n"                                                                                                   \
	"- {id: 0, source: {repoURL: u}, deployStartedAt: '2026-01-01T00:00:00Z', deployedAt: "                        \
	"'2026-01-01T00:01:00Z', "                                                                                     \
	"initiatedBy: {automated: true}, revision: a}\n"

static void
a_status_is_written_as_it_was_read(void **state)
{
	struct arena *a = arena_new();
	struct application_status s = { 0 };
	json_t *j = yaml(a, STATUS), *written;

	(void)state;
	decode_text(&application_status_type, json_text(a, j), a, &s);
	assert_int_equal(s.sync.status, SYNC_OUT_OF_SYNC);
	assert_int_equal(s.health.status, HEALTH_DEGRADED);
	assert_int_equal(s.operation_state.phase, OPERATION_SUCCEEDED);
	assert_int_equal(s.resources.at[0].status, SYNC_SYNCED);
	assert_int_equal(s.resources.at[0].health.status, HEALTH_HEALTHY);
	written = encode(&application_status_type, &s);
	assert_string_equal(json_text(a, written), json_text(a, j));
	json_decref(written);
	json_decref(j);
	arena_free(a);
}

static void
a_revision_of_several_sources_is_one_text(void **state)
{
	static const struct {
		const char *text;
		size_t n;
	} cases[] = { { NULL, 0 }, { "a", 0 }, { "a,b", 2 }, { "a,,c", 3 } };
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *revision;
		struct strings revisions;

		app_revision_set(a, cases[i].text, &revision, &revisions);
		assert_int_equal(revisions.n, cases[i].n);
		assert_true(str_eq(app_revision_text(a, revision, &revisions), cases[i].text));
	}
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_status_is_written_as_it_was_read),
		cmocka_unit_test(a_revision_of_several_sources_is_one_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
