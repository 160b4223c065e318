/* gitops/engine/tracking.c: resource tracking by annotation or labels: marks objects, and reads the owner in a mark. */
#include "gitops/engine/tracking.h"
#include <string.h>
#include "gitops/engine/resource.h"

static void
tracking_set_in(json_t *meta, const char *map, const char *key, const char *value)
{
	json_t *to = json_object_get(meta, map);

	if (!json_is_object(to)) {
		to = json_object();
		json_object_set_new(meta, map, to);
	}
	json_object_set_new(to, key, json_string(value));
}

/* Returns the part of the tracking id after the Application, "GROUP/KIND:NS/NAME", in the arena. */
static const char *
tracking_object(struct arena *a, const struct api_kind *k, const json_t *meta)
{
	return arena_printf(
	    a, "%s/%s:%s/%s", k->group, k->kind, json_str(meta, "namespace") ?: "", json_str(meta, "name"));
}

void
tracking_mark(json_t *object, const struct api_kind *k, const struct owner_mark *mark)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	json_t *meta = json_object_get(object, "metadata");

	if (mark->flux_name != NULL) {
		tracking_set_in(meta, "labels", FLUX "name", mark->flux_name);
		tracking_set_in(meta, "labels", FLUX "namespace", mark->flux_namespace);
		return;
	}
	/* The objects of a definition may have different owners, so it has no owner. */
	if (strcmp(k->kind, "CustomResourceDefinition") == 0)
		return;
	if (mark->annotation)
		tracking_set_in(meta, "annotations", ANNOTATION_TRACKING,
		    arena_printf(a, "%s:%s", mark->application, tracking_object(a, k, meta)));
	if (mark->label != NULL)
		tracking_set_in(meta, "labels", mark->label, arena_printf(a, "%.63s", mark->application));
}

int
tracking_owner(struct arena *a, const json_t *live, const struct api_kind *k, const struct owner_mark *mark,
    const char **ret_owner)
{
	const json_t *meta = json_object_get(live, "metadata");
	const char *id = resource_annotation(live, ANNOTATION_TRACKING), *rest;
	const char *label = mark->label != NULL ? json_str(json_object_get(meta, "labels"), mark->label) : NULL;

	if (mark->helm)
		return 0;
	if (mark->flux_name != NULL) {
		*ret_owner = arena_strdup(a, json_str(json_object_get(meta, "labels"), FLUX "name"));
		if (*ret_owner == NULL)
			return 0;
		return str_eq(*ret_owner, mark->flux_name) &&
			       str_eq(json_str(json_object_get(meta, "labels"), FLUX "namespace"), mark->flux_namespace)
			   ? 1
			   : -1;
	}
	if (mark->annotation && id != NULL && (rest = strchr(id, ':')) != NULL) {
		/* The annotation of an object that was copied names another object. */
		if (!str_eq(rest + 1, tracking_object(a, k, meta)))
			return 0;
		*ret_owner = arena_strndup(a, id, (size_t)(rest - id));
		return strcmp(*ret_owner, mark->application) == 0 ? 1 : -1;
	}
	if (mark->annotation || label == NULL)
		return 0;
	*ret_owner = arena_strdup(a, label);
	return strncmp(label, mark->application, 63) == 0 ? 1 : -1;
}
