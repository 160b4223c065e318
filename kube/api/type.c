/* kube/api/type.c: API types as tables: functions for all types and rows. Decoding: decode.c; encoding: encode.c. */
#include "kube/api/type.h"
#include <string.h>

void
problem_add(struct problems *p, const char *path, const char *format, ...)
{
	va_list ap;

	if (p->n == PROBLEMS_MAX) {
		p->at[p->n - 1] = (struct problem){ .path = "", .text = "has more problems than are listed" };
		return;
	}
	p->at = arena_grow(p->arena, p->at, p->n, &p->capacity, sizeof(*p->at));
	va_start(ap, format);
	p->at[p->n++] =
	    (struct problem){ .path = arena_strdup(p->arena, path), .text = arena_vprintf(p->arena, format, ap) };
	va_end(ap);
}

void
problem_is_reference(struct problems *p)
{
	if (p->n > 0)
		p->at[p->n - 1].reference = true;
}

void
problem_is_range(struct problems *p)
{
	if (p->n > 0)
		p->at[p->n - 1].range = true;
}

bool
problem_at(const struct problems *p, const char *path)
{
	for (size_t i = 0; i < p->n; i++)
		if (strcmp(p->at[i].path, path) == 0)
			return true;
	return false;
}

unsigned
enum_named(const char *const *names, size_t n, const char *name)
{
	for (size_t i = 1; name != NULL && name[0] != '\0' && i < n; i++)
		if (names[i] != NULL && strcmp(names[i], name) == 0)
			return (unsigned)i;
	return 0;
}

const char *
type_api_version(const struct type *t, struct arena *a)
{
	return t->group[0] == '\0' ? t->version : arena_printf(a, "%s/%s", t->group, t->version);
}

const char *
string_map_get(const struct string_map *m, const char *key)
{
	for (size_t i = 0; m != NULL && i < m->n; i++)
		if (strcmp(m->at[i].key, key) == 0)
			return m->at[i].value;
	return NULL;
}

const struct type any_object_type = { .name = "object" };
