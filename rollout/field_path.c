/* rollout/field_path.c: paths of an argument's fieldRef: whether one such as spec.template.metadata.labels['app']
 * can name anything of a Rollout. */
#include "rollout/field_path.h"
#include <string.h>
#include "base/str.h"
#include "kube/api/rollout.h"

static const char *const field_path_metadata[] = { "name", "generateName", "namespace", "uid", "resourceVersion",
	"generation", "creationTimestamp" };

/* Skips a point. Returns the name that follows, which ends before the next point or bracket; *ret_len is its length. */
static const char *
field_path_next(const char *s, size_t *ret_len)
{
	s += *s == '.';
	*ret_len = strcspn(s, ".[");
	return s;
}

static const struct field *
field_path_find(const struct type *t, const char *name, size_t len)
{
	for (size_t i = 0; i < t->n_fields; i++)
		if (strlen(t->fields[i].name) == len && strncmp(t->fields[i].name, name, len) == 0)
			return &t->fields[i];
	return NULL;
}

/* Reads a list index, "[0]", at *s, which is a bracket, and moves *s after it. Returns false, with *s unchanged, if it
 * is something else. */
static bool
field_path_index(const char **s)
{
	size_t n = strspn(*s + 1, "0123456789");

	if (n == 0 || (*s)[1 + n] != ']')
		return false;
	*s += n + 2;
	return true;
}

/* Follows the rows as far as they exist: a value that is kept as JSON or as a map may have any name below it. An
 * argument is a text, so that a path must end at a single value, not at an object or a list. */
static bool
field_path_in(const struct type *t, const char *s)
{
	while (*s != '\0') {
		const struct field *f;
		size_t len;

		s = field_path_next(s, &len);
		if (len == 0 || (f = field_path_find(t, s, len)) == NULL)
			return false;
		s += len;
		switch (f->kind) {
		case KIND_JSON:
		case KIND_STRING_MAP: return *s != '\0';
		case KIND_STRINGS: return *s == '[' && field_path_index(&s) && *s == '\0';
		case KIND_LIST:
			if (*s != '[' || !field_path_index(&s))
				return false;
			break;
		case KIND_OBJECT:
		case KIND_EMBED: break;
		default: return *s == '\0';
		}
		t = f->of;
	}
	return false;
}

/* Returns whether the rest of a path is one quoted key, as in metadata.labels['app'], or nothing, for all of the
 * map. */
static bool
field_path_map_key(const char *s)
{
	size_t n = strlen(s);

	return n == 0 || (n > 4 && str_starts(s, "['") && str_ends(s, "']") && strcspn(s + 2, "'") == n - 4);
}

bool
field_path_known(const char *path)
{
	size_t len, n;
	const char *s;

	s = field_path_next(path, &len);
	if (len == 8 && strncmp(s, "metadata", 8) == 0 && s[len] == '.') {
		s = field_path_next(s + len, &n);
		for (size_t i = 0; i < ARRAY_SIZE(field_path_metadata); i++)
			if (strlen(field_path_metadata[i]) == n && strncmp(field_path_metadata[i], s, n) == 0)
				return s[n] == '\0';
		return (str_starts(s, "labels") && field_path_map_key(s + strlen("labels"))) ||
		       (str_starts(s, "annotations") && field_path_map_key(s + strlen("annotations")));
	}
	if ((len == 4 && strncmp(s, "kind", 4) == 0) || (len == 10 && strncmp(s, "apiVersion", 10) == 0))
		return s[len] == '\0';
	return field_path_in(&rollout_type, path);
}
