/* rollout/view/summary.c: a rollout in numbers and words, for `get` and the dashboard: roles, phase, weights and
 * counts, read from the status. */
#include "rollout/view/summary.h"
#include "base/json.h"
#include "base/str.h"
#include "rollout/replica_counts.h"

static const struct {
	const char *status;
	struct summary_icon icon;
} icons[] = {
	{ "Healthy", { "✔", "32" } },
	{ "Running", { "✔", "32" } },
	{ "Successful", { "✔", "32" } },
	{ "Completed", { "✔", "32" } },
	{ "Ready", { "✔", "32" } },
	{ "Progressing", { "◌", "36" } },
	{ "Pending", { "◌", "36" } },
	{ "Measuring", { "◌", "36" } },
	{ "ContainerCreating", { "◌", "36" } },
	{ "PodInitializing", { "◌", "36" } },
	{ "Terminating", { "◌", "36" } },
	{ "Paused", { "॥", "33" } },
	{ "Inconclusive", { "?", "33" } },
	{ "NotReady", { "⚠", "33" } },
	{ "Unknown", { "?", "33" } },
	{ "Degraded", { "✖", "31" } },
	{ "Failed", { "✖", "31" } },
	{ "Error", { "⚠", "31" } },
	{ "CrashLoopBackOff", { "✖", "31" } },
	{ "ImagePullBackOff", { "✖", "31" } },
	{ "ErrImagePull", { "✖", "31" } },
	{ "InvalidImageName", { "✖", "31" } },
	{ "CreateContainerConfigError", { "✖", "31" } },
	{ "RunContainerError", { "✖", "31" } },
	{ "OOMKilled", { "✖", "31" } },
	{ "Evicted", { "✖", "31" } },
	{ "ScaledDown", { "•", "90" } },
};

struct summary_icon
summary_icon(const char *status)
{
	for (size_t i = 0; i < ARRAY_SIZE(icons); i++)
		if (str_eq(icons[i].status, status))
			return icons[i].icon;
	if (str_starts(status, "Init:"))
		return (struct summary_icon){ "◌", "36" };
	return (struct summary_icon){ "", "" };
}

unsigned
summary_roles(const struct rollout *r, const struct replicaset *rs)
{
	const char *hash = object_label(&rs->object, LABEL_POD_TEMPLATE_HASH);
	const struct rollout_status *s = &r->status;
	const struct canary_strategy *c = r->spec.strategy.canary;
	unsigned roles = str_eq(hash, s->stable_rs) ? ROLE_STABLE : 0;

	if (c == NULL && str_eq(hash, s->blue_green.active_selector))
		return roles | ROLE_ACTIVE;
	if (c == NULL)
		return str_eq(hash, s->blue_green.preview_selector) ? roles | ROLE_PREVIEW : roles;
	if (roles == 0 && str_eq(hash, s->current_pod_hash))
		roles = ROLE_CANARY;
	if (roles != 0 && c->ping_pong != NULL)
		roles |= (roles == ROLE_STABLE) == str_eq(s->canary.stable_ping_pong, "ping") ? ROLE_PING : ROLE_PONG;
	return roles;
}

const char *
summary_phase(const struct rollout *r, const char **ret_message)
{
	const char *phase = str_empty(r->status.phase) ? "Progressing" : r->status.phase;
	const char *message = str_empty(r->status.message) ? NULL : r->status.message;
	long long seen;

	/* The status of an older spec does not apply. Without a status no controller has processed the rollout. */
	if (str_empty(r->status.observed_generation)
		? str_empty(r->status.phase) && r->object.meta.generation > 0
		: str_int(r->status.observed_generation, 0, INT64_MAX, &seen) && seen < r->object.meta.generation) {
		phase = "Progressing";
		message = "waiting for rollout spec update to be observed";
	} else if (r->status.controller_pause && r->status.pause_conditions.n == 0) {
		/* A promotion removed the conditions; the controller removes the rest of the pause. */
		phase = "Progressing";
		message = "waiting for rollout to unpause";
	} else if (r->spec.workload_ref != NULL && r->status.workload_observed_generation != NULL &&
		   object_annotation(&r->object, ANNOTATION_WORKLOAD_GENERATION) != NULL &&
		   !str_eq(r->status.workload_observed_generation,
		       object_annotation(&r->object, ANNOTATION_WORKLOAD_GENERATION))) {
		phase = "Progressing";
		message = "waiting for rollout spec update to be observed for the reference workload";
	}
	if (ret_message != NULL)
		*ret_message = message;
	return phase;
}

int64_t
summary_desired(const struct rollout *r)
{
	return r->spec.replicas.present ? r->spec.replicas.value : 1;
}

int64_t
summary_set_weight(const struct rollout *r)
{
	const struct rollout_status *s = &r->status;

	if (s->abort || r->spec.strategy.canary == NULL)
		return 0;
	return counts_step_weight(
	    r->spec.strategy.canary, s->current_step_index.present ? s->current_step_index.value : 0, true);
}

int64_t
summary_actual_weight(const struct rollout *r, const struct object *const *sets, size_t n)
{
	const struct rollout_status *s = &r->status;

	if (r->spec.strategy.canary == NULL)
		return 0;
	if (s->stable_rs != NULL && str_eq(s->stable_rs, s->current_pod_hash))
		return 100;
	if (s->canary.weights != NULL)
		return s->canary.weights->canary.weight;
	for (size_t i = 0; i < n; i++) {
		const struct replicaset *rs = (const struct replicaset *)sets[i];

		if (r->spec.strategy.canary->traffic_routing == NULL && s->available_replicas > 0 &&
		    str_eq(object_label(sets[i], LABEL_POD_TEMPLATE_HASH), s->current_pod_hash))
			return rs->status.available_replicas * 100 / s->available_replicas;
	}
	return 0;
}

const char *
summary_replicaset(const struct replicaset *rs)
{
	int64_t want = replicaset_wanted(rs);

	return want == 0 ? "ScaledDown" : rs->status.available_replicas >= want ? "Healthy" : "Progressing";
}

int64_t
summary_revision(const struct object *o)
{
	long long n;

	return str_int(object_annotation(o, ANNOTATION_REVISION), 0, INT32_MAX, &n) ? n : 0;
}

const char *
summary_images(struct arena *a, const char *template)
{
	json_t *j = template != NULL ? json_loads(template, 0, NULL) : NULL, *c;
	const char *text = "";
	size_t i;

	json_array_foreach (json_at(j, "/spec/containers"), i, c)
		text = arena_printf(a, "%s%s%s", text, i > 0 ? "," : "", json_str(c, "image") ?: "");
	json_decref(j);
	return text;
}
