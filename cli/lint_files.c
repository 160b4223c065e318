/* cli/lint_files.c: lint: the objects of the files, found by name. */
#include "cli/lint_files.h"
#include <stdint.h>
#include <string.h>
#include "base/str.h"

/* Returns the key of the map of names. */
static const char *
lint_files_key(struct arena *a, const struct type *t, const char *namespace, const char *name)
{
	return arena_printf(
	    a, "%s/%s/%s/%s", t->group, t->kind, t->cluster_scoped || namespace == NULL ? "" : namespace, name);
}

/* How near a file is to another. */
struct lint_nearness {
	size_t common; /* bytes of the path of the folder that contains both; SIZE_MAX: the same file */
	size_t below; /* folders from there to the file */
};

static struct lint_nearness
lint_nearness(const char *from, const char *file)
{
	struct lint_nearness n = { 0 };
	size_t i = 0;

	if (strcmp(from, file) == 0)
		return (struct lint_nearness){ .common = SIZE_MAX };
	for (; from[i] != '\0' && from[i] == file[i]; i++)
		if (from[i] == '/')
			n.common = i + 1;
	for (const char *at = strchr(file + n.common, '/'); at != NULL; at = strchr(at + 1, '/'))
		n.below++;
	return n;
}

static bool
lint_is_nearer(struct lint_nearness a, struct lint_nearness b)
{
	return a.common > b.common || (a.common == b.common && a.below < b.below);
}

struct manifest *
lint_files_nearest(const struct lint_files *f, struct manifest *m)
{
	struct manifest *best = m->first_namesake;
	struct lint_nearness least, n;

	if (f->from == NULL || best->next_namesake == NULL)
		return best;
	least = lint_nearness(f->from->file, best->file);
	for (struct manifest *one = best; one != NULL; one = one->next_namesake) {
		if (one == f->from)
			return one;
		n = lint_nearness(f->from->file, one->file);
		if (lint_is_nearer(n, least)) {
			best = one;
			least = n;
		}
	}
	return best;
}

struct manifest *
lint_files_find(const struct lint_files *f, const struct type *t, const char *namespace, const char *name)
{
	struct manifest *first =
	    name != NULL ? map_get(&f->by_name, lint_files_key(f->arena, t, namespace, name)) : NULL;

	return first != NULL ? lint_files_nearest(f, first) : NULL;
}

static const struct object *
lint_files_get(const struct view *v, const struct type *t, const char *ns, const char *name)
{
	const struct manifest *m = lint_files_find((const struct lint_files *)v, t, ns, name);

	return m != NULL ? m->object : NULL;
}

static void
lint_files_visit(
    const struct view *v, const struct type *t, const char *ns, void (*visit)(const struct object *, void *), void *arg)
{
	const struct lint_files *f = (const struct lint_files *)v;

	lint_files_each (f, m)
		if (m->object->type == t && (ns == NULL || str_eq(m->object->meta.namespace, ns)))
			visit(m->object, arg);
}

void
lint_files_init(struct lint_files *f, struct arena *a)
{
	*f = (struct lint_files){ .view = { .get = lint_files_get, .each = lint_files_visit }, .arena = a };
	f->last = &f->first;
}

void
lint_files_done(struct lint_files *f)
{
	for (const struct manifest *m = f->first; m != NULL; m = m->next)
		json_decref((json_t *)m->json);
	map_done(&f->by_name);
}

void
lint_files_add(struct lint_files *f, struct manifest *m)
{
	const struct meta *meta = &m->object->meta;
	const char *key = lint_files_key(f->arena, m->object->type, meta->namespace, meta->name);
	/* A server completes a generateName to a unique name. */
	bool generated = json_str(json_object_get(m->json, "metadata"), "generateName") != NULL;
	struct manifest *first = generated ? NULL : map_get(&f->by_name, key);

	json_incref((json_t *)m->json);
	m->next = m->next_namesake = NULL;
	m->first_namesake = first != NULL ? first : m;
	m->last_namesake = m;
	if (first != NULL) {
		first->last_namesake->next_namesake = m;
		first->last_namesake = m;
	} else if (!generated) {
		map_set(&f->by_name, key, m);
	}
	*f->last = m;
	f->last = &m->next;
}
