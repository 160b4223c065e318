/* tests/unit/kube/common_texts.c: texts that objects share. */
#include "tests/unit/unit.h"
#include "kube/api/common_texts.h"
#include "kube/api/replicaset.h"

static void
each_is_found(void **state)
{
	static const char *const texts[] = { "True", "False", "Paused", "Healthy", "Rollout", "Unknown", "apps/v1",
		"batch/v1", "Available", "Completed", "Deployment", "ReplicaSet", "Progressing", "RolloutPaused",
		"helm.sh/chart", "RolloutAborted", "RolloutHealthy", "AvailableReason", "CanaryPauseStep",
		"RolloutCompleted", "ReplicaSetUpdated", "Rollout is paused", "pod-template-hash", "Rollout is healthy",
		"scale-down-deadline", "argoproj.io/v1alpha1", "NewReplicaSetAvailable", "Rollout is not healthy",
		"app.kubernetes.io/name", "app.kubernetes.io/part-of", "app.kubernetes.io/version",
		"app.kubernetes.io/instance", "rollouts-pod-template-hash", "app.kubernetes.io/component",
		"argocd.argoproj.io/instance", "app.kubernetes.io/managed-by", "rollout.argoproj.io/revision",
		"argocd.argoproj.io/tracking-id", "Rollout has minimum availability",
		"rollout.argoproj.io/desired-replicas", "rollout.argoproj.io/revision-history",
		"rollout.argoproj.io/workload-generation", "Rollout does not have minimum availability" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		const char *found = common_text(texts[i], strlen(texts[i]));

		assert_non_null(found);
		assert_string_equal(found, texts[i]);
		assert_ptr_equal(common_text(found, strlen(found)), found);
		assert_null(common_text(texts[i], strlen(texts[i]) - 1));
	}
	assert_null(common_text("", 0));
	assert_null(common_text("a text that is longer than any of the common ones", 49));
}

static void
others_are_copied(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const char *common = common_text("Rollout", 7), *own = arena_strdup(a, "Rollout");

	(void)state;
	assert_ptr_equal(common_text_copy(a, common), common);
	assert_ptr_not_equal(common_text_copy(a, own), own);
	assert_string_equal(common_text_copy(a, own), own);
	assert_null(common_text_copy(a, NULL));
}

/* An object in the cache is a copy of the one that was decoded. */
static void
objects_share_them(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new(), *b = arena_new();
	const char *text = "{\"metadata\":{\"name\":\"web\",\"labels\":{\"rollouts-pod-template-hash\":\"Rollout\"},"
			   "\"ownerReferences\":[{\"kind\":\"Rollout\",\"name\":\"Roll\\u006fut\"}]}}";
	const struct object *decoded = object_decode_at(&replicaset_type, text, a), *copy = object_copy(decoded, b);

	(void)state;
	assert_ptr_equal(copy->meta.labels.at[0].key, common_text("rollouts-pod-template-hash", 26));
	assert_string_equal(copy->meta.labels.at[0].value, "Rollout");
	assert_ptr_equal(copy->meta.owners.at[0].kind, common_text("Rollout", 7));
	assert_string_equal(copy->meta.owners.at[0].name, "Rollout");
	assert_ptr_not_equal(copy->meta.owners.at[0].name, decoded->meta.owners.at[0].name);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_is_found),
		cmocka_unit_test(others_are_copied),
		cmocka_unit_test(objects_share_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
