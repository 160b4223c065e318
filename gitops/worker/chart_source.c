/* gitops/worker/chart_source.c: fetches the chart of a HelmChart or HelmRelease, merges its valuesFiles, and writes it
 * for Helm. Source: Flux's documentation of HelmChart. */
#include "gitops/worker/chart_source.h"
#include <string.h>
#include "gitops/render/helm_values.h"
#include "gitops/source/arguments.h"
#include "gitops/source/version.h"
#include "gitops/worker/helm_run.h"
#include "gitops/worker/session_state.h"
#include "kube/api/yaml.h"

#define COMMIT_SHOWN 12 /* characters of a commit or digest in a version */

struct err *
chart_source_pull(struct session *s, struct fetched_source *src)
{
	const struct worker_chart *c = s->request.message.chart;
	const struct application_source chart = {
		.repo_url = src->url, .chart = c->name, .target_revision = str_empty(c->version) ? NULL : c->version
	};

	return helm_pull(s->arena, &s->sources.helm, &chart, &src->credentials, &src->revision, &src->tree);
}

/* Parses a YAML file of the chart, a map. *ret is a new reference; an empty file is an empty map. */
static struct err *
chart_source_parse(struct session *s, const char *name, json_t **ret)
{
	struct session_release *r = &s->release;
	_cleanup_(json_decrefp) json_t *docs = NULL;
	const char *path;
	struct bytes text;
	struct err *e = tree_path(s->arena, r->directory, name, &path);

	if (e == NULL)
		e = tree_read(r->tree, s->arena, path, &text, NULL);
	if (e == NULL)
		e = yaml_parse_as(s->arena, text.at, text.len, YAML_KUBERNETES, &docs);
	if (e != NULL)
		return err_wrap(s->arena, e, "%s", name);
	if (json_array_size(docs) > 0 && !json_is_object(json_array_get(docs, 0)))
		return err_new(s->arena, ERR_INVALID, "%s: is not a YAML map", name);
	*ret = json_array_size(docs) > 0 ? json_incref(json_array_get(docs, 0)) : json_object();
	return NULL;
}

static struct err *
chart_source_merge_values(struct session *s)
{
	const struct worker_chart *c = s->request.message.chart;
	_cleanup_(json_decrefp) json_t *all = json_object();

	for (size_t i = 0; i < c->values_files.n; i++) {
		_cleanup_(json_decrefp) json_t *one = NULL;
		struct err *e = chart_source_parse(s, c->values_files.at[i], &one);

		if (e != NULL && e->class == ERR_GONE && c->ignore_missing_values_files)
			continue;
		if (e != NULL)
			return err_wrap(s->arena, e, "valuesFiles[%zu]", i);
		helm_values_merge(all, one);
	}
	if (c->values_files.n > 0)
		s->release.chart_values = json_text(s->arena, all);
	return NULL;
}

/* Finds the directory of the chart: that of the path in Git, or the root of a chart of a repository. */
static struct err *
chart_source_find(struct session *s, const struct fetched_source *src)
{
	const struct worker_chart *c = s->request.message.chart;
	const char *wanted = c->name + strspn(c->name, "/"), *path;
	struct err *e;

	s->release.tree = &src->tree;
	s->release.directory = "";
	if (!c->git)
		return NULL;
	if ((e = tree_path(s->arena, "", wanted, &path)) != NULL ||
	    (e = tree_directory(&src->tree, s->arena, path, &s->release.directory)) != NULL)
		return err_wrap(s->arena, e, "spec.chart");
	return s->release.directory != NULL
		   ? NULL
		   : err_new(s->arena, ERR_INVALID, "spec.chart: %s: no such directory in the repository", c->name);
}

/* Adds to the version what makes it another revision for Flux: the commit, the digest, or the generation of its
 * HelmChart, which says which values files it has. They are build metadata of semver. */
static void
chart_source_set_version(struct session *s, json_t *chart, const char *commit)
{
	const struct worker_chart *c = s->request.message.chart;
	const char *version = json_str(chart, "version"), *was = version;

	if (c->git && c->with_commit)
		version = arena_printf(
		    s->arena, "%s%c%.*s", version, strchr(version, '+') != NULL ? '.' : '+', COMMIT_SHOWN, commit);
	if (version_digest(c->version) != NULL)
		version = arena_printf(s->arena, "%s%c%.*s", version, strchr(version, '+') != NULL ? '.' : '+',
		    COMMIT_SHOWN, version_digest(c->version));
	if (c->generation > 0)
		version = arena_printf(
		    s->arena, "%s%c%lld", version, strchr(version, '+') != NULL ? '.' : '+', (long long)c->generation);
	if (version == was)
		return;
	json_object_set_new(chart, "version", json_string(version));
	s->release.chart_file = json_text(s->arena, chart);
}

struct err *
chart_source_read(struct session *s, const struct fetched_source *src)
{
	struct session_release *r = &s->release;
	_cleanup_(json_decrefp) json_t *chart = NULL;
	struct err *e = helm_check_program(s->arena, &s->sources.helm);

	if (e == NULL)
		e = chart_source_find(s, src);
	if (e == NULL)
		e = chart_source_parse(s, "Chart.yaml", &chart);
	if (e != NULL)
		return e;
	if (json_str(chart, "name") == NULL || json_str(chart, "version") == NULL)
		return err_new(s->arena, ERR_INVALID, "Chart.yaml has no name, or no version");
	chart_source_set_version(s, chart, src->revision);
	r->chart = (struct worker_chart_result){ .name = arena_strdup(s->arena, json_str(chart, "name")),
		.version = arena_strdup(s->arena, json_str(chart, "version")),
		.app_version = arena_strdup(s->arena, json_str(chart, "appVersion")) };
	s->sources.revision = r->chart.version;
	if ((e = grammar_check(s->arena, GRAMMAR_CHART, "Chart.yaml: name", r->chart.name)) != NULL)
		return e;
	return chart_source_merge_values(s);
}

struct err *
chart_source_write(struct session *s, struct helm_run *run)
{
	struct session_release *r = &s->release;
	struct err *e = helm_run_write_tree(run, r->tree, r->directory, "chart");

	/* JSON is YAML. */
	if (e == NULL && r->chart_file != NULL)
		e = helm_run_write(run, "chart/Chart.yaml", r->chart_file, strlen(r->chart_file));
	if (e == NULL && r->chart_values != NULL)
		e = helm_run_write(run, "chart/values.yaml", r->chart_values, strlen(r->chart_values));
	return e;
}
