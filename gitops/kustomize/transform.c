/* gitops/kustomize/transform.c: kustomize's namespace, namePrefix, labels, annotations, replicas and images: changes
 * the fields that field_specs.c names. */
#include "gitops/kustomize/transform.h"
#include <string.h>
#include "base/str.h"
#include "gitops/kustomize/configuration.h"
#include "gitops/kustomize/field_walk.h"

static void
transform_set_namespace(json_t *map, const char *name, void *arg)
{
	const struct k_namespacing *to = arg;

	if (!to->unset_only || str_empty(json_str(map, name)))
		json_object_set_new(map, name, json_string(to->namespace));
}

/* Of the subjects of a binding, only a ServiceAccount named `default` gets the namespace; others follow the names of
 * their objects. */
static void
transform_set_subjects(json_t *object, const struct k_namespacing *to)
{
	json_t *subject;
	size_t i;

	json_array_foreach (json_object_get(object, "subjects"), i, subject)
		if (str_eq(json_str(subject, "kind"), "ServiceAccount") &&
		    (to->all_subjects || str_eq(json_str(subject, "name"), "default")))
			transform_set_namespace(subject, "namespace", (void *)to);
}

void
k_set_namespace(struct k_objects *all, const struct k_namespacing *to)
{
	for (size_t i = 0; i < all->n; i++) {
		struct k_object *o = &all->at[i];
		struct k_id id = k_id_of(all->arena, o->object);

		k_object_remember(all, o);
		if (!k_of_cluster(all, &id))
			k_fields(o->object, "metadata/namespace", true, transform_set_namespace, (void *)to);
		if (!to->no_subjects &&
		    (strcmp(id.kind, "RoleBinding") == 0 || strcmp(id.kind, "ClusterRoleBinding") == 0))
			transform_set_subjects(o->object, to);
		k_visit(all, o, K_NAMESPACE, transform_set_namespace, (void *)to);
	}
}

static bool
transform_keeps_its_name(const struct k_id *id)
{
	return strcmp(id->kind, "Namespace") == 0 || strcmp(id->kind, "CustomResourceDefinition") == 0 ||
	       strcmp(id->kind, "APIService") == 0;
}

struct ends {
	struct arena *arena;
	const char *prefix, *suffix;
};

static void
transform_add_ends(json_t *map, const char *name, void *arg)
{
	const struct ends *ends = arg;
	const json_t *old = json_object_get(map, name);

	if (json_is_object(old) || json_is_array(old))
		return;
	json_object_set_new(map, name,
	    json_string(arena_printf(ends->arena, "%s%s%s", ends->prefix,
		json_is_string(old)		   ? json_string_value(old)
		: old == NULL || json_is_null(old) ? ""
						   : json_text(ends->arena, old),
		ends->suffix)));
}

static void
transform_rename_all(struct k_objects *all, const char *prefix, const char *suffix)
{
	enum k_use use = prefix[0] != '\0' ? K_NAME_PREFIX : K_NAME_SUFFIX;
	struct ends ends = { all->arena, prefix, suffix };

	for (size_t i = 0; i < all->n; i++) {
		struct k_object *o = &all->at[i];
		struct k_id id = k_id_of(all->arena, o->object);

		if (transform_keeps_its_name(&id))
			continue;
		if (k_has_spec(all, &id, use, "metadata/name")) {
			k_object_remember(all, o);
			if (prefix[0] != '\0')
				o->prefixes = arena_printf(all->arena, "%s%s,", o->prefixes, prefix);
			if (suffix[0] != '\0')
				o->suffixes = arena_printf(all->arena, "%s%s,", o->suffixes, suffix);
		}
		k_visit(all, o, use, transform_add_ends, &ends);
	}
}

void
k_set_prefix(struct k_objects *all, const char *prefix)
{
	transform_rename_all(all, prefix, "");
}

void
k_set_suffix(struct k_objects *all, const char *suffix)
{
	transform_rename_all(all, "", suffix);
}

static void
transform_set_pairs(json_t *map, const char *name, void *arg)
{
	const struct string_map *pairs = arg;
	json_t *to = json_object_get(map, name);

	if (!json_is_object(to))
		json_object_set_new(map, name, to = json_object());
	for (size_t i = 0; i < pairs->n; i++)
		json_object_set_new(to, pairs->at[i].key, json_string(pairs->at[i].value));
}

void
k_set_labels(struct k_objects *all, const struct string_map *pairs, enum k_use use)
{
	if (pairs->n > 0)
		k_visit_all(all, use, transform_set_pairs, (void *)pairs);
}

struct err *
k_set_label_fields(struct k_objects *all, const struct k_label *l)
{
	struct err *e = NULL;

	for (size_t i = 0; i < l->fields.n && e == NULL; i++) {
		const struct k_field_spec *f = &l->fields.at[i];
		const struct k_gvk in = k_spec_gvk(f);

		e = k_spec_check(all->arena, f->path);
		for (size_t k = 0; k < all->n && e == NULL; k++) {
			struct k_id id = k_id_of(all->arena, all->at[k].object);

			if (k_gvk_selects(&in, id.group, id.version, id.kind))
				k_fields(all->at[k].object, f->path, f->create, transform_set_pairs, (void *)&l->pairs);
		}
	}
	return e;
}

void
k_set_annotations(struct k_objects *all, const struct string_map *pairs)
{
	if (pairs->n > 0)
		k_visit_all(all, K_COMMON_ANNOTATIONS, transform_set_pairs, (void *)pairs);
}

static void
transform_set_number(json_t *map, const char *name, void *arg)
{
	json_object_set_new(map, name, json_integer(*(long long *)arg));
}

struct err *
k_set_replicas(struct k_objects *all, const struct k_replica *r)
{
	bool found = false;
	long long n;

	if (!str_int(r->count, 0, INT32_MAX, &n))
		return err_new(
		    all->arena, ERR_INVALID, "replicas of %s: \"%s\" is not a number of pods", r->name, r->count);
	for (size_t i = 0; i < all->n; i++) {
		struct k_object *o = &all->at[i];
		struct k_id id = k_id_of(all->arena, o->object);
		bool is = strcmp(id.name, r->name) == 0;

		for (size_t k = 0; k < o->n_ids; k++)
			is |= strcmp(o->ids[k].name, r->name) == 0;
		if (!is || !k_has_spec(all, &id, K_REPLICAS, NULL))
			continue;
		found = true;
		k_visit(all, o, K_REPLICAS, transform_set_number, &n);
	}
	if (!found)
		return err_new(all->arena, ERR_INVALID, "replicas: no workload named %s is there", r->name);
	return NULL;
}

struct imaging {
	struct arena *arena;
	const struct k_image *image;
	struct err *err;
};

/* Returns the length of an image's name, without tag or digest. */
static size_t
transform_name_length(const char *image)
{
	const char *at = strchr(image, '@'), *slash = strrchr(image, '/'), *colon;
	size_t end = at != NULL ? (size_t)(at - image) : strlen(image);

	colon = memchr(slash != NULL && slash < image + end ? slash : image, ':',
	    end - (size_t)((slash != NULL && slash < image + end ? slash : image) - image));
	return colon != NULL ? (size_t)(colon - image) : end;
}

/* Returns whether the pattern matches the image by its name alone (of n bytes), with its tag, or with its tag and
 * digest. */
static bool
transform_image_matches(struct imaging *m, const char *image, const char *name, size_t n)
{
	size_t tag = n + strcspn(image + n, "@"), all = strlen(image);
	bool is = false;

	m->err = k_regex(m->arena, m->image->name, name, &is);
	if (!is && m->err == NULL && tag > n)
		m->err = k_regex(m->arena, m->image->name, arena_strndup(m->arena, image, tag), &is);
	if (!is && m->err == NULL && all > tag)
		m->err = k_regex(m->arena, m->image->name, image, &is);
	return is && m->err == NULL;
}

/* Returns the image with its new name, tag or digest. */
static const char *
transform_image(struct imaging *m, const char *image)
{
	const struct k_image *i = m->image;
	size_t n = transform_name_length(image);
	const char *name = arena_strndup(m->arena, image, n), *rest = image + n;

	if (!transform_image_matches(m, image, name, n))
		return image;
	if (!str_empty(i->new_name))
		name = i->new_name;
	if (!str_empty(i->tag_suffix) && *rest == ':')
		rest = arena_printf(m->arena, ":%.*s%s", (int)strcspn(rest + 1, "@"), rest + 1, i->tag_suffix);
	if (!str_empty(i->new_tag) && !str_empty(i->digest))
		rest = arena_printf(m->arena, ":%s@%s", i->new_tag, i->digest);
	else if (!str_empty(i->new_tag))
		rest = arena_printf(m->arena, ":%s", i->new_tag);
	else if (!str_empty(i->digest))
		rest = arena_printf(m->arena, "@%s", i->digest);
	return arena_printf(m->arena, "%s%s", name, rest);
}

static void
transform_set_image(json_t *container, const char *field, void *arg)
{
	struct imaging *m = arg;
	const char *image = json_str(container, field);

	if (image != NULL)
		json_object_set_new(container, field, json_string(transform_image(m, image)));
}

/* Containers are found at any depth, so those of a Rollout too. */
static void
transform_set_images(json_t *at, struct imaging *m, int depth)
{
	const char *key;
	json_t *member, *element;
	size_t i;

	if (depth > JSON_DEPTH_MAX)
		return;
	if (json_is_array(at))
		json_array_foreach (at, i, element)
			transform_set_images(element, m, depth + 1);
	json_object_foreach (at, key, member) {
		bool containers = strcmp(key, "containers") == 0 || strcmp(key, "initContainers") == 0;

		if (containers && json_is_array(member))
			json_array_foreach (member, i, element)
				transform_set_image(element, "image", m);
		else if (strcmp(key, "volumes") == 0 && json_is_array(member))
			json_array_foreach (member, i, element)
				transform_set_image(json_object_get(element, "image"), "reference", m);
		else
			transform_set_images(member, m, depth + 1);
	}
}

struct err *
k_set_image(struct k_objects *all, const struct k_image *image)
{
	struct imaging m = { all->arena, image, NULL };

	for (size_t i = 0; i < all->n && m.err == NULL; i++)
		if (!str_eq(json_str(all->at[i].object, "kind"), "CustomResourceDefinition")) {
			transform_set_images(all->at[i].object, &m, 0);
			k_visit(all, &all->at[i], K_IMAGES, transform_set_image, &m);
		}
	return m.err;
}
