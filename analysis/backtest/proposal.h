/* analysis/backtest/proposal.h: the comparison that has the requests of a metric with conditions. */
#pragma once
#include "analysis/backtest/threshold.h"
#include "kube/api/compare.h"

/* Sets the selectors of *ret, in the arena, to those of a query of a known form, without the matchers of versions.
 * Returns NULL, or why no comparison corresponds to it. */
const char *proposal_read(struct arena *, const struct threshold *, struct compare_metric *ret);
