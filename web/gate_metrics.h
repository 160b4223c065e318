/* web/gate_metrics.h: metrics of comparisons (analysis/compare): their evidence, and the number of their verdicts.
 *
 * The evidence is read from the status of the AnalysisRun, so that it is that of the last query, and a standby exposes
 * the same.
 */
#pragma once
#include "base/str.h"
#include "kube/api/analysis.h"

/* The numbers of one metric of an AnalysisRun. */
struct gate;

/* Returns the comparison of the metric, in the arena; NULL: it has no evidence yet, or is not a comparison. */
const struct gate *gate_of(struct arena *, const struct analysis_run *, const struct metric_result *);

/* Which number of a comparison is written. */
enum gate_family { GATE_EVIDENCE, GATE_LIMIT, GATE_FAMILIES };

/* Writes name, type and help of a family. */
void gate_write_head(struct str *, enum gate_family);

/* Writes the series of a family, one for each side: to stop the canary, and to let it pass. `ns` and `name` are those
 * of the AnalysisRun. */
void gate_write(
    struct str *, enum gate_family, const char *ns, const char *name, const char *metric, const struct gate *);

enum gate_verdict { VERDICT_FAILED, VERDICT_SUCCESSFUL, VERDICT_INCONCLUSIVE, VERDICT_ERROR, GATE_VERDICTS };

/* Returns the verdict of a comparison with this phase; GATE_VERDICTS: it has not ended. */
enum gate_verdict gate_verdict(const char *phase);

/* Writes how many comparisons ended with each verdict. */
void gate_write_verdicts(struct str *, const uint64_t counts[static GATE_VERDICTS]);
