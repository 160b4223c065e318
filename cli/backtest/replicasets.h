/* cli/backtest/replicasets.h: the ReplicaSets that a Rollout had in the past, from the names of pods in Prometheus. */
#pragma once
#include "analysis/backtest/past.h"
#include "cli/backtest/history.h"
#include "cli/backtest/subject.h"

#define REPLICASETS_STEP_MS 60000 /* of a past of two hours; longer ones have multiples, shorter ones parts of it */
#define REPLICASETS_STEP_MIN_MS 5000
#define REPLICASETS_COLUMNS 9000 /* Prometheus returns 11,000 points of a series at most */

/* Returns the columns of a time that ends at `end` and is `length_ms` long, at most the number above. Of a short time
 * they are closer, so that a release of a minute is found. */
struct matrix_grid replicasets_grid(int64_t end, int64_t length_ms);

/* Sets *ret->at, in the arena of the command, to the ReplicaSets in the columns of ret->grid. Makes one query, with the
 * selector of the first metric whose form is known. */
struct err *replicasets_read(struct history *, const struct subject *, struct past *ret);
