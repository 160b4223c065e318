/* gitops/worker/helm.h: Helm charts, by the program `helm`, if a flag of the controller names it. Blocks. Releases are
 * in helm_actions.h.
 *
 * The manifests of a chart are those that `helm template` prints: no request is made to a cluster, nothing is
 * installed, and dependencies and value files must be in the chart. The chart is copied from the commit into a
 * directory of its own, with limits, which is removed afterwards. Source: Argo CD's documentation, "Helm"; Helm's,
 * "helm template".
 */
#pragma once
#include "gitops/source/manifests.h"
#include "gitops/source/source.h"
#include "kube/api/application.h"

#define HELM_FILES_MAX 5000
#define HELM_BYTES_MAX (64u << 20)

struct helm {
	const char *program; /* NULL: no flag names it, and charts are refused */
	const char *cache; /* a directory; created if it does not exist */
	const char *self; /* this program, for --post-renderer; NULL: it is not known */
};

/* Another source, whose files value files may name: "$REF/PATH". */
struct helm_ref {
	const char *ref;
	const struct tree *tree;
};

/* A chart of an Application, to be rendered. */
struct helm_template {
	const struct application_source *source;
	const char *release, *namespace; /* the Application's */
	const struct tree *tree;
	const char *directory; /* of the chart, in the tree */
	const struct helm_ref *refs;
	size_t n_refs;
};

/* Adds the manifests of the chart to *ret. */
struct err *helm_render(struct arena *, const struct helm *, const struct helm_template *, struct manifests *ret);

/* A chart of a Helm repository (https, or OCI where the URL has no scheme): its files in *ret_tree, below the
 * directory *ret_directory, and its version. One with an exact version is fetched once. */
struct err *helm_pull(struct arena *, const struct helm *, const struct application_source *,
    const struct source_credentials *, const char **ret_version, struct tree *ret_tree);

/* Fetches the index of a Helm repository (https). *ret_digest: "sha256:…" of its text. */
struct err *helm_index_digest(
    struct arena *, const struct helm *, const char *url, const struct source_credentials *, const char **ret_digest);

/* Returns an error if there is no program helm. */
struct err *helm_check_program(struct arena *, const struct helm *);
