/* kube/api/job_check.c: validation of a JobSpec, as by an API server: a table of its fields. */
#include "kube/api/job_check.h"
#include <string.h>
#include "base/str.h"

enum job_field_kind { JOB_NUMBER, JOB_FLAG, JOB_TEXT, JOB_OBJECT };

static const struct {
	const char *name, *choices; /* of a text; NULL: any */
	enum job_field_kind kind;
} job_fields[] = {
	{ "activeDeadlineSeconds", NULL, JOB_NUMBER },
	{ "backoffLimit", NULL, JOB_NUMBER },
	{ "backoffLimitPerIndex", NULL, JOB_NUMBER },
	{ "completionMode", "NonIndexed|Indexed", JOB_TEXT },
	{ "completions", NULL, JOB_NUMBER },
	{ "managedBy", NULL, JOB_TEXT },
	{ "manualSelector", NULL, JOB_FLAG },
	{ "maxFailedIndexes", NULL, JOB_NUMBER },
	{ "parallelism", NULL, JOB_NUMBER },
	{ "podFailurePolicy", NULL, JOB_OBJECT },
	{ "podReplacementPolicy", "TerminatingOrFailed|Failed", JOB_TEXT },
	{ "selector", NULL, JOB_OBJECT },
	{ "successPolicy", NULL, JOB_OBJECT },
	{ "suspend", NULL, JOB_FLAG },
	{ "template", NULL, JOB_OBJECT },
	{ "ttlSecondsAfterFinished", NULL, JOB_NUMBER },
};

static bool
job_is_choice(const char *choices, const char *text)
{
	const char *s = choices;
	size_t n = strlen(text);

	for (; s != NULL; s = strchr(s, '|'), s = s != NULL ? s + 1 : NULL)
		if (strcspn(s, "|") == n && strncmp(s, text, n) == 0)
			return true;
	return false;
}

static void
job_field_check(struct problems *p, const char *path, size_t i, const json_t *v)
{
	static const char *const kinds[] = { [JOB_NUMBER] = "an integer",
		[JOB_FLAG] = "true or false",
		[JOB_TEXT] = "a string",
		[JOB_OBJECT] = "an object" };
	const bool right[] = { [JOB_NUMBER] = json_is_integer(v),
		[JOB_FLAG] = json_is_boolean(v),
		[JOB_TEXT] = json_is_string(v),
		[JOB_OBJECT] = json_is_object(v) };
	const char *text = json_text_go(p->arena, v);

	/* The values of arguments are not known yet. */
	if (json_is_null(v) || strstr(text, "{{") != NULL)
		return;
	if (!right[job_fields[i].kind])
		problem_add(p, path, "Invalid value: %s: must be %s", text, kinds[job_fields[i].kind]);
	else if (json_is_integer(v) && json_integer_value(v) < 0)
		problem_add(p, path, "Invalid value: %s: must be greater than or equal to 0", text);
	else if (job_fields[i].choices != NULL && !job_is_choice(job_fields[i].choices, json_string_value(v)))
		problem_add(p, path, "Unsupported value: %s: supported values: %s", text,
		    str_replace(p->arena, job_fields[i].choices, "|", ", "));
}

void
job_spec_problems(struct problems *p, const json_t *spec, const char *path)
{
	const char *key;
	json_t *v;

	json_object_foreach ((json_t *)spec, key, v) {
		const char *at = arena_printf(p->arena, "%s.%s", path, key);
		size_t i = 0;

		while (i < ARRAY_SIZE(job_fields) && strcmp(job_fields[i].name, key) != 0)
			i++;
		if (i == ARRAY_SIZE(job_fields))
			problem_add(p, at, "unknown field");
		else
			job_field_check(p, at, i, v);
	}
	if (str_eq(json_str(spec, "completionMode"), "Indexed") && json_object_get(spec, "completions") == NULL)
		problem_add(p, arena_printf(p->arena, "%s.completions", path),
		    "Required value: when completion mode is Indexed");
	if (json_object_get(spec, "selector") != NULL && !json_is_true(json_object_get(spec, "manualSelector")))
		problem_add(p, arena_printf(p->arena, "%s.selector", path),
		    "Invalid value: must be absent unless manualSelector is true");
}
