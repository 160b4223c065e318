/* gitops/source/manifests.h: the objects that a repository asks for. */
#pragma once
#include "base/json.h"
#include "base/map.h"
#include "base/str.h"

#define MANIFESTS_MAX 20000 /* objects */
#define MANIFESTS_BYTES_MAX (64u << 20) /* of all together, as JSON */

struct manifest {
	const char *group, *version, *kind; /* group "" for the core group */
	const char *namespace; /* as it is written; NULL: it names none */
	const char *name;
	const char *generate_name; /* NULL: it has a name */
	const char *file; /* where it stands, for errors */
	const char *text; /* the object, compact JSON */
};

/* Objects in the order in which they came. All zeroes, but for the arena, to start with. */
struct manifests {
	struct arena *arena; /* theirs */
	struct manifest *at;
	size_t n, room, bytes;
};

/* Adds an object; that of a List are added one by one. The error names the file and what is missing or wrong: names
 * are parts of the paths of requests, and none that could lead elsewhere is taken. */
struct err *manifests_add(struct manifests *, struct arena *, const json_t *object, const char *file);

/* A namespace may have this name. */
bool manifest_names_namespace(const char *);

/* "GROUP/KIND/NAMESPACE/NAME", parts without a slash of their own: what tells objects apart. In the arena. */
const char *manifest_key(struct arena *, const char *group, const char *kind, const char *ns, const char *name);

/* "apps/v1" into its parts, in the arena. */
void api_version_split(struct arena *, const char *api_version, const char **ret_group, const char **ret_version);
