/* cli/cmd_eval.c: eval CONDITION and hash FILE: the condition language and the pod template hash, by hand. */
#include <stdio.h>
#include <string.h>
#include "analysis/condition/condition.h"
#include "base/str.h"
#include "cli/cli.h"
#include "cli/lines.h"
#include "io/file.h"
#include "kube/api/pod_template.h"
#include "kube/api/yaml.h"

static int eval_run(struct cli *);
static int hash_run(struct cli *);

const struct command cmd_eval = {
	.name = "eval",
	.args = "CONDITION",
	.group = GROUP_CHECK,
	.summary = "Evaluate a condition of a metric",
	.example = "eval --kind vector --result [0.97] \"result[0] >= 0.95\"",
	.flags =
	    (const struct flag[]){
		{ .name = "kind",
		    .value = "KIND",
		    .value_default = "json",
		    .choices = "vector|scalar|json",
		    .text = "Kind of the result" },
		{ .name = "result", .value = "R", .text = "Result of the measurement" },
		{ .name = "lines", .text = "Read one JSON object per line and print one result per line" },
		{ 0 },
	    },
	.run = eval_run,
};

const struct command cmd_hash = {
	.name = "hash",
	.args = "FILE",
	.group = GROUP_CHECK,
	.summary = "Print the pod template hash of a manifest",
	.example = "hash rollout.yaml",
	.flags =
	    (const struct flag[]){
		{ .name = "lines", .text = "Read one JSON object per line and print one result per line" },
		{ 0 },
	    },
	.run = hash_run,
};

#define FLOATS_MAX 100000
#define MANIFEST_MAX (4u << 20)

static struct err *
eval_read_vector(struct arena *a, const char *text, struct value *ret)
{
	double *x = arena_new_array(a, double, FLOATS_MAX);
	size_t n = 0;
	char *end;

	text += strspn(text, " \t");
	if (*text++ != '[')
		return err_new(a, ERR_INVALID, "--result: write a vector as [0.1,NaN]");
	while (*(text += strspn(text, " \t,")) != ']' && *text != '\0') {
		if (n == FLOATS_MAX)
			return err_new(a, ERR_INVALID, "--result: more than %d numbers", FLOATS_MAX);
		x[n++] = strtod(text, &end);
		if (end == text)
			return err_new(a, ERR_INVALID, "--result: \"%s\" is not a number", text);
		text = end;
	}
	*ret = value_from_floats(a, x, n);
	return NULL;
}

static struct err *
eval_read_result(struct arena *a, const char *kind, const char *text, struct value *ret)
{
	_cleanup_(json_decrefp) json_t *j = NULL;
	struct err *e;
	char *end;

	if (strcmp(kind, "vector") == 0)
		return eval_read_vector(a, text, ret);
	if (strcmp(kind, "scalar") == 0) {
		*ret = value_float(strtod(text, &end));
		return end == text || *end != '\0' ? err_new(a, ERR_INVALID, "--result: \"%s\" is not a number", text)
						   : NULL;
	}
	if (strcmp(kind, "json") != 0)
		return err_new(a, ERR_INVALID, "--kind: \"%s\" is not one of vector, scalar, json", kind);
	if ((e = json_parse(a, text, strlen(text), &j)) != NULL)
		return err_wrap(a, e, "--result");
	*ret = value_from_json(a, j);
	return NULL;
}

/* Prints the result of the condition, or its error. Returns false for an error. */
static bool
eval_print(struct cli *c, const char *condition, const char *kind, const char *result)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct condition_program *program;
	struct value v;
	struct err *e;
	bool b = false;

	if ((e = eval_read_result(a, kind, result, &v)) == NULL &&
	    (e = condition_parse(a, condition, &program)) == NULL)
		e = condition_eval(a, program, &v, loop_wall(c->loop), &b);
	if (e != NULL) {
		char *text = arena_strdup(a, err_text(a, e));

		/* A result is one line, whatever the strings of the condition contain. */
		for (char *at = text; *at != '\0'; at++)
			*at = (unsigned char)*at < ' ' ? ' ' : *at;
		printf("error: %s\n", text);
	} else {
		puts(b ? "true" : "false");
	}
	return e == NULL;
}

static void
eval_line(struct cli *c, const json_t *j)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const json_t *result = json_object_get(j, "result");

	eval_print(c, json_str(j, "condition") ?: "", json_str(j, "kind") ?: "json",
	    json_is_string(result) ? json_string_value(result)
	    : result != NULL	   ? json_text(a, result)
				   : "null");
}

static int
eval_run(struct cli *c)
{
	if (cli_on(c, "lines"))
		return each_line(c, eval_line);
	if (c->n_args != 1 || cli_flag(c, "result") == NULL)
		return cli_fail(c, "usage: sluice eval [--kind vector|scalar|json] --result R CONDITION");
	return eval_print(c, c->args[0], cli_flag(c, "kind"), cli_flag(c, "result")) ? 0 : 1;
}

static void
hash_print(const json_t *template, const json_t *collisions)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct opt_int count = { json_is_integer(collisions), json_integer_value(collisions) };

	puts(pod_template_hash(a, pod_template_canonical(a, json_text(a, template)), count));
}

static void
hash_line(struct cli *c, const json_t *j)
{
	(void)c;
	if (json_is_object(json_object_get(j, "template")))
		hash_print(json_object_get(j, "template"), json_object_get(j, "collisionCount"));
	else
		puts("error: no template in the line");
}

static int
hash_run(struct cli *c)
{
	_cleanup_(json_decrefp) json_t *docs = NULL;
	json_t *template, *doc;
	size_t i, found = 0;
	struct bytes text;
	struct err *e;

	if (cli_on(c, "lines"))
		return each_line(c, hash_line);
	if (c->n_args != 1)
		return cli_fail(c, "usage: sluice hash FILE");
	if ((e = file_read(c->arena, c->args[0], MANIFEST_MAX, &text)) != NULL)
		return cli_fail(c, "%s", err_text(c->arena, e));
	if ((e = yaml_parse(c->arena, text.at, text.len, &docs)) != NULL)
		return cli_fail(c, "%s: %s", c->args[0], err_text(c->arena, e));
	json_array_foreach (docs, i, doc) {
		template = json_at(doc, "/spec/template");
		if (template == NULL && json_at(doc, "/spec/containers") != NULL &&
		    json_object_get(doc, "kind") == NULL)
			template = doc;
		if (template == NULL)
			continue;
		pod_template_default(template);
		hash_print(template, json_at(doc, "/status/collisionCount"));
		found++;
	}
	return found > 0 ? 0 : cli_fail(c, "%s: no Rollout and no pod template in it", c->args[0]);
}
