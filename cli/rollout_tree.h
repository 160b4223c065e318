/* cli/rollout_tree.h: an object with those that belong to it, as text for a terminal. */
#pragma once
#include "kube/plan/view.h"

/* In the arena; NULL if the object does not exist. `now`: wall ms. */
typedef const char *tree_draw(
    struct arena *, const struct view *, const char *ns, const char *name, int64_t now, bool color);

/* A Rollout with its revisions, ReplicaSets, Pods, AnalysisRuns and Experiments; an Experiment with its own. */
tree_draw tree_text, tree_experiment;
