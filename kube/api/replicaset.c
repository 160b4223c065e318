/* kube/api/replicaset.c: ReplicaSet of apps/v1: the rows of its fields. */
#include "kube/api/replicaset.h"
#include <string.h>
#include "base/json_walk.h"
#include "base/str.h"
#include "base/time.h"
#include "kube/api/pod_template.h"

#define INT_TEXT_MAX 12

static const struct field replicaset_spec_fields[] = {
	OPT_INT(replicaset_spec, replicas, "replicas", .min = 0, .max = INT32_MAX),
	INT(replicaset_spec, min_ready_seconds, "minReadySeconds", .min = 0, .max = INT32_MAX),
};
TYPE(replicaset_spec, "ReplicaSet's spec");

static const struct field replicaset_status_fields[] = {
	INT(replicaset_status, replicas, "replicas", .min = 0, .max = INT32_MAX),
	INT(replicaset_status, ready_replicas, "readyReplicas", .min = 0, .max = INT32_MAX),
	INT(replicaset_status, available_replicas, "availableReplicas", .min = 0, .max = INT32_MAX),
	INT(replicaset_status, observed_generation, "observedGeneration"),
	LIST(replicaset_status, conditions, "conditions", condition),
};
TYPE(replicaset_status, "ReplicaSet's status");

/* Without a spec, the template is empty. */
static void
replicaset_derive(void *of, const void *before, const char *text, struct arena *a)
{
	const struct replicaset *same = before;

	((struct replicaset *)of)->spec.template =
	    same != NULL ? arena_strdup(a, same->spec.template)
			 : pod_template_canonical(a, json_find(json_find(text, "spec"), "template"));
}

static void
replicaset_copied(void *of, struct arena *a)
{
	struct replicaset *rs = of;

	rs->spec.template = arena_strdup(a, rs->spec.template);
}

static const struct field replicaset_fields[] = {
	EMBED(replicaset, spec, "spec", replicaset_spec),
	EMBED(replicaset, status, "status", replicaset_status),
};
TYPE(replicaset, "ReplicaSet", .group = "apps", .version = "v1", .plural = "replicasets", .kind = "ReplicaSet",
    .has_status = true, .derive = replicaset_derive, .copied = replicaset_copied);

int64_t
replicaset_wanted(const struct replicaset *rs)
{
	return rs->spec.replicas.present ? rs->spec.replicas.value : 1;
}

int64_t
replicaset_available(const struct replicaset *rs)
{
	int64_t available, certain, since;

	if (rs == NULL)
		return 0;
	available = replicaset_wanted(rs);
	if (rs->status.available_replicas < available)
		available = rs->status.available_replicas;
	return replicaset_certain(rs, &certain, &since) && certain < available ? certain : available;
}

bool
replicaset_counts_removed_pods(const struct replicaset *rs)
{
	return rs->status.replicas > replicaset_wanted(rs) || rs->status.available_replicas > replicaset_wanted(rs);
}

bool
replicaset_certain(const struct replicaset *rs, int64_t *ret_pods, int64_t *ret_since)
{
	const char *text = object_annotation(&rs->object, ANNOTATION_CERTAIN_PODS), *space;
	char digits[INT_TEXT_MAX];
	long long pods;

	if (text == NULL || (space = strchr(text, ' ')) == NULL || (size_t)(space - text) >= sizeof(digits))
		return false;
	memcpy(digits, text, (size_t)(space - text));
	digits[space - text] = '\0';
	if (!str_int(digits, 0, INT32_MAX, &pods) || !time_parse(space + 1, ret_since))
		return false;
	*ret_pods = pods;
	return true;
}
