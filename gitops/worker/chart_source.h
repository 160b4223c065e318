/* gitops/worker/chart_source.h: the chart of a HelmChart or HelmRelease: fetched, and its files for Helm. Blocks. */
#pragma once
#include "base/err.h"

struct fetched_source;
struct helm_run;
struct session;

/* Fetches the chart of a Helm repository or registry. */
struct err *chart_source_pull(struct session *, struct fetched_source *);

/* Reads what the chart is, and its files of valuesFiles. Sets the revision of the session to the chart's version. */
struct err *chart_source_read(struct session *, const struct fetched_source *);

/* Writes the chart for helm, into the directory `chart` of the run. */
struct err *chart_source_write(struct session *, struct helm_run *);
