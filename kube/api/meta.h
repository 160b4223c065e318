/* kube/api/meta.h: the head that every object has (Kubernetes' ObjectMeta), as far as it is read. */
#pragma once
#include "kube/api/item.h"
#include "kube/api/type.h"

struct owner {
	const char *api_version, *kind, *name, *uid;
	bool controller, block_owner_deletion;
};

struct meta {
	const char *name, *generate_name, *namespace, *uid;
	const char *resource_version; /* compared as a number within one type of one server only */
	int64_t generation;
	int64_t creation_timestamp; /* ms since 1970, whole seconds */
	int64_t deletion_timestamp; /* 0: not being deleted */
	struct string_map labels, annotations;
	LIST_OF(struct owner) owners;
	struct strings finalizers;
};

/* The start of every root type's struct. */
struct object {
	const struct type *type;
	const struct problems *problems; /* NULL: decoded without a problem */
	const struct unreadable *unreadable; /* NULL, or only its metadata is here: it could not be read */
	bool in_doubt; /* in a cache: it may have been written since (cache_doubt) */
	struct meta meta;
};

extern const struct type owner_type, meta_type;

/* The condition of a type in a status, JSON; NULL: it has none. Borrowed. */
json_t *status_condition(const json_t *status, const char *type);

/* Decodes a whole object of a root type, whose struct starts with struct object, in the arena. Problems, also of the
 * status, are kept with the object. */
struct object *object_decode(const struct type *, const json_t *, struct arena *);

/* Why an object of an API server cannot be used, in the arena: its metadata lacks what every stored object has (name, namespace, uid,
 * resourceVersion, whole owner references), or a field is not of the type that its row says, so that nothing would be taken for zero. The
 * spec of our own types is left to their validation. NULL: it is complete. */
const char *object_refusal(const struct object *, struct arena *);

/* False of what would mean another path in a URL: no API server stores such a name. */
bool name_is_path_segment(const char *);

/* An object of which only the metadata is known, as item_read leaves it; everything else is zero. Copies `why`. */
struct object *object_unreadable(const struct type *, const json_t *item, const struct unreadable *why, struct arena *);

/* The owner that has controller: true, or NULL. */
const struct owner *object_controller(const struct object *);

/* The value, or NULL. */
const char *object_label(const struct object *, const char *key);
const char *object_annotation(const struct object *, const char *key);

/* Adds to a JSON patch of the object what gives it this annotation; NULL removes it. Nothing when it is so already. What is
 * replaced is tested first; an object without annotations gets its map only if nobody changed it meanwhile. */
void object_patch_annotation(struct arena *, json_t *ops, const struct object *, const char *key, const char *value);

/* -1, 0 or 1 as a's resourceVersion is older, the same or newer; same type, same server. */
int resource_version_compare(const char *a, const char *b);

/* The first problem whose path starts with the prefix ("spec"), or NULL. */
const struct problem *object_problem(const struct object *, const char *prefix);
