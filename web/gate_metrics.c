/* web/gate_metrics.c: metrics of comparisons. */
#include "web/gate_metrics.h"
#include <math.h>
#include "analysis/compare/course.h"
#include "web/exposition.h"

struct gate {
	const char *rollout; /* NULL: no Rollout created the run */
	double at[GATE_FAMILIES][2]; /* to stop, to pass */
};

static const char *const verdicts[] = {
	[VERDICT_FAILED] = "Failed",
	[VERDICT_SUCCESSFUL] = "Successful",
	[VERDICT_INCONCLUSIVE] = "Inconclusive",
	[VERDICT_ERROR] = "Error",
};
_Static_assert(ARRAY_SIZE(verdicts) == GATE_VERDICTS, "each verdict has its phase");

const struct gate *
gate_of(struct arena *a, const struct analysis_run *run, const struct metric_result *r)
{
	struct compared_release release = { 0 };
	struct course course;
	struct gate *g;

	if (r->measurements.n == 0 || !course_read(a, &r->measurements.at[r->measurements.n - 1].metadata, &course))
		return NULL;
	decode_text(&compared_release_type, object_annotation(&run->object, ANNOTATION_RELEASE), a, &release);
	g = arena_alloc(a, sizeof(*g));
	*g = (struct gate){ .rollout = release.rollout,
		.at = {
		    [GATE_EVIDENCE] = { pow(10, course.at[course.n - 1].stop), pow(10, course.at[course.n - 1].pass) },
		    [GATE_LIMIT] = { course.stop_at, course.pass_at } } };
	return g;
}

static const char *
gate_name(enum gate_family f)
{
	return f == GATE_EVIDENCE ? "sluice_gate_evidence" : "sluice_gate_evidence_limit";
}

void
gate_write_head(struct str *to, enum gate_family f)
{
	metric_family(to, gate_name(f), "gauge",
	    f == GATE_EVIDENCE ? "Evidence of a comparison to stop the canary, or to let it pass. It starts at 1."
			       : "Evidence at which a comparison stops the canary, or lets it pass.");
}

void
gate_write(
    struct str *to, enum gate_family f, const char *ns, const char *name, const char *metric, const struct gate *g)
{
	static const char *const sides[] = { "stop", "pass" };

	for (size_t i = 0; i < ARRAY_SIZE(sides); i++) {
		str_adds(to, gate_name(f));
		metric_label(to, true, "name", name);
		metric_label(to, false, "namespace", ns);
		metric_label(to, false, "rollout", g->rollout);
		metric_label(to, false, "metric", metric);
		metric_label(to, false, "side", sides[i]);
		str_addf(to, "} %.4g\n", g->at[f][i]);
	}
}

enum gate_verdict
gate_verdict(const char *phase)
{
	enum gate_verdict v = 0;

	while (v < GATE_VERDICTS && !str_eq(phase, verdicts[v]))
		v++;
	return v;
}

void
gate_write_verdicts(struct str *to, const uint64_t counts[static GATE_VERDICTS])
{
	metric_family(to, "sluice_gate_verdicts_total", "counter",
	    "Number of comparisons that ended, by the phase of their metric.");
	for (enum gate_verdict v = 0; v < GATE_VERDICTS; v++) {
		str_adds(to, "sluice_gate_verdicts_total");
		metric_label(to, true, "verdict", verdicts[v]);
		metric_value(to, (int64_t)counts[v]);
	}
}
