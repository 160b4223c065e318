/* kube/api/kinds.h: under which path of the API a kind is found, and whether its objects are in namespaces.
 *
 * Kubernetes' own kinds are known; of others the API server is asked (GET /apis/GROUP/VERSION, an APIResourceList).
 */
#pragma once
#include <stdbool.h>
#include "base/json.h"

struct api_kind {
	const char *group, *version, *kind, *plural;
	bool cluster_scoped;
};

/* One of Kubernetes' own (whatever its version); false: it is not known. Texts are borrowed from the arguments and from the program. */
bool kind_builtin(const char *group, const char *version, const char *kind, struct api_kind *ret);

/* The same from the APIResourceList of its group and version; texts in the arena. */
bool kind_listed(struct arena *, const json_t *resources, const char *group, const char *version, const char *kind,
    struct api_kind *ret);

/* "/api/v1", "/apis/apps/v1": where a group's version is, and what kinds it has. In the arena. */
const char *kind_root(struct arena *, const char *group, const char *version);

/* "/api/v1/namespaces/NS/configmaps/NAME"; ns and name may be NULL. In the arena. */
const char *kind_path(struct arena *, const struct api_kind *, const char *ns, const char *name);
