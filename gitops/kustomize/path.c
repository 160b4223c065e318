/* gitops/kustomize/path.c: field paths of replacements and vars ("spec.containers.[name=app].image"): parses a path,
 * and follows it. Paths of field specs: field_walk.c. */
#include "gitops/kustomize/path.h"
#include <string.h>
#include "base/str.h"

static bool
path_add_part(struct k_path *p, const char *part)
{
	if (part[0] == '\0')
		return true;
	if (p->n == K_PATH_PARTS_MAX)
		return false;
	p->parts[p->n++] = part;
	return true;
}

/* "[a.b]" is the name a.b; "ports[0]" is an element of ports. */
static bool
path_add_parts(struct k_path *p, char *part)
{
	char *open = strchr(part, '[');
	size_t n = strlen(part);
	long long index;

	if (open == NULL || part[n - 1] != ']' || strchr(part, '=') != NULL)
		return path_add_part(p, part);
	part[n - 1] = '\0';
	if (open == part)
		return path_add_part(p, part + 1);
	if (!str_int(open + 1, 0, INT32_MAX, &index)) {
		part[n - 1] = ']';
		return path_add_part(p, part);
	}
	*open = '\0';
	return path_add_part(p, part) && path_add_part(p, open + 1);
}

struct err *
k_path_parse(struct arena *a, const char *text, struct k_path *ret)
{
	char *out = arena_strdup(a, text), *to = out, *from = out;
	int depth = 0;

	ret->n = 0;
	for (const char *at = text;; at++) {
		if (*at == '\\' && at[1] == '.') {
			*to++ = *++at;
			continue;
		}
		depth += *at == '[' ? 1 : *at == ']' ? -1 : 0;
		if (*at != '\0' && (*at != '.' || depth > 0)) {
			*to++ = *at;
			continue;
		}
		*to++ = '\0';
		if (!path_add_parts(ret, from))
			return err_new(a, ERR_INVALID, "the path %s has more than %d parts", text, K_PATH_PARTS_MAX);
		from = to;
		if (*at == '\0')
			return NULL;
	}
}

const json_t *
k_path_value(struct arena *a, const json_t *at, const struct k_path *p)
{
	for (size_t i = 0; i < p->n && at != NULL; i++) {
		const char *part = p->parts[i], *eq = strchr(part, '=');
		long long n;

		if (json_is_array(at) && part[0] == '[' && eq != NULL) {
			const json_t *element, *found = NULL;
			size_t k;

			json_array_foreach (at, k, element) {
				const json_t *is =
				    json_object_get(element, arena_strndup(a, part + 1, (size_t)(eq - part - 1)));

				if (found == NULL && is != NULL &&
				    strcmp(k_scalar_text(a, is), arena_strndup(a, eq + 1, strlen(eq + 1) - 1)) == 0)
					found = element;
			}
			at = found;
		} else if (json_is_array(at)) {
			at = str_int(part, 0, INT32_MAX, &n) ? json_array_get(at, (size_t)n) : NULL;
		} else {
			at = json_object_get(at, part);
		}
	}
	return at;
}

const char *
k_scalar_text(struct arena *a, const json_t *v)
{
	return json_is_string(v) ? json_string_value(v) : json_text(a, v);
}
