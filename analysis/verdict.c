/* analysis/verdict.c: the verdict of an AnalysisRun: the worst phase of its metrics. The phase of one metric is in
 * metric_phase.c. */
#include "analysis/verdict.h"
#include "analysis/metric_phase.h"
#include "analysis/provider.h"

/* The result of all metrics that are not in a dry run. */
struct verdict {
	enum run_phase worst;
	const char *message; /* why */
	bool running; /* a metric is Running */
};

/* A provider whose metric has one measurement knows best why it ended. Errors are the same for all. */
static const char *
verdict_message(
    struct arena *a, const struct metric *m, const struct metric_result *r, enum run_phase phase, const char *reason)
{
	const struct measurement *last = r->measurements.n > 0 ? &r->measurements.at[r->measurements.n - 1] : NULL;

	if (provider_of(m)->once && phase != RUN_ERROR && last != NULL && last->message != NULL)
		return arena_printf(a, "%s: %s", m->name, last->message);
	return arena_printf(a, "Metric \"%s\" assessed %s due to %s", m->name, run_phase_name(phase), reason);
}

static struct verdict
verdict_of_metrics(struct run_pass *s, bool ending)
{
	struct verdict v = { .worst = RUN_SUCCESSFUL };

	for (size_t i = 0; i < s->masked.n; i++) {
		const struct metric *m = &s->masked.metrics[i];
		bool dry = s->masked.rules[i].dry_run;
		struct metric_result *r = run_result(s, m);
		enum run_phase phase = ending ? RUN_SUCCESSFUL : RUN_RUNNING;
		const char *reason = NULL;

		if (r != NULL && phase_is_final(r->phase) && dry)
			continue;
		if (r != NULL) {
			phase = metric_phase(s->arena, &s->masked.limits[i], r, ending, &reason);
			r->phase = run_phase_name(phase);
		}
		v.running |= phase == RUN_RUNNING;
		if (dry) {
			if (reason != NULL)
				r->message = arena_printf(
				    s->arena, "Metric assessed %s due to %s", run_phase_name(phase), reason);
			continue;
		}
		if (reason != NULL && phase > v.worst)
			v.message = verdict_message(s->arena, m, r, phase, reason);
		v.worst = phase > v.worst ? phase : v.worst;
	}
	return v;
}

bool
verdict_assess(struct run_pass *s, bool terminating)
{
	struct verdict v = verdict_of_metrics(s, terminating);
	bool bad = v.worst >= RUN_INCONCLUSIVE;

	/* A metric that fails ends the others: their phases are set as those of a run that is terminated. */
	if (bad && v.running)
		v = verdict_of_metrics(s, true);
	s->status.phase = run_phase_name(v.running && !bad ? RUN_RUNNING : v.worst);
	s->status.message = v.message != NULL ? v.message : terminating ? "Run Terminated" : NULL;
	return phase_is_final(s->status.phase);
}
