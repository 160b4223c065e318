/* gitops/render/trim.c: ${v#glob} and ${v%glob} of variable substitution: tries a glob on each length of a value.
 * The other operators are in substitute.c. */
#include "gitops/render/trim.h"
#include <string.h>
#include "base/utf8.h"
#include "gitops/source/go_glob.h"

const char *
trim_start(const char *value, const char *glob, bool longest)
{
	size_t n = strlen(value), cut = 0;

	if (n > TRIM_MAX)
		return NULL;
	for (size_t i = n; i > 0; i--) {
		_cleanup_(arena_freep) struct arena *a = NULL;
		int is;

		if (((unsigned char)value[i] & 0xc0) == 0x80)
			continue; /* in the middle of a character */
		a = arena_new();
		is = go_glob_match(a, glob, arena_strndup(a, value, i));
		if (is < 0)
			return value;
		if (is == 1)
			cut = i;
		if (is == 1 && longest)
			break;
	}
	return value + cut;
}

static const char *
trim_reversed(struct arena *a, const char *s)
{
	size_t n = strlen(s);
	char *out = arena_alloc(a, n + 1), *to = out + n;

	*to = '\0';
	while (*s != '\0') {
		const char *from = s;

		utf8_next(&s);
		to -= s - from;
		memcpy(to, from, (size_t)(s - from));
	}
	return out;
}

const char *
trim_end(struct arena *a, const char *value, const char *glob, bool longest)
{
	const char *rest = trim_start(trim_reversed(a, value), trim_reversed(a, glob), longest);

	return rest != NULL ? trim_reversed(a, rest) : NULL;
}
