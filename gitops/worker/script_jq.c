/* gitops/worker/script_jq.c: jqPathExpressions of ignoreDifferences, with libjq: the paths of the matching values.
 * Values pass through text, because jq and jansson have different types for JSON. */
#include <stdlib.h>
#include <string.h>
#include <jq.h>
#include "base/str.h"
#include "gitops/worker/script_parts.h"

#define KEPT_MAX 64 /* compiled expressions; when there are more, all are freed */
#define PATHS_MAX 10000

struct compiled {
	char *expression;
	jq_state *jq;
};

static struct compiled kept[KEPT_MAX];
static size_t n_kept;
static char script_jq_message[512]; /* the first message of libjq about an expression */

static void
script_jq_keep_error(void *arg, jv message)
{
	(void)arg;
	if (script_jq_message[0] == '\0')
		snprintf(script_jq_message, sizeof(script_jq_message), "%s",
		    jv_get_kind(message) == JV_KIND_STRING ? jv_string_value(message) : "it is wrong");
	script_jq_message[strcspn(script_jq_message, "\n")] = '\0';
	jv_free(message);
}

static jq_state *
script_jq_compile(const char *expression)
{
	char *program;
	jq_state *jq;
	int ok;

	for (size_t i = 0; i < n_kept; i++)
		if (strcmp(kept[i].expression, expression) == 0)
			return kept[i].jq;
	if ((jq = jq_init()) == NULL)
		return NULL;
	script_jq_message[0] = '\0';
	jq_set_error_cb(jq, script_jq_keep_error, NULL);
	if (asprintf(&program, "path(%s)", expression) < 0)
		return NULL;
	ok = jq_compile(jq, program);
	free(program);
	if (!ok) {
		jq_teardown(&jq);
		return NULL;
	}
	if (n_kept == KEPT_MAX)
		for (; n_kept > 0; n_kept--) {
			free(kept[n_kept - 1].expression);
			jq_teardown(&kept[n_kept - 1].jq);
		}
	kept[n_kept++] = (struct compiled){ strdup(expression), jq };
	return jq;
}

/* Returns the error that ended the expression. NULL: the object has another shape, so the expression names no path. */
static json_t *
script_jq_error(jv end)
{
	jv message = jv_invalid_get_msg(end);
	json_t *response = NULL;

	/* "Invalid path expression with result …": the value, which may be of a Secret, is not repeated. */
	if (jv_get_kind(message) == JV_KIND_STRING && strncmp(jv_string_value(message), "Invalid path", 12) == 0)
		response = json_pack("{s:s}", "error", "it makes a value, and does not name a place of the object");
	jv_free(message);
	return response;
}

json_t *
script_jq_paths(const char *expression, const json_t *object)
{
	jq_state *jq = script_jq_compile(expression);
	char *text = json_dumps(object, JSON_COMPACT | JSON_ENCODE_ANY);
	json_t *paths = json_array(), *error;
	jv path;

	if (jq == NULL) {
		free(text);
		json_decref(paths);
		return json_pack("{s:s}", "error", script_jq_message[0] != '\0' ? script_jq_message : "it is wrong");
	}
	jq_start(jq, jv_parse(text), 0);
	free(text);
	while (jv_is_valid(path = jq_next(jq)) && json_array_size(paths) < PATHS_MAX) {
		jv dumped = jv_dump_string(path, 0);

		json_array_append_new(paths, json_loads(jv_string_value(dumped), 0, NULL));
		jv_free(dumped);
	}
	if (json_array_size(paths) == PATHS_MAX) {
		jv_free(path);
		json_decref(paths);
		return json_pack("{s:s}", "error", "it names more than 10000 places");
	}
	if ((error = script_jq_error(path)) != NULL) {
		json_decref(paths);
		return error;
	}
	return json_pack("{s:o}", "paths", paths);
}
