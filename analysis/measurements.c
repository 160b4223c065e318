/* analysis/measurements.c: measurements in the status of an AnalysisRun: adds them, keeps the last ones, and counts
 * them by phase. */
#include <string.h>
#include "analysis/metric_phase.h"
#include "analysis/run_pass.h"
#include "base/str.h"

struct metric_result *
run_result(struct run_pass *s, const struct metric *m)
{
	for (size_t i = 0; i < s->status.metric_results.n; i++)
		if (str_eq(s->status.metric_results.at[i].name, m->name))
			return &s->status.metric_results.at[i];
	return NULL;
}

struct metric_result *
run_result_add(struct run_pass *s, const struct metric *m, bool dry_run)
{
	size_t n = s->status.metric_results.n;
	struct metric_result *list = arena_new_array(s->arena, struct metric_result, n + 1);

	if (n > 0)
		memcpy(list, s->status.metric_results.at, n * sizeof(*list));
	list[n] = (struct metric_result){ .name = m->name, .phase = run_phase_name(RUN_RUNNING), .dry_run = dry_run };
	s->status.metric_results.at = list;
	s->status.metric_results.n = n + 1;
	return &list[n];
}

const struct measurement *
measurement_running(const struct metric_result *r)
{
	const struct measurement *last =
	    r != NULL && r->measurements.n > 0 ? &r->measurements.at[r->measurements.n - 1] : NULL;

	return last != NULL && run_phase_named(last->phase) == RUN_RUNNING ? last : NULL;
}

void
measurement_put(struct run_pass *s, struct metric_result *r, int64_t most, const struct measurement *m)
{
	struct measurement *list;
	size_t keep;

	if (measurement_running(r) != NULL)
		r->measurements.n--;
	keep = r->measurements.n < (size_t)most ? r->measurements.n : (size_t)most - 1;
	list = arena_new_array(s->arena, struct measurement, keep + 1);
	if (keep > 0 && r->measurements.at != NULL)
		memcpy(list, r->measurements.at + r->measurements.n - keep, keep * sizeof(*list));
	list[keep] = *m;
	r->measurements.at = list;
	r->measurements.n = keep + 1;
}

void
measurement_record(struct run_pass *s, struct metric_result *r, int64_t most, const struct measurement *m)
{
	enum run_phase phase = run_phase_named(m->phase);

	measurement_put(s, r, most, m);
	r->consecutive_success = phase == RUN_SUCCESSFUL ? r->consecutive_success + 1 : 0;
	if (phase == RUN_ERROR) {
		r->error++;
		r->consecutive_error++;
		return;
	}
	r->consecutive_error = 0;
	r->count++;
	r->successful += phase == RUN_SUCCESSFUL;
	r->failed += phase == RUN_FAILED;
	r->inconclusive += phase == RUN_INCONCLUSIVE;
}
