/* gitops/source/manifests.h: the objects (manifests) of a repository, in a list with limits. */
#pragma once
#include "base/json.h"
#include "base/map.h"
#include "base/str.h"

#define MANIFESTS_MAX 20000 /* objects */
#define MANIFESTS_BYTES_MAX (64u << 20) /* of all together, as JSON */

struct manifest {
	const char *group, *version, *kind; /* group "" for the core group */
	const char *namespace; /* as it is written; NULL: it has none */
	const char *name;
	const char *generate_name; /* NULL: it has a name */
	const char *file; /* its file, for errors */
	const char *text; /* the object, compact JSON */
};

/* Objects in the order in which they came. All zeroes, but for the arena, to start with. */
struct manifests {
	struct arena *arena; /* theirs */
	struct manifest *at;
	size_t n, capacity, bytes;
};

/* Adds an object; the items of a List are added one by one. The error has the file and the field: names become parts
 * of the paths of requests, so one that would change a path is refused. */
struct err *manifests_add(struct manifests *, struct arena *, const json_t *object, const char *file);

/* Returns whether a namespace may have this name. */
bool manifest_names_namespace(const char *);

/* Returns "GROUP/KIND/NAMESPACE/NAME", which identifies an object: no part has a slash. In the arena. */
const char *manifest_key(struct arena *, const char *group, const char *kind, const char *ns, const char *name);

/* Splits an apiVersion such as "apps/v1" into group and version, in the arena. */
void api_version_split(struct arena *, const char *api_version, const char **ret_group, const char **ret_version);
