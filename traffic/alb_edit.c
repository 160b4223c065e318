/* traffic/alb_edit.c: edits of the annotations of an Ingress, and the record of those that are a rollout's. */
#include <string.h>
#include "base/json.h"
#include "base/str.h"
#include "kube/api/patch.h"
#include "traffic/alb.h"

/* The record must be an object of lists of texts: what cannot be read is not replaced. */
static bool
alb_is_record(const json_t *j)
{
	const char *key;
	json_t *list, *one;
	size_t i;

	json_object_foreach ((json_t *)j, key, list) {
		if (!json_is_array(list))
			return false;
		json_array_foreach (list, i, one)
			if (!json_is_string(one))
				return false;
	}
	return json_is_object(j);
}

struct err *
alb_edit_begin(struct alb_edit *e, struct arena *a, const struct ingress *ingress, json_t **ops)
{
	const char *text = object_annotation(&ingress->object, ALB_MANAGED);

	*e = (struct alb_edit){ .arena = a, .ingress = ingress, .ops = ops };
	e->managed = text != NULL ? json_loads(text, 0, NULL) : json_object();
	if (alb_is_record(e->managed))
		return NULL;
	json_decref(e->managed);
	e->managed = NULL;
	return err_new(a, ERR_INVALID,
	    "ingress `%s`: metadata.annotations[" ALB_MANAGED "]: Invalid value: must be a JSON object of lists of "
	    "annotations; delete it",
	    ingress->object.meta.name);
}

static void
alb_edit_write(struct alb_edit *e, const char *key, const char *value)
{
	const struct object *o = &e->ingress->object;
	const char *now = object_annotation(o, key), *path;

	if (str_eq(now, value))
		return;
	path = arena_printf(e->arena, "/metadata/annotations/%s", json_pointer_escape(e->arena, key));
	if (o->meta.annotations.n == 0 && *e->ops == NULL) {
		json_patch_add(
		    json_patch_of(e->ops), "test", "/metadata/resourceVersion", json_string(o->meta.resource_version));
		json_patch_add(json_patch_of(e->ops), "add", "/metadata/annotations", json_object());
	}
	if (now != NULL)
		json_patch_add(json_patch_of(e->ops), "test", path, json_string(now));
	json_patch_add(
	    json_patch_of(e->ops), value != NULL ? "add" : "remove", path, value != NULL ? json_string(value) : NULL);
}

void
alb_edit_set(struct alb_edit *e, const struct rollout *r, const char *key, const char *value)
{
	const char *name = r->object.meta.name;
	json_t *list = json_object_get(e->managed, name), *one;
	size_t i, at = SIZE_MAX;

	alb_edit_write(e, key, value);
	if (e->managed == NULL)
		return;
	if (list == NULL)
		json_object_set_new(e->managed, name, list = json_array());
	json_array_foreach (list, i, one)
		if (str_eq(json_string_value(one), key))
			at = i;
	if (value != NULL && at == SIZE_MAX)
		json_array_append_new(list, json_string(key));
	else if (value == NULL && at != SIZE_MAX)
		json_array_remove(list, at);
}

static void
alb_edit_remove_record(struct alb_edit *e)
{
	bool recorded = object_annotation(&e->ingress->object, ALB_MANAGED) != NULL;

	alb_edit_write(e, ALB_MANAGED, NULL);
	if (recorded)
		alb_edit_write(e, ALB_MANAGED_OLD, NULL);
}

void
alb_edit_end(struct alb_edit *e)
{
	if (e->managed != NULL && json_object_size(e->managed) > 0)
		alb_edit_write(e, ALB_MANAGED, json_text_go(e->arena, e->managed));
	else if (e->managed != NULL)
		alb_edit_remove_record(e);
	json_decref(e->managed);
	e->managed = NULL;
}
