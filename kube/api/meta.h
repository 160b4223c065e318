/* kube/api/meta.h: the head that every object has (Kubernetes' ObjectMeta), as far as it is read. */
#pragma once
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
	struct meta meta;
};

extern const struct type owner_type, meta_type;

/* Decodes a whole object of a root type, whose struct starts with struct object, in the arena. Problems, also of the
 * status, are kept with the object. */
struct object *object_decode(const struct type *, const json_t *, struct arena *);

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
