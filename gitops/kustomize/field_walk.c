/* gitops/kustomize/field_walk.c: visits the fields of objects that a field spec names: follows its path. The tables
 * of paths are in field_specs.c. */
#include "gitops/kustomize/field_walk.h"
#include <string.h>
#include "base/str.h"

/* Copies the first name of a path into `name`. Returns the rest of the path; NULL: it was the last name. */
static const char *
field_walk_first_name(const char *path, char *name)
{
	size_t n = 0;

	for (; *path != '\0' && *path != '/'; path++) {
		if (path[0] == '\\' && path[1] == '/')
			path++;
		name[n++] = *path;
	}
	name[n] = '\0';
	return *path == '/' ? path + 1 : NULL;
}

void
k_fields(json_t *at, const char *path, bool create, k_visit_fn *visit, void *arg)
{
	_cleanup_(freep) char *name = NULL;
	bool of_list;
	const char *rest;
	json_t *next;
	size_t i, n;

	if (json_is_array(at)) {
		json_array_foreach (at, i, next)
			k_fields(next, path, create, visit, arg);
		return;
	}
	name = mem_alloc(strlen(path) + 1);
	rest = field_walk_first_name(path + (*path == '/'), name);
	n = strlen(name);
	of_list = n > 2 && strcmp(name + n - 2, "[]") == 0;
	if (of_list)
		name[n - 2] = '\0';
	if (!json_is_object(at) || n == 0)
		return;
	next = json_object_get(at, name);
	if (rest == NULL) {
		if (next != NULL || create)
			visit(at, name, arg);
		return;
	}
	if ((next == NULL || json_is_null(next)) && create && !of_list)
		json_object_set_new(at, name, next = json_object());
	if (next != NULL)
		k_fields(next, rest, create, visit, arg);
}

bool
k_spec_in(const struct k_spec *p, enum k_use use, const struct k_id *id)
{
	return p->use == use && k_gvk_selects(&p->in, id->group, id->version, id->kind);
}

void
k_visit(const struct k_objects *all, const struct k_object *o, enum k_use use, k_visit_fn *visit, void *arg)
{
	struct k_id id = k_id_of(all->arena, o->object);

	for (size_t i = 0; i < all->specs->n; i++) {
		const struct k_spec *p = &all->specs->at[i];

		if (k_spec_in(p, use, &id))
			k_fields(o->object, p->path, p->create, visit, arg);
	}
}

void
k_visit_all(const struct k_objects *all, enum k_use use, k_visit_fn *visit, void *arg)
{
	for (size_t i = 0; i < all->n; i++)
		k_visit(all, &all->at[i], use, visit, arg);
}

bool
k_has_spec(const struct k_objects *all, const struct k_id *id, enum k_use use, const char *path)
{
	for (size_t i = 0; i < all->specs->n; i++) {
		const struct k_spec *p = &all->specs->at[i];

		if (k_spec_in(p, use, id) && (path == NULL || strcmp(p->path, path) == 0))
			return true;
	}
	return false;
}
