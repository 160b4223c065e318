/* cli/cmd_lint.c: lint: everything that is wrong with manifests, with file, line and column.
 *
 * Files are read as the controller would read their objects: the same tables, the same rules, and what they refer to is looked for
 * among the files. What is not found there may be in the cluster: that is a warning, unless --strict.
 */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "analysis/condition/condition.h"
#include "analysis/spec.h"
#include "base/file.h"
#include "cli/cli.h"
#include "kube/api/core.h"
#include "kube/api/istio.h"
#include "kube/api/roots.h"
#include "kube/api/workload.h"
#include "kube/api/yaml.h"
#include "rollout/experiment.h"
#include "rollout/world.h"

#define FILE_MAX (16u << 20)
#define FOLDERS_DEEP 16

static int lint_run(struct cli *);

const struct command cmd_lint = {
	.name = "lint",
	.args = "FILE|FOLDER...",
	.summary = "says what is wrong with manifests, and where",
	.flags = "filename strict",
	.run = lint_run,
};

struct manifest {
	const char *file;
	const struct object *object;
	const json_t *json;
	const struct yaml_marks *marks;
	struct manifest *next;
};

struct lint {
	struct view view; /* first: a view is its lint */
	struct cli *cli;
	struct manifest *first, **last;
	size_t n_files, n_errors, n_warnings;
	bool strict;
};

/* --- reading ------------------------------------------------------------------------------------------------------- */

/* What is read besides the types of our own: what rollouts refer to. */
static const struct type *const others[] = { &service_type, &virtual_service_type, &destination_rule_type,
	&deployment_type, &workload_replicaset_type, &pod_template_object_type };

static const struct type *
type_of(const json_t *doc)
{
	const char *kind = json_str(doc, "kind"), *version = json_str(doc, "apiVersion") ?: "";
	const struct type *t = kind != NULL ? api_root_named(kind) : NULL;

	for (size_t i = 0; kind != NULL && t == NULL && i < ARRAY_SIZE(others); i++)
		if (strcmp(others[i]->kind, kind) == 0)
			t = others[i];
	/* Any version of the group: Istio's have the same fields. */
	return t != NULL && strncmp(version, t->group, strlen(t->group)) == 0 ? t : NULL;
}

static void
say(struct lint *l, bool warning, const char *file, const struct yaml_mark *at, const char *path, const char *text)
{
	printf("%s:%zu:%zu: %s: %s%s%s\n", file, at != NULL ? at->line : 1, at != NULL ? at->column : 1,
	    warning ? "warning" : "error", path, path[0] != '\0' ? ": " : "", text);
	if (warning)
		l->n_warnings++;
	else
		l->n_errors++;
}

static void
say_problem(struct lint *l, const struct manifest *m, const struct problem *p)
{
	say(l, p->reference && !l->strict, m->file, yaml_mark_of(m->marks, p->path), p->path, p->text);
}

static void
add_document(struct lint *l, const char *file, json_t *doc, const struct yaml_marks *marks)
{
	const struct type *t = type_of(doc);
	json_t *meta = json_object_get(doc, "metadata");
	struct manifest *m;

	if (!json_is_object(doc)) {
		say(l, false, file, NULL, "", "a document that is no object");
		return;
	}
	if (t == NULL)
		return;
	if (json_str(meta, "name") == NULL && json_str(meta, "generateName") == NULL) {
		say(l, false, file, yaml_mark_of(marks, "metadata"), "metadata.name", "required, but missing");
		return;
	}
	/* As the API server would complete it. */
	if (!t->cluster_scoped && json_str(meta, "namespace") == NULL)
		json_object_set_new(meta, "namespace", json_string("default"));
	if (json_str(meta, "name") == NULL)
		json_object_set(meta, "name", json_object_get(meta, "generateName"));
	m = arena_alloc(l->cli->arena, sizeof(*m));
	*m = (struct manifest){ file, object_decode(t, doc, l->cli->arena), json_incref(doc), marks, NULL };
	*l->last = m;
	l->last = &m->next;
}

static void
read_file(struct lint *l, const char *path)
{
	const char *file = strcmp(path, "-") == 0 ? "/dev/stdin" : path;
	_cleanup_(json_decrefp) json_t *docs = NULL;
	struct bytes text = { 0 };
	struct yaml_marks *marks;
	struct err *e = file_read(l->cli->arena, file, FILE_MAX, &text);
	json_t *doc, *item;
	size_t i, k;

	l->n_files++;
	if (e == NULL)
		e = yaml_parse_marked(l->cli->arena, text.at, text.len, &docs, &marks);
	if (e != NULL) {
		say(l, false, path, NULL, "", err_text(l->cli->arena, e));
		return;
	}
	json_array_foreach (docs, i, doc) {
		if (str_ends(json_str(doc, "kind"), "List") && json_is_array(json_object_get(doc, "items"))) {
			json_array_foreach (json_object_get(doc, "items"), k, item)
				add_document(l, path, item, &marks[i]);
		} else {
			add_document(l, path, doc, &marks[i]);
		}
	}
}

static int
is_manifest(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

static bool
is_folder(const char *path)
{
	struct stat s;

	return stat(path, &s) == 0 && S_ISDIR(s.st_mode);
}

static void
read_path(struct lint *l, const char *path, int depth)
{
	struct dirent **entries = NULL;
	int n;

	if (strcmp(path, "-") == 0 || !is_folder(path)) {
		read_file(l, path);
		return;
	}
	n = depth < FOLDERS_DEEP ? scandir(path, &entries, is_manifest, alphasort) : 0;
	for (int i = 0; i < n; i++) {
		const char *below = arena_printf(l->cli->arena, "%s/%s", path, entries[i]->d_name);

		if (is_folder(below) || str_ends(below, ".yaml") || str_ends(below, ".yml") || str_ends(below, ".json"))
			read_path(l, below, depth + 1);
		free(entries[i]);
	}
	free(entries);
}

/* --- the files as a cluster ---------------------------------------------------------------------------------------- */

static const struct object *
get(const struct view *v, const struct type *t, const char *ns, const char *name)
{
	const struct lint *l = (const struct lint *)v;

	for (const struct manifest *m = l->first; m != NULL; m = m->next)
		if (m->object->type == t && str_eq(m->object->meta.name, name) &&
		    (t->cluster_scoped || str_eq(m->object->meta.namespace, ns)))
			return m->object;
	return NULL;
}

static void
each(
    const struct view *v, const struct type *t, const char *ns, void (*visit)(const struct object *, void *), void *arg)
{
	const struct lint *l = (const struct lint *)v;

	for (const struct manifest *m = l->first; m != NULL; m = m->next)
		if (m->object->type == t && (ns == NULL || str_eq(m->object->meta.namespace, ns)))
			visit(m->object, arg);
}

/* --- checking ------------------------------------------------------------------------------------------------------ */

static void
check_rollout(struct lint *l, const struct manifest *m)
{
	struct seen seen = { 0 };
	struct pass pass = {
		.view = &l->view, .namespace = m->object->meta.namespace, .name = m->object->meta.name, .seen = &seen
	};
	struct problems found = { .arena = l->cli->arena };
	struct world w;

	world_gather(&pass, (const struct rollout *)m->object, l->cli->arena, &w);
	world_problems(&w, &found);
	for (size_t i = 0; i < found.n && i < PROBLEMS_MAX; i++)
		say_problem(l, m, &found.at[i]);
}

static void
check_experiment(struct lint *l, const struct manifest *m)
{
	struct problems found = { .arena = l->cli->arena };

	experiment_problems(&l->view, (const struct experiment *)m->object, &found);
	for (size_t i = 0; i < found.n && i < PROBLEMS_MAX; i++)
		say_problem(l, m, &found.at[i]);
}

static void
check_condition(struct lint *l, const struct manifest *m, size_t i, const char *field, const char *text)
{
	struct problem p = { .path = arena_printf(l->cli->arena, "spec.metrics[%zu].%s", i, field) };
	struct condition_program *program;
	struct err *e;

	if (text == NULL || text[0] == '\0' || strstr(text, "{{") != NULL ||
	    (e = condition_parse(l->cli->arena, text, &program)) == NULL)
		return;
	p.text = arena_printf(l->cli->arena, "`%s`: %s", text, err_text(l->cli->arena, e));
	say_problem(l, m, &p);
}

/* The metrics of a template or run; what stands where an argument is still to come is not judged. */
static void
check_metrics(struct lint *l, const struct manifest *m, const struct analysis_spec *spec)
{
	struct argument *args = arena_new_array(l->cli->arena, struct argument, spec->args.n);
	struct problems found = { .arena = l->cli->arena };
	size_t before = l->n_errors, n;
	bool known = true;
	struct metric *metrics;
	struct metric_set set;
	struct err *e;

	for (size_t i = 0; i < spec->args.n; i++) {
		args[i] = (struct argument){ .name = spec->args.at[i].name, .value = spec->args.at[i].value };
		known &= args[i].value != NULL;
	}
	n = metrics_decode(l->cli->arena, spec->metrics, "spec.metrics", &found, &metrics);
	for (size_t i = 0; i < n; i++) {
		check_condition(l, m, i, "successCondition", metrics[i].success_condition);
		check_condition(l, m, i, "failureCondition", metrics[i].failure_condition);
	}
	for (size_t i = 0; i < found.n && i < PROBLEMS_MAX; i++)
		if (strstr(found.at[i].text, "{{") == NULL)
			say_problem(l, m, &found.at[i]);
	if (found.n > 0 || !known || spec->templates.n > 0 || l->n_errors > before)
		return;
	if ((e = metrics_prepare(l->cli->arena, spec, args, spec->args.n, &set)) != NULL) {
		const char *text = err_text(l->cli->arena, e), *colon = strstr(text, ": ");
		struct problem p = { .path = "spec.metrics", .text = text };

		if (colon != NULL && strncmp(text, "spec.", 5) == 0)
			p = (struct problem){ arena_strndup(l->cli->arena, text, (size_t)(colon - text)), colon + 2,
				false };
		say_problem(l, m, &p);
	}
}

/* What its rows say of it. */
static void
check_fields(struct lint *l, const struct manifest *m)
{
	for (size_t i = 0; m->object->problems != NULL && i < m->object->problems->n && i < PROBLEMS_MAX; i++)
		say_problem(l, m, &m->object->problems->at[i]);
}

static bool
is_analysis(const struct type *t)
{
	return t == &analysis_run_type || t == &analysis_template_type || t == &cluster_analysis_template_type;
}

static void
check_template(struct lint *l, const struct manifest *m)
{
	const struct analysis_spec *spec = m->object->type == &analysis_run_type
					       ? &((const struct analysis_run *)m->object)->spec
					       : &((const struct analysis_template *)m->object)->spec;

	for (size_t i = 0; m->object->problems != NULL && i < m->object->problems->n && i < PROBLEMS_MAX; i++)
		say_problem(l, m, &m->object->problems->at[i]);
	for (size_t i = 0; i < spec->templates.n; i++) {
		const struct template_ref *ref = &spec->templates.at[i];
		const struct type *t = ref->cluster_scope ? &cluster_analysis_template_type : &analysis_template_type;
		struct problem p = { arena_printf(l->cli->arena, "spec.templates[%zu].templateName", i),
			arena_printf(l->cli->arena, "%s \"%s\" not found", t->kind, ref->template_name), true };

		if (view_get(&l->view, t, m->object->meta.namespace, ref->template_name) == NULL)
			say_problem(l, m, &p);
	}
	check_metrics(l, m, spec);
}

/* Two objects of one name: the later one would replace the other. */
static void
check_twice(struct lint *l, const struct manifest *m)
{
	for (const struct manifest *before = l->first; before != m; before = before->next)
		if (before->object->type == m->object->type &&
		    str_eq(before->object->meta.name, m->object->meta.name) &&
		    str_eq(before->object->meta.namespace, m->object->meta.namespace)) {
			const char *text = arena_printf(l->cli->arena, "%s %s is in %s too", m->object->type->kind,
			    m->object->meta.name, before->file);

			say(l, true, m->file, yaml_mark_of(m->marks, "metadata.name"), "metadata.name", text);
		}
}

static int
lint_run(struct cli *c)
{
	struct lint l = { .view = { .get = get, .each = each }, .cli = c, .strict = cli_on(c, "strict") };
	size_t n = 0;

	l.last = &l.first;
	if (cli_flag(c, "filename") != NULL)
		read_path(&l, cli_flag(c, "filename"), 0);
	for (size_t i = 0; i < c->n_args; i++)
		read_path(&l, c->args[i], 0);
	if (l.n_files == 0)
		return cli_fail(c, "usage: sluice lint FILE|FOLDER...; no file was read");
	for (const struct manifest *m = l.first; m != NULL; m = m->next) {
		check_twice(&l, m);
		if (m->object->type == &rollout_type)
			check_rollout(&l, m);
		else if (m->object->type == &experiment_type)
			check_experiment(&l, m);
		else if (is_analysis(m->object->type))
			check_template(&l, m);
		else if (api_root_named(m->object->type->kind) != NULL)
			check_fields(&l, m);
		n++;
	}
	for (const struct manifest *m = l.first; m != NULL; m = m->next)
		json_decref((json_t *)m->json);
	printf("%zu files, %zu objects: %zu errors, %zu warnings\n", l.n_files, n, l.n_errors, l.n_warnings);
	return l.n_errors > 0 ? 1 : 0;
}
