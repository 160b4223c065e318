/* cli/plan/source.c: reads a Rollout and what it refers to, from files or a cluster. */
#include "cli/plan/source.h"
#include <string.h>
#include "base/str.h"
#include "base/time.h"
#include "cli/manifest_files.h"
#include "cli/plan/forecast.h"
#include "io/log.h"

#define READY_MS_MIN 1000 /* times are shown in whole seconds */
#define READY_MS_MAX (24ll * 3600 * 1000)

/* The documents of the files. */
struct plan_files {
	struct cli *cli;
	json_t *documents;
};

/* Adds a document with a name; without a namespace it is in that of the command. */
static void
plan_add_document(struct plan_files *f, json_t *doc)
{
	json_t *meta = json_object_get(doc, "metadata");

	if (json_str(doc, "kind") == NULL || json_str(meta, "name") == NULL)
		return;
	if (json_str(meta, "namespace") == NULL)
		json_object_set_new(meta, "namespace", json_string(cli_flag(f->cli, "namespace") ?: "default"));
	json_array_append(f->documents, doc);
}

/* Returns whether the document is of the type, in any version of its group, and in the namespace. */
static bool
plan_is_of(const json_t *doc, const struct type *t, const char *ns)
{
	return str_eq(json_str(doc, "kind"), t->kind) && str_starts(json_str(doc, "apiVersion"), t->group) &&
	       (t->cluster_scoped || str_eq(json_str(json_object_get(doc, "metadata"), "namespace"), ns));
}

static struct err *
plan_get_from_files(void *arg, const struct type *t, const char *ns, const char *name, json_t **ret)
{
	const struct plan_files *f = arg;
	json_t *doc;
	size_t i;

	json_array_foreach (f->documents, i, doc)
		if (plan_is_of(doc, t, ns) && str_eq(json_str(json_object_get(doc, "metadata"), "name"), name)) {
			*ret = json_deep_copy(doc);
			break;
		}
	return NULL;
}

static struct err *
plan_list_from_files(void *arg, const struct type *t, const char *ns, json_t **ret)
{
	const struct plan_files *f = arg;
	json_t *doc;
	size_t i;

	*ret = json_array();
	json_array_foreach (f->documents, i, doc)
		if (plan_is_of(doc, t, ns))
			json_array_append(*ret, doc);
	return NULL;
}

static const char *
plan_path(struct arena *a, const struct type *t, const char *ns, const char *name)
{
	return arena_printf(a, "%s%s/%s%s%s/%s%s%s", t->group[0] != '\0' ? "/apis/" : "/api", t->group, t->version,
	    t->cluster_scoped ? "" : "/namespaces/", t->cluster_scoped ? "" : str_url_escape(a, ns), t->plural,
	    name != NULL ? "/" : "", name != NULL ? str_url_escape(a, name) : "");
}

static struct err *
plan_get_from_cluster(void *arg, const struct type *t, const char *ns, const char *name, json_t **ret)
{
	struct cli *c = arg;
	struct err *e = cli_call(c, "GET", plan_path(c->arena, t, ns, name), NULL, NULL, ret);

	return e != NULL && e->class == ERR_GONE ? NULL : e;
}

/* Its items have no kind and version, but the objects are then fetched by their names. */
static struct err *
plan_list_from_cluster(void *arg, const struct type *t, const char *ns, json_t **ret)
{
	struct cli *c = arg;
	_cleanup_(json_decrefp) json_t *list = NULL;
	struct err *e = cli_call_list(c, t, plan_path(c->arena, t, ns, NULL), &list);

	if (e == NULL)
		*ret = json_incref(json_object_get(list, "items"));
	return e;
}

/* Returns the only Rollout of the files, or that of --rollout; NULL after printing the error. */
static const json_t *
plan_choose(struct cli *c, const struct plan_files *f)
{
	const char *name = cli_flag(c, "rollout"), *names = "";
	const json_t *chosen = NULL;
	size_t i, n = 0;
	json_t *doc;

	json_array_foreach (f->documents, i, doc) {
		const json_t *meta = json_object_get(doc, "metadata");
		const char *one = arena_printf(c->arena, "%s/%s", json_str(meta, "namespace"), json_str(meta, "name"));

		if (!str_eq(json_str(doc, "kind"), "Rollout") ||
		    !str_starts(json_str(doc, "apiVersion"), rollout_type.group))
			continue;
		if (n < 20)
			names = arena_printf(c->arena, "%s%s%s", names, n > 0 ? ", " : "", one);
		n++;
		if (name == NULL || strcmp(name, one) == 0 || strcmp(name, strchr(one, '/') + 1) == 0)
			chosen = doc;
	}
	if (n == 0)
		cli_fail(c, "the files have no Rollout");
	else if (name != NULL && chosen == NULL)
		cli_fail(c, "the files have no Rollout \"%s\"; they have %s", name, names);
	else if (name == NULL && n > 1)
		cli_fail(c, "the files have %zu Rollouts (%s); choose one with --rollout", n, names);
	else
		return chosen;
	return NULL;
}

/* Prepares the objects. Prints the error, and returns 1, if that fails. */
static int
plan_prepare(struct cli *c, const struct plan_source *source, const json_t *rollout, enum plan_metrics metrics,
    struct plan_objects *ret)
{
	struct err *e = plan_objects_read(c->arena, source, rollout, metrics, ret);

	if (e == NULL)
		return 0;
	return e->class == ERR_AGAIN ? cli_error(c, e) : cli_fail(c, "%s", err_text(c->arena, e));
}

static int
plan_read_files(struct cli *c, enum plan_metrics metrics, struct plan_objects *ret)
{
	_cleanup_(json_decrefp) json_t *documents = json_array(), *all = NULL;
	struct plan_files files = { .cli = c, .documents = documents };
	struct plan_source source = { plan_get_from_files, plan_list_from_files, "in the files", false, &files };
	const json_t *rollout;
	json_t *doc;
	size_t i;

	if (!manifest_files_read(c, 0, &all))
		return 1;
	json_array_foreach (all, i, doc)
		plan_add_document(&files, doc);
	if ((rollout = plan_choose(c, &files)) == NULL)
		return 1;
	return plan_prepare(c, &source, rollout, metrics, ret);
}

int
plan_read(struct cli *c, enum plan_metrics metrics, struct plan_objects *ret, int64_t *ret_ready_ms)
{
	struct plan_source source = { plan_get_from_cluster, plan_list_from_cluster, "in the cluster", true, c };
	_cleanup_(json_decrefp) json_t *rollout = NULL;
	const char *ready = cli_flag(c, "ready");
	int64_t ready_ms = 0;
	int failed;

	if (ready != NULL && (!duration_parse(ready, &ready_ms) || ready_ms < READY_MS_MIN || ready_ms > READY_MS_MAX))
		return cli_fail(c, "--ready: \"%s\" is not a duration from 1s to 24h, such as 15s", ready);
	log_setup(LOG_LEVEL_ERROR, false);
	if (cli_flag(c, "filename") != NULL)
		failed = plan_read_files(c, metrics, ret);
	else if (cli_flag(c, "rollout") != NULL || c->n_args != 1)
		failed = cli_fail(c,
		    "give the NAME of a Rollout in the cluster, or -f FILE with the Rollout; --rollout chooses one of "
		    "the files");
	else if (cli_connect(c) != 0 || (rollout = cli_get_rollout(c, c->args[0])) == NULL)
		failed = 1;
	else
		failed = plan_prepare(c, &source, rollout, metrics, ret);
	if (failed == 0)
		*ret_ready_ms = ready != NULL ? ready_ms : plan_ready_ms(ret);
	return failed;
}
