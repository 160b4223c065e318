/* gitops/render/render.c: rendering of a source: detects directory, kustomize or Helm, and reads plain directories.
 * Helm runs in worker/helm.c. */
#include "gitops/render/render.h"
#include <string.h>
#include "base/glob.h"
#include "gitops/kustomize/build.h"
#include "gitops/kustomize/kustomization.h"
#include "kube/api/yaml.h"

#define SKIP_MARK "# +argocd:skip-file-rendering"

const char *
source_type_name(enum source_type t)
{
	static const char *const names[SOURCE_TYPE_MAX] = { "Directory", "Kustomize", "Helm" };

	return names[t];
}

static bool
is_manifest_file(const char *path)
{
	return str_ends(path, ".yaml") || str_ends(path, ".yml") || str_ends(path, ".json");
}

/* Returns whether the text has the words of a manifest. A file without them (a chart's values, a pipeline) need not
 * be one. */
static bool
is_manifest_text(const char *text)
{
	return strstr(text, "apiVersion") != NULL && strstr(text, "kind") != NULL && strstr(text, "metadata") != NULL;
}

/* Returns whether a document has an apiVersion and a kind, and so is meant as an object, whatever else it lacks. */
static bool
is_meant_as_an_object(const json_t *doc)
{
	return json_str(doc, "apiVersion") != NULL && json_str(doc, "kind") != NULL;
}

static struct err *
render_file(const struct tree *t, struct arena *a, const char *path, struct manifests *ret)
{
	_cleanup_(json_decrefp) json_t *docs = NULL;
	struct bytes text;
	struct err *e = tree_read(t, a, path, &text, NULL);
	bool meant;
	size_t i;
	json_t *doc;

	if (e != NULL)
		return e;
	if (strstr(text.at, SKIP_MARK) != NULL || strstr(text.at, "apiVersion") == NULL)
		return NULL;
	meant = is_manifest_text(text.at);
	if ((e = yaml_parse_as(a, text.at, text.len, YAML_KUBERNETES, &docs)) != NULL)
		return meant ? err_wrap(a, e, "%s", path) : NULL;
	/* One object makes all documents of the file objects, also where it has no metadata. */
	json_array_foreach (docs, i, doc)
		meant |= is_meant_as_an_object(doc);
	for (i = 0; meant && i < json_array_size(docs); i++)
		if ((e = manifests_add(ret, a, json_array_get(docs, i), path)) != NULL)
			return e;
	return NULL;
}

struct err *
render_directory(const struct tree *t, struct arena *a, const char *path, const struct application_directory *options,
    struct manifests *ret)
{
	const char *prefix = path[0] == '\0' ? "" : arena_printf(a, "%s/", path);
	size_t skip = strlen(prefix);

	for (size_t i = tree_from(t, prefix); i < t->n && str_starts(t->entries[i].path, prefix); i++) {
		const char *file = t->entries[i].path, *under = file + skip;
		const struct tree_entry *entry = NULL;
		struct err *e;

		if ((options == NULL || !options->recurse) && strchr(under, '/') != NULL)
			continue;
		if (options != NULL && !str_empty(options->exclude) && glob_match(options->exclude, under))
			continue;
		if (options != NULL && !str_empty(options->include) && !glob_match(options->include, under))
			continue;
		if (str_ends(file, ".jsonnet"))
			return err_new(
			    a, ERR_INVALID, "%s: Jsonnet is not supported; directory.exclude leaves it out", file);
		if (!is_manifest_file(file))
			continue;
		/* A link to a directory is not walked into. */
		if ((e = tree_find(t, a, file, &entry)) != NULL)
			return e;
		if (entry != NULL && (e = render_file(t, a, file, ret)) != NULL)
			return e;
	}
	return NULL;
}

struct err *
render_type(const struct tree *t, struct arena *a, const struct application_source *s, enum source_type *ret_type,
    const char **ret_directory)
{
	const char *path, *directory = NULL, *chart;
	const struct tree_entry *entry = NULL;
	struct err *e = tree_path(a, "", s->path != NULL ? s->path : ".", &path);

	if (e == NULL)
		e = tree_directory(t, a, path, &directory);
	if (e != NULL)
		return err_wrap(a, e, "path");
	if (directory == NULL)
		return err_new(a, ERR_INVALID, "path: %s: no such directory in the repository", s->path);
	chart = directory[0] == '\0' ? "Chart.yaml" : arena_printf(a, "%s/Chart.yaml", directory);
	*ret_directory = directory;
	if (s->helm != NULL || s->chart != NULL)
		*ret_type = SOURCE_HELM;
	else if (s->kustomize != NULL)
		*ret_type = SOURCE_KUSTOMIZE;
	else if (s->directory != NULL)
		*ret_type = SOURCE_DIRECTORY;
	else if (tree_find(t, a, chart, &entry) == NULL && entry != NULL)
		*ret_type = SOURCE_HELM;
	else
		*ret_type = kustomization_in(t, a, directory) != NULL ? SOURCE_KUSTOMIZE : SOURCE_DIRECTORY;
	return NULL;
}

struct err *
render_source(const struct tree *t, struct arena *a, const struct application_source *s, enum source_type type,
    const char *directory, struct manifests *ret)
{
	return type == SOURCE_KUSTOMIZE ? k_build(t, a, directory, s->kustomize, ret)
					: render_directory(t, a, directory, s->directory, ret);
}
