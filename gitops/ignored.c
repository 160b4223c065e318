/* gitops/ignored.c: places that are taken out of both sides before they are compared. */
#include "gitops/ignored.h"
#include <string.h>
#include "base/glob.h"
#include "base/str.h"

bool
ignored_concerns(const struct ignored_difference *d, const struct api_kind *k, const char *ns, const char *name)
{
	return glob_match(d->group != NULL ? d->group : "", k->group) && glob_match(d->kind, k->kind) &&
	       (str_empty(d->name) || strcmp(d->name, name) == 0) &&
	       (str_empty(d->namespace) || str_eq(d->namespace, ns));
}

void
ignored_pointer(json_t *object, const char *pointer)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const char *last = strrchr(pointer, '/');
	json_t *in;
	long long i;

	if (last == NULL)
		return;
	in = last == pointer ? object : json_at(object, arena_strndup(a, pointer, (size_t)(last - pointer)));
	if (json_is_array(in) && str_int(last + 1, 0, (long long)json_array_size(in) - 1, &i))
		json_array_remove(in, (size_t)i);
	else if (json_is_object(in))
		json_object_del(in, str_replace(a, str_replace(a, last + 1, "~1", "/"), "~0", "~"));
}
