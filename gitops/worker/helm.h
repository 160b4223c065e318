/* gitops/worker/helm.h: Helm charts, by the program `helm`, where whoever runs the controller names it. Blocks, as
 * run.h does.
 *
 * What a chart makes is what `helm template` prints: no cluster is asked, nothing is installed, and what a chart
 * needs (its dependencies, its files of values) must be in it. The chart is copied out of the commit into a
 * directory of its own, with bounds, which goes afterwards. Source: Argo CD's documentation, "Helm"; Helm's, "helm
 * template".
 */
#pragma once
#include "gitops/source/manifests.h"
#include "gitops/source/source.h"
#include "kube/api/application.h"

#define HELM_FILES_MAX 5000
#define HELM_BYTES_MAX (64u << 20)

struct helm {
	const char *program; /* NULL: nobody has named it, and charts are refused */
	const char *cache; /* a directory; made when it is not there */
};

/* Another source, whose files value files may name: "$REF/PATH". */
struct helm_ref {
	const char *ref;
	const struct tree *tree;
};

struct helm_chart {
	const struct application_source *source;
	const char *release, *namespace; /* the Application's */
	const struct tree *tree;
	const char *directory; /* of the chart, in the tree */
	const struct helm_ref *refs;
	size_t n_refs;
};

/* What the chart makes, in *ret. */
struct err *helm_render(struct arena *, const struct helm *, const struct helm_chart *, struct manifests *ret);

/* A chart of a Helm repository (https, or OCI where the URL has no scheme): its files in *ret_tree, below the
 * directory *ret_directory, and its version. One with an exact version is fetched once. */
struct err *helm_pull(struct arena *, const struct helm *, const struct application_source *,
    const struct source_credentials *, const char **ret_version, struct tree *ret_tree);
