/* cli/analysis_run_text.h: an AnalysisRun as text for a terminal: its metrics, and how comparisons went. */
#pragma once
#include "cli/rollout_tree.h"

/* Without and with plots of its comparisons. */
tree_draw analysis_run_text, analysis_run_text_with_plots;
