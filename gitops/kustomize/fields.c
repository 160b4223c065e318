/* gitops/kustomize/fields.c: walking along a path. */
#include "gitops/kustomize/fields.h"
#include <string.h>
#include "base/str.h"

/* One of the words between "|" is it. */
static bool
is_one_of(const char *words, const char *word)
{
	size_t n = strlen(word);

	for (const char *at = words; *at != '\0'; at += *at == '|') {
		if (strncmp(at, word, n) == 0 && (at[n] == '|' || at[n] == '\0'))
			return true;
		at += strcspn(at, "|");
	}
	return false;
}

bool
k_place_in(const struct k_place *p, const struct k_id *id)
{
	return (p->group == NULL || strcmp(p->group, id->group) == 0) &&
	       (p->kind == NULL || is_one_of(p->kind, id->kind));
}

void
k_fields(json_t *at, const char *path, bool create, void (*visit)(json_t *map, const char *name, void *arg), void *arg)
{
	size_t n = strcspn(path, "/"), plain = n;
	char name[128];
	json_t *next;
	size_t i;

	if (json_is_array(at)) {
		json_array_foreach (at, i, next)
			k_fields(next, path, create, visit, arg);
		return;
	}
	if (plain > 2 && strncmp(path + plain - 2, "[]", 2) == 0)
		plain -= 2;
	if (!json_is_object(at) || plain >= sizeof(name))
		return;
	memcpy(name, path, plain);
	name[plain] = '\0';
	next = json_object_get(at, name);
	if (path[n] == '\0') {
		if (next != NULL || create)
			visit(at, name, arg);
		return;
	}
	if (next == NULL && create && plain == n)
		json_object_set_new(at, name, next = json_object());
	else if (json_is_null(next) && create && plain == n)
		json_object_set_new(at, name, next = json_object());
	if (next != NULL)
		k_fields(next, path + n + 1, create, visit, arg);
}
