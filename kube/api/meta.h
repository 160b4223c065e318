/* kube/api/meta.h: the metadata of objects (ObjectMeta): the fields that are used. */
#pragma once
#include "kube/api/item.h"
#include "kube/api/type.h"

struct owner {
	const char *api_version, *kind, *name, *uid;
	bool controller, block_owner_deletion;
};

struct meta {
	const char *name, *generate_name, *namespace, *uid;
	const char *resource_version; /* compared as a number, only within one type of one server */
	int64_t generation;
	int64_t creation_timestamp; /* ms since 1970, whole seconds */
	int64_t deletion_timestamp; /* 0 if the object is not being deleted */
	struct string_map labels, annotations;
	LIST_OF(struct owner) owners;
	struct strings finalizers;
};

/* The first member of the struct of every root type. */
struct object {
	const struct type *type;
	const struct problems *problems; /* of its decoding; NULL if there were no problems */
	const struct unreadable *unreadable; /* NULL, or the reason why only its metadata was read */
	bool in_doubt; /* in a cache: a write of it may have taken effect since it was read (cache_doubt) */
	struct meta meta;
};

extern const struct type owner_type, meta_type;

/* Returns the condition of a type in a status, as JSON, or NULL. Borrowed. */
json_t *status_condition(const json_t *status, const char *type);

/* Decodes a whole object of a root type, whose struct starts with struct object, in the arena. Problems, also of the
 * status, are kept with the object. */
struct object *object_decode(const struct type *, const json_t *, struct arena *);

/* The same from the object's text, in an accepted text (base/json_walk.h). */
struct object *object_decode_at(const struct type *, const char *text, struct arena *);

/* Returns a deep copy of an object, in the arena. */
struct object *object_copy(const struct object *, struct arena *);

/* Returns why an object of an API server cannot be used, in the arena, or NULL. Its metadata is incomplete (name,
 * namespace, uid, resourceVersion, owner references), or a field has another type than its row and would be decoded
 * as zero. The specs of own types have their own validation. */
const char *object_refusal(const struct object *, struct arena *);

/* Returns false for a name that would change the path of a URL. No API server stores such a name. */
bool name_is_path_segment(const char *);

/* Returns the object of an item: complete, or unreadable because of its text, or because of its metadata
 * (object_refusal). `before` is an older version of the object with the same spec, from which is copied what is costly
 * to compute; NULL: it is not known. */
struct object *object_of_item(
    const struct type *, const struct item_text *, const struct object *before, struct arena *);

/* Returns the owner with controller: true, or NULL. */
const struct owner *object_controller(const struct object *);

/* Returns an owner reference to the object, of the group argoproj.io, as controller; a new reference. */
json_t *owner_reference(const struct object *);

/* Return the value of a label or annotation, or NULL if the object does not have it. Borrowed. */
const char *object_label(const struct object *, const char *key);
const char *object_annotation(const struct object *, const char *key);

/* Adds operations to a JSON patch that set this annotation; NULL removes it. Adds nothing if the object has the value
 * already. The patch tests the previous value, or the resourceVersion of an object without annotations. */
void object_patch_annotation(struct arena *, json_t *ops, const struct object *, const char *key, const char *value);

/* Returns -1, 0 or 1 if the resourceVersion a is older than b, equal, or newer. Both must be of the same type and
 * server. */
int resource_version_compare(const char *a, const char *b);

/* Returns the first problem whose path starts with the prefix ("spec"), or NULL. */
const struct problem *object_problem(const struct object *, const char *prefix);
