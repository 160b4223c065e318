/* gitops/argocd/application_view.c: Applications for the dashboard. */
#include "gitops/argocd/application_view.h"
#include <string.h>
#include "base/str.h"
#include "base/time.h"

static json_t *
application_view_source(const struct application_source *s)
{
	json_t *j = json_object();

	json_put(j, "repoURL", s->repo_url);
	json_put(j, "path", s->path);
	json_put(j, "chart", s->chart);
	json_put(j, "ref", s->ref);
	json_put(j, "targetRevision", s->target_revision);
	return j;
}

/* Without parameters, whose values may be long. */
static json_t *
application_view_spec(const struct application *app)
{
	const struct application_source *sources;
	size_t n = application_sources(app, &sources);
	json_t *spec = encode(&application_spec_type, &app->spec), *list = json_array();
	const json_t *policy = json_object_get(spec, "syncPolicy"), *to = json_object_get(spec, "destination");
	json_t *shown = json_pack("{s:s}", "project", application_project(app));

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, application_view_source(&sources[i]));
	if (n == 1 && app->spec.sources.n == 0)
		json_object_set(shown, "source", json_array_get(list, 0));
	else
		json_object_set(shown, "sources", list);
	json_decref(list);
	if (to != NULL)
		json_object_set(shown, "destination", (json_t *)to);
	if (policy != NULL)
		json_object_set(shown, "syncPolicy", (json_t *)policy);
	json_decref(spec);
	return shown;
}

static json_t *
application_view_status(struct arena *a, const char *text, bool whole)
{
	json_t *status = NULL;

	if (text == NULL || json_parse(a, text, strlen(text), &status) != NULL || !json_is_object(status)) {
		json_decref(status);
		return json_object();
	}
	if (!whole) {
		json_object_del(status, "resources");
		json_object_del(json_at(status, "/operationState/syncResult"), "resources");
	}
	return status;
}

json_t *
application_view(struct arena *a, const struct application *app, bool whole)
{
	const struct meta *m = &app->object.meta;
	json_t *operation = NULL, *j;

	j = json_pack("{s:s, s:s, s:{s:s, s:s, s:s, s:s, s:o}, s:o, s:o}", "apiVersion", "argoproj.io/v1alpha1", "kind",
	    "Application", "metadata", "name", m->name, "namespace", m->namespace, "uid", m->uid ?: "",
	    "creationTimestamp", time_format(a, m->creation_timestamp), "labels", string_map_encode(&m->labels), "spec",
	    whole ? encode(&application_spec_type, &app->spec) : application_view_spec(app), "status",
	    application_view_status(a, app->status, whole));
	if (app->operation != NULL && json_parse(a, app->operation, strlen(app->operation), &operation) == NULL)
		json_object_set_new(j, "operation", operation);
	return j;
}
