/* kube/api/kinds.h: the path of a kind in the API, and whether its objects have namespaces.
 *
 * The kinds of Kubernetes are known. Others are discovered (GET /apis/GROUP/VERSION, an APIResourceList).
 */
#pragma once
#include <stdbool.h>
#include "base/json.h"

struct api_kind {
	const char *group, *version, *kind, *plural;
	bool cluster_scoped;
};

/* Finds a kind of Kubernetes, of any version. Returns false for others. Texts are borrowed from the arguments or
 * static. */
bool kind_builtin(const char *group, const char *version, const char *kind, struct api_kind *ret);

/* Finds a kind in the APIResourceList of its group and version. Texts are in the arena. */
bool kind_listed(struct arena *, const json_t *resources, const char *group, const char *version, const char *kind,
    struct api_kind *ret);

/* Returns the path of a group and version, in the arena: "/api/v1", "/apis/apps/v1". */
const char *kind_root(struct arena *, const char *group, const char *version);

/* Returns "/api/v1/namespaces/NS/configmaps/NAME", in the arena. ns and name can be NULL. */
const char *kind_path(struct arena *, const struct api_kind *, const char *ns, const char *name);
