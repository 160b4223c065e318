/* kube/api/common_texts.c: the texts that are not copied with each object. */
#include "kube/api/common_texts.h"
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include "base/arena.h"

#define COMMON_MAX 43 /* bytes of a text, with its NUL */

struct common_text {
	uint8_t len;
	char text[COMMON_MAX];
};

#define TEXT(text)                                                                                                     \
	{                                                                                                              \
		sizeof(text) - 1, text                                                                                 \
	}

/* Sorted by their lengths, and those of the same length by their bytes. */
static const struct common_text common_texts[] = {
	TEXT("True"),
	TEXT("False"),
	TEXT("Paused"),
	TEXT("Healthy"),
	TEXT("Rollout"),
	TEXT("Unknown"),
	TEXT("apps/v1"),
	TEXT("batch/v1"),
	TEXT("Available"),
	TEXT("Completed"),
	TEXT("Deployment"),
	TEXT("ReplicaSet"),
	TEXT("Progressing"),
	TEXT("RolloutPaused"),
	TEXT("helm.sh/chart"),
	TEXT("RolloutAborted"),
	TEXT("RolloutHealthy"),
	TEXT("AvailableReason"),
	TEXT("CanaryPauseStep"),
	TEXT("RolloutCompleted"),
	TEXT("ReplicaSetUpdated"),
	TEXT("Rollout is paused"),
	TEXT("pod-template-hash"),
	TEXT("Rollout is healthy"),
	TEXT("scale-down-deadline"),
	TEXT("argoproj.io/v1alpha1"),
	TEXT("NewReplicaSetAvailable"),
	TEXT("Rollout is not healthy"),
	TEXT("app.kubernetes.io/name"),
	TEXT("app.kubernetes.io/part-of"),
	TEXT("app.kubernetes.io/version"),
	TEXT("app.kubernetes.io/instance"),
	TEXT("rollouts-pod-template-hash"),
	TEXT("app.kubernetes.io/component"),
	TEXT("argocd.argoproj.io/instance"),
	TEXT("app.kubernetes.io/managed-by"),
	TEXT("rollout.argoproj.io/revision"),
	TEXT("argocd.argoproj.io/tracking-id"),
	TEXT("Rollout has minimum availability"),
	TEXT("rollout.argoproj.io/desired-replicas"),
	TEXT("rollout.argoproj.io/revision-history"),
	TEXT("rollout.argoproj.io/workload-generation"),
	TEXT("Rollout does not have minimum availability"),
};

static int
common_compare(const struct common_text *c, const char *at, size_t len)
{
	if (c->len != len)
		return c->len < len ? -1 : 1;
	return memcmp(c->text, at, len);
}

const char *
common_text(const char *at, size_t len)
{
	size_t low = 0, high = sizeof(common_texts) / sizeof(common_texts[0]);

	while (low < high && len < COMMON_MAX) {
		size_t middle = (low + high) / 2;
		int order = common_compare(&common_texts[middle], at, len);

		if (order == 0)
			return common_texts[middle].text;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

const char *
common_text_copy(struct arena *a, const char *s)
{
	bool is_common = (uintptr_t)s - (uintptr_t)common_texts < sizeof(common_texts);

	return is_common ? s : arena_strdup(a, s);
}
