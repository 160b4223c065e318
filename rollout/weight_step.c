/* rollout/weight_step.c: setWeight: the canary gets a percentage of the traffic; without traffic routing, of the
 * pods. */
#include <inttypes.h>
#include "rollout/pass.h"
#include "rollout/step_kind.h"
#include "rollout/step_target.h"

static bool weight_step_matches(const struct canary_step *);
static const char *weight_step_text(struct arena *, const struct canary_step *);
static const char *weight_step_label(struct arena *, const struct canary_step *);
static bool weight_step_done(struct rollout_pass *, const struct canary_step *);
static void weight_step_check(
    struct problems *, const struct rollout_world *, const struct canary_step *, const char *path);

const struct step_kind weight_step_kind = {
	.name = "setWeight",
	.alone = true,
	.matches = weight_step_matches,
	.text = weight_step_text,
	.label = weight_step_label,
	.done = weight_step_done,
	.check = weight_step_check,
};

static bool
weight_step_matches(const struct canary_step *s)
{
	return s->set_weight.present;
}

static const char *
weight_step_text(struct arena *a, const struct canary_step *s)
{
	return arena_printf(a, "setWeight: %" PRId64, s->set_weight.value);
}

static const char *
weight_step_label(struct arena *a, const struct canary_step *s)
{
	return arena_printf(a, "weight %" PRId64 " %%", s->set_weight.value);
}

/* It is completed when its result is observed, not when it was requested: the pods are ready, and every route has
 * the weight. */
static bool
weight_step_done(struct rollout_pass *p, const struct canary_step *s)
{
	(void)s;
	return target_reached(p);
}

static void
weight_step_check(struct problems *p, const struct rollout_world *w, const struct canary_step *s, const char *path)
{
	int64_t total = weight_total(w->rollout->spec.strategy.canary);

	if (s->set_weight.value > total)
		problem_add(p, path, "Invalid value: %" PRId64 ": SetWeight needs to be between 0 and %" PRId64,
		    s->set_weight.value, total);
}
