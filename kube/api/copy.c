/* kube/api/copy.c: deep copies of API objects by rows: structs, lists and texts, without a detour over JSON. */
#include <string.h>
#include "kube/api/common_texts.h"
#include "kube/api/meta.h"

static void copy_members(const struct type *, void *at, struct arena *);

static void *
copy_bytes(struct arena *a, const void *from, size_t n)
{
	return from != NULL ? memcpy(arena_alloc(a, n), from, n) : NULL;
}

static void
copy_list(const struct type *t, void *at, struct arena *a)
{
	struct {
		void *at;
		size_t n;
	} list;

	memcpy(&list, at, sizeof(list));
	list.at = list.n > 0 ? copy_bytes(a, list.at, list.n * t->size) : NULL;
	for (size_t i = 0; i < list.n; i++)
		copy_members(t, (char *)list.at + i * t->size, a);
	memcpy(at, &list, sizeof(list));
}

static void
copy_strings(struct strings *s, struct arena *a)
{
	s->at = s->n > 0 ? copy_bytes(a, s->at, s->n * sizeof(*s->at)) : NULL;
	for (size_t i = 0; i < s->n; i++)
		s->at[i] = arena_strdup(a, s->at[i]);
}

static void
copy_string_map(struct string_map *m, struct arena *a)
{
	m->at = m->n > 0 ? copy_bytes(a, m->at, m->n * sizeof(*m->at)) : NULL;
	for (size_t i = 0; i < m->n; i++)
		m->at[i] = (struct string_pair){ common_text_copy(a, m->at[i].key), arena_strdup(a, m->at[i].value) };
}

/* Replaces what a member points to by a copy. */
static void
copy_member(const struct field *f, void *at, struct arena *a)
{
	void *object;

	switch (f->kind) {
	case KIND_STRING: *(const char **)at = common_text_copy(a, *(const char **)at); return;
	case KIND_INT_OR_STRING:
	case KIND_JSON: *(const char **)at = arena_strdup(a, *(const char **)at); return;
	case KIND_DURATION: ((struct duration *)at)->text = arena_strdup(a, ((struct duration *)at)->text); return;
	case KIND_OBJECT:
		object = copy_bytes(a, *(const void **)at, f->of->size);
		if (object != NULL)
			copy_members(f->of, object, a);
		*(const void **)at = object;
		return;
	case KIND_EMBED: copy_members(f->of, at, a); return;
	case KIND_LIST: copy_list(f->of, at, a); return;
	case KIND_STRINGS: copy_strings(at, a); return;
	case KIND_STRING_MAP: copy_string_map(at, a); return;
	case KIND_BOOL:
	case KIND_OPT_BOOL:
	case KIND_INT:
	case KIND_OPT_INT:
	case KIND_TIME:
	case KIND_ENUM:
	case KIND_MAX: return;
	}
}

/* `at` has the bytes of the original. */
static void
copy_members(const struct type *t, void *at, struct arena *a)
{
	for (size_t i = 0; i < t->n_fields; i++)
		if (!t->fields[i].not_supported)
			copy_member(&t->fields[i], (char *)at + t->fields[i].offset, a);
	if (t->copied != NULL)
		t->copied(at, a);
}

void *
type_copy(const struct type *t, const void *of, struct arena *a)
{
	void *copy = copy_bytes(a, of, t->size);

	copy_members(t, copy, a);
	return copy;
}

struct object *
object_copy(const struct object *o, struct arena *a)
{
	struct object *copy = type_copy(o->type, o, a);

	copy_members(&meta_type, &copy->meta, a);
	if (o->problems != NULL) {
		struct problems *p = copy_bytes(a, o->problems, sizeof(*p));

		*p =
		    (struct problems){ .n = p->n, .capacity = p->n, .at = copy_bytes(a, p->at, p->n * sizeof(*p->at)) };
		for (size_t i = 0; p->at != NULL && i < p->n; i++) {
			p->at[i].path = arena_strdup(a, p->at[i].path);
			p->at[i].text = arena_strdup(a, p->at[i].text);
		}
		copy->problems = p;
	}
	if (o->unreadable != NULL) {
		struct unreadable *u = copy_bytes(a, o->unreadable, sizeof(*u));

		u->why = arena_strdup(a, u->why);
		copy->unreadable = u;
	}
	return copy;
}
