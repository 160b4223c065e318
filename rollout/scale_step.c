/* rollout/scale_step.c: setCanaryScale: a number of canary pods that is independent of the weight. */
#include <inttypes.h>
#include "rollout/pass.h"
#include "rollout/step_kind.h"
#include "rollout/step_target.h"

static bool scale_step_matches(const struct canary_step *);
static const char *scale_step_text(struct arena *, const struct canary_step *);
static const char *scale_step_label(struct arena *, const struct canary_step *);
static void scale_step_check(
    struct problems *, const struct rollout_world *, const struct canary_step *, const char *path);
static bool scale_step_done(struct rollout_pass *, const struct canary_step *);

const struct step_kind scale_step_kind = {
	.name = "setCanaryScale",
	.matches = scale_step_matches,
	.text = scale_step_text,
	.label = scale_step_label,
	.check = scale_step_check,
	.done = scale_step_done,
};

static bool
scale_step_matches(const struct canary_step *s)
{
	return s->set_canary_scale != NULL;
}

static const char *
scale_step_text(struct arena *a, const struct canary_step *s)
{
	const struct canary_scale *scale = s->set_canary_scale;

	if (scale->weight.present)
		return arena_printf(a, "setCanaryScale{weight: %" PRId64 "}", scale->weight.value);
	if (scale->replicas.present)
		return arena_printf(a, "setCanaryScale{replicas: %" PRId64 "}", scale->replicas.value);
	return "setCanaryScale{matchTrafficWeight: true}";
}

static const char *
scale_step_label(struct arena *a, const struct canary_step *s)
{
	const struct canary_scale *scale = s->set_canary_scale;

	if (scale->match_traffic_weight)
		return "scale as the weight";
	if (scale->replicas.present)
		return arena_printf(a, "scale %" PRId64 " pods", scale->replicas.value);
	return arena_printf(a, "scale %" PRId64 " %%", scale->weight.value);
}

static void
scale_step_check(struct problems *p, const struct rollout_world *w, const struct canary_step *s, const char *path)
{
	const struct canary_scale *scale = s->set_canary_scale;

	if (w->rollout->spec.strategy.canary->traffic_routing == NULL)
		problem_add(p, path, "Invalid value: can only be used with traffic routing");
	if (scale->weight.present + scale->replicas.present + scale->match_traffic_weight != 1)
		problem_add(
		    p, path, "Invalid value: must have exactly one of weight, replicas, matchTrafficWeight: true");
}

static bool
scale_step_done(struct rollout_pass *p, const struct canary_step *s)
{
	(void)s;
	return target_of(p).pods_there;
}
