/* gitops/kustomize/transform.c: namespaces, names, labels, annotations, replicas, images. The tables say where each goes. */
#include "gitops/kustomize/transform.h"
#include <string.h>
#include "base/str.h"
#include "gitops/kinds.h"
#include "gitops/kustomize/fields.h"

/* --- namespaces ---------------------------------------------------------------------------------------------------- */

static bool
is_of_cluster(const struct k_id *id)
{
	struct api_kind known;

	return kind_builtin(id->group, id->version, id->kind, &known) && known.cluster_scoped;
}

static void
set_string(json_t *map, const char *name, void *arg)
{
	json_object_set_new(map, name, json_string(arg));
}

/* Of what a binding is about, only a service account named `default` is surely meant to be beside it; others follow by their names. */
static void
set_default_subjects(json_t *object, const char *namespace)
{
	json_t *subject;
	size_t i;

	json_array_foreach (json_object_get(object, "subjects"), i, subject)
		if (str_eq(json_str(subject, "kind"), "ServiceAccount") && str_eq(json_str(subject, "name"), "default"))
			json_object_set_new(subject, "namespace", json_string(namespace));
}

void
k_set_namespace(struct k_objects *all, const char *namespace)
{
	for (size_t i = 0; i < all->n; i++) {
		struct k_object *o = &all->at[i];
		struct k_id id = k_id_of(all->arena, o->object);

		k_object_remember(all, o);
		if (strcmp(id.kind, "Namespace") == 0 && id.group[0] == '\0')
			k_fields(o->object, "metadata/name", true, set_string, (void *)namespace);
		else if (!is_of_cluster(&id))
			k_fields(o->object, "metadata/namespace", true, set_string, (void *)namespace);
		if (strcmp(id.kind, "RoleBinding") == 0 || strcmp(id.kind, "ClusterRoleBinding") == 0)
			set_default_subjects(o->object, namespace);
		if (strcmp(id.kind, "APIService") == 0)
			k_fields(o->object, "spec/service/namespace", false, set_string, (void *)namespace);
		if (strcmp(id.kind, "CustomResourceDefinition") == 0)
			k_fields(o->object, "spec/conversion/webhook/clientConfig/service/namespace", false, set_string,
			    (void *)namespace);
	}
}

/* --- names --------------------------------------------------------------------------------------------------------- */

static bool
keeps_its_name(const struct k_id *id)
{
	return strcmp(id->kind, "Namespace") == 0 || strcmp(id->kind, "CustomResourceDefinition") == 0 ||
	       strcmp(id->kind, "APIService") == 0;
}

static void
rename_all(struct k_objects *all, const char *prefix, const char *suffix)
{
	for (size_t i = 0; i < all->n; i++) {
		struct k_object *o = &all->at[i];
		struct k_id id = k_id_of(all->arena, o->object);

		if (keeps_its_name(&id))
			continue;
		k_object_remember(all, o);
		if (prefix[0] != '\0')
			o->prefixes = arena_printf(all->arena, "%s%s,", o->prefixes, prefix);
		if (suffix[0] != '\0')
			o->suffixes = arena_printf(all->arena, "%s%s,", o->suffixes, suffix);
		json_object_set_new(json_object_get(o->object, "metadata"), "name",
		    json_string(arena_printf(all->arena, "%s%s%s", prefix, id.name, suffix)));
	}
}

void
k_set_prefix(struct k_objects *all, const char *prefix)
{
	rename_all(all, prefix, "");
}

void
k_set_suffix(struct k_objects *all, const char *suffix)
{
	rename_all(all, "", suffix);
}

/* --- labels and annotations ---------------------------------------------------------------------------------------- */

#define POD_TERMS(affinity)                                                                                            \
	"spec/template/spec/affinity/" affinity                                                                        \
	"/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/matchLabels"
#define POD_TERMS_REQUIRED(affinity)                                                                                   \
	"spec/template/spec/affinity/" affinity                                                                        \
	"/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels"

static const struct k_place label_selectors[] = {
	{ "", "Service|ReplicationController", "spec/selector", true },
	{ NULL, "Deployment|ReplicaSet|DaemonSet", "spec/selector/matchLabels", true },
	{ "apps", "StatefulSet", "spec/selector/matchLabels", true },
	{ "apps", "Deployment|StatefulSet", POD_TERMS("podAffinity"), false },
	{ "apps", "Deployment|StatefulSet", POD_TERMS_REQUIRED("podAffinity"), false },
	{ "apps", "Deployment|StatefulSet", POD_TERMS("podAntiAffinity"), false },
	{ "apps", "Deployment|StatefulSet", POD_TERMS_REQUIRED("podAntiAffinity"), false },
	{ "apps", "Deployment|StatefulSet", "spec/template/spec/topologySpreadConstraints/labelSelector/matchLabels",
	    false },
	{ "batch", "Job", "spec/selector/matchLabels", false },
	{ "batch", "CronJob", "spec/jobTemplate/spec/selector/matchLabels", false },
	{ "policy", "PodDisruptionBudget", "spec/selector/matchLabels", false },
	{ "networking.k8s.io", "NetworkPolicy", "spec/podSelector/matchLabels", false },
	{ "networking.k8s.io", "NetworkPolicy", "spec/ingress/from/podSelector/matchLabels", false },
	{ "networking.k8s.io", "NetworkPolicy", "spec/egress/to/podSelector/matchLabels", false },
};

static const struct k_place label_templates[] = {
	{ "", "ReplicationController", "spec/template/metadata/labels", true },
	{ NULL, "Deployment|ReplicaSet|DaemonSet", "spec/template/metadata/labels", true },
	{ "apps", "StatefulSet", "spec/template/metadata/labels", true },
	{ "batch", "Job", "spec/template/metadata/labels", true },
	{ "batch", "CronJob", "spec/jobTemplate/metadata/labels", true },
	{ "batch", "CronJob", "spec/jobTemplate/spec/template/metadata/labels", true },
	{ "apps", "StatefulSet", "spec/volumeClaimTemplates[]/metadata/labels", true },
};

static const struct k_place annotation_templates[] = {
	{ "", "ReplicationController", "spec/template/metadata/annotations", true },
	{ NULL, "Deployment|ReplicaSet|DaemonSet", "spec/template/metadata/annotations", true },
	{ "apps", "StatefulSet", "spec/template/metadata/annotations", true },
	{ "batch", "Job", "spec/template/metadata/annotations", true },
	{ "batch", "CronJob", "spec/jobTemplate/metadata/annotations", true },
	{ "batch", "CronJob", "spec/jobTemplate/spec/template/metadata/annotations", true },
};

static void
set_pairs(json_t *map, const char *name, void *arg)
{
	const struct string_map *pairs = arg;
	json_t *to = json_object_get(map, name);

	if (!json_is_object(to))
		json_object_set_new(map, name, to = json_object());
	for (size_t i = 0; i < pairs->n; i++)
		json_object_set_new(to, pairs->at[i].key, json_string(pairs->at[i].value));
}

static void
set_in_places(struct k_objects *all, const struct string_map *pairs, const struct k_place *places, size_t n)
{
	for (size_t i = 0; i < all->n; i++) {
		struct k_id id = k_id_of(all->arena, all->at[i].object);

		for (size_t k = 0; k < n; k++)
			if (k_place_in(&places[k], &id))
				k_fields(all->at[i].object, places[k].path, places[k].create, set_pairs, (void *)pairs);
	}
}

void
k_set_labels(struct k_objects *all, const struct string_map *pairs, bool selectors, bool templates)
{
	static const struct k_place own[] = { { NULL, NULL, "metadata/labels", true } };

	if (pairs->n == 0)
		return;
	set_in_places(all, pairs, own, 1);
	if (selectors)
		set_in_places(all, pairs, label_selectors, ARRAY_SIZE(label_selectors));
	if (selectors || templates)
		set_in_places(all, pairs, label_templates, ARRAY_SIZE(label_templates));
}

void
k_set_label_fields(struct k_objects *all, const struct k_label *l)
{
	for (size_t i = 0; i < l->fields.n; i++) {
		const struct k_field_spec *f = &l->fields.at[i];
		struct k_place place = { f->group, f->kind, f->path, f->create };

		set_in_places(all, &l->pairs, &place, 1);
	}
}

void
k_set_annotations(struct k_objects *all, const struct string_map *pairs)
{
	static const struct k_place own[] = { { NULL, NULL, "metadata/annotations", true } };

	if (pairs->n == 0)
		return;
	set_in_places(all, pairs, own, 1);
	set_in_places(all, pairs, annotation_templates, ARRAY_SIZE(annotation_templates));
}

/* --- replicas ------------------------------------------------------------------------------------------------------ */

static void
set_number(json_t *map, const char *name, void *arg)
{
	json_object_set_new(map, name, json_integer(*(long long *)arg));
}

struct err *
k_set_replicas(struct k_objects *all, const struct k_replica *r)
{
	static const struct k_place place = { NULL, "Deployment|ReplicationController|ReplicaSet|StatefulSet",
		"spec/replicas", true };
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
		if (!is || !k_place_in(&place, &id))
			continue;
		found = true;
		k_fields(o->object, place.path, place.create, set_number, &n);
	}
	if (!found)
		return err_new(all->arena, ERR_INVALID, "replicas: no workload named %s is there", r->name);
	return NULL;
}

/* --- images -------------------------------------------------------------------------------------------------------- */

struct imaging {
	struct arena *arena;
	const struct k_image *image;
	struct err *err;
};

/* The end of an image's name, before its tag or digest. */
static size_t
name_length(const char *image)
{
	const char *at = strchr(image, '@'), *slash = strrchr(image, '/'), *colon;
	size_t end = at != NULL ? (size_t)(at - image) : strlen(image);

	colon = memchr(slash != NULL && slash < image + end ? slash : image, ':',
	    end - (size_t)((slash != NULL && slash < image + end ? slash : image) - image));
	return colon != NULL ? (size_t)(colon - image) : end;
}

/* The image as it is to be. */
static const char *
replaced(struct imaging *m, const char *image)
{
	const struct k_image *i = m->image;
	size_t n = name_length(image);
	const char *name = arena_strndup(m->arena, image, n), *rest = image + n;
	bool is;

	if ((m->err = k_regex(m->arena, i->name, name, &is)) != NULL || !is)
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
set_image(json_t *container, const char *field, struct imaging *m)
{
	const char *image = json_str(container, field);

	if (image != NULL)
		json_object_set_new(container, field, json_string(replaced(m, image)));
}

/* Containers stand wherever a kind puts them; so a Rollout's are found too. */
static void
set_images(json_t *at, struct imaging *m, int depth)
{
	const char *key;
	json_t *member, *element;
	size_t i;

	if (depth > JSON_DEPTH_MAX)
		return;
	if (json_is_array(at))
		json_array_foreach (at, i, element)
			set_images(element, m, depth + 1);
	json_object_foreach (at, key, member) {
		bool containers = strcmp(key, "containers") == 0 || strcmp(key, "initContainers") == 0;

		if (containers && json_is_array(member))
			json_array_foreach (member, i, element)
				set_image(element, "image", m);
		else if (strcmp(key, "volumes") == 0 && json_is_array(member))
			json_array_foreach (member, i, element)
				set_image(json_object_get(element, "image"), "reference", m);
		else
			set_images(member, m, depth + 1);
	}
}

struct err *
k_set_image(struct k_objects *all, const struct k_image *image)
{
	struct imaging m = { all->arena, image, NULL };

	for (size_t i = 0; i < all->n && m.err == NULL; i++)
		if (!str_eq(json_str(all->at[i].object, "kind"), "CustomResourceDefinition"))
			set_images(all->at[i].object, &m, 0);
	return m.err;
}
