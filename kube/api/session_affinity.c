/* kube/api/session_affinity.c: rows and reader of the annotation for session affinity. */
#include "kube/api/session_affinity.h"
#include <string.h>
#include "base/str.h"
#include "kube/api/type.h"
#include "kube/api/yaml.h"

#define TEXT_MAX 1024 /* bytes of the annotation */
#define NAME_MAX_LENGTH 64
#define DAY 86400 /* seconds */

struct session_affinity_text {
	const char *cookie_name;
	struct opt_int max_age;
};

static const struct field session_affinity_text_fields[] = {
	STRING(session_affinity_text, cookie_name, "cookieName", .required = true, .doc = "Name of the cookie."),
	OPT_INT(session_affinity_text, max_age, "maxAge", .min = 1, .max = 365 * DAY,
	    .doc = "Life of the cookie, in seconds from the first response of the canary.", .default_text = "86400"),
};
TYPE(session_affinity_text, "session affinity", .strict = true);

/* The name becomes part of a regular expression and of a header: these characters need no quotes in either. */
static bool
session_affinity_is_name(const char *name)
{
	size_t n = strlen(name);

	return n > 0 && n <= NAME_MAX_LENGTH &&
	       strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") == n;
}

static struct err *
session_affinity_decode(struct arena *a, const char *text, struct session_affinity *ret)
{
	_cleanup_(json_decrefp) json_t *docs = NULL;
	struct problems problems = { .arena = a };
	struct session_affinity_text s = { 0 };
	struct err *e;

	if (strlen(text) > TEXT_MAX)
		return err_new(a, ERR_INVALID, "Invalid value: has more than %d bytes", TEXT_MAX);
	if ((e = yaml_parse(a, text, strlen(text), &docs)) != NULL)
		return err_wrap(a, e, "Invalid value");
	if (json_array_size(docs) != 1 || !json_is_object(json_array_get(docs, 0)))
		return err_new(
		    a, ERR_INVALID, "Invalid value: \"%s\": needs {cookieName: NAME, maxAge: SECONDS}", text);
	decode(&session_affinity_text_type, json_array_get(docs, 0), "", &problems, &s);
	if (problems.n > 0)
		return err_new(a, ERR_INVALID, "%s: %s", problems.at[0].path, problems.at[0].text);
	if (!session_affinity_is_name(s.cookie_name))
		return err_new(a, ERR_INVALID,
		    "Invalid value: \"%s\": cookieName has 1 to %d letters, digits, \"-\" and \"_\"", s.cookie_name,
		    NAME_MAX_LENGTH);
	*ret = (struct session_affinity){ arena_strdup(a, s.cookie_name), s.max_age.present ? s.max_age.value : DAY };
	return NULL;
}

struct err *
session_affinity_read(struct arena *a, const struct object *o, struct session_affinity *ret, bool *ret_present)
{
	const char *text = object_annotation(o, ANNOTATION_SESSION_AFFINITY);
	struct err *e = text != NULL ? session_affinity_decode(a, text, ret) : NULL;

	*ret_present = text != NULL && e == NULL;
	return e != NULL ? err_wrap(a, e, "metadata.annotations." ANNOTATION_SESSION_AFFINITY) : NULL;
}
