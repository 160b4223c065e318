/* gitops/argocd/source_override.c: overrides of a source by .argocd-source.yaml in the repository: merge patches. */
#include "gitops/argocd/source_override.h"
#include <string.h>
#include "kube/api/patch.h"
#include "kube/api/yaml.h"

/* Merges the file into the source, if the file exists. */
static struct err *
source_override_merge(struct arena *a, const struct tree *t, const char *path, json_t **source)
{
	_cleanup_(json_decrefp) json_t *docs = NULL;
	const struct tree_entry *entry = NULL;
	struct bytes text;
	struct err *e = tree_find(t, a, path, &entry);

	if (e != NULL || entry == NULL)
		return e;
	if ((e = tree_read(t, a, path, &text, NULL)) != NULL)
		return e;
	if ((e = yaml_parse(a, text.at, text.len, &docs)) != NULL)
		return err_wrap(a, e, "%s", path);
	if (json_array_size(docs) == 0)
		return NULL;
	if (json_array_size(docs) != 1 || !json_is_object(json_array_get(docs, 0)))
		return err_new(a, ERR_INVALID, "%s: not one mapping", path);
	*source = merge_patch_apply(*source, json_array_get(docs, 0));
	return NULL;
}

static struct err *
source_override_decode(struct arena *a, const json_t *source, const struct application_source *was, const char *path,
    const struct application_source **ret)
{
	struct application_source *merged = arena_alloc(a, sizeof(*merged));
	struct problems problems = { .arena = a };

	decode(&application_source_type, source, "", &problems, merged);
	if (problems.n > 0)
		return err_new(a, ERR_INVALID, "%s: %s: %s", path, problems.at[0].path, problems.at[0].text);
	merged->repo_url = was->repo_url;
	merged->target_revision = was->target_revision;
	merged->path = was->path;
	merged->chart = was->chart;
	merged->ref = was->ref;
	*ret = merged;
	return NULL;
}

struct err *
source_override(struct arena *a, const struct tree *t, const struct application_source *s, const char *application,
    const struct application_source **ret)
{
	const char *names[2] = { ".argocd-source.yaml", arena_printf(a, ".argocd-source-%s.yaml", application) };
	_cleanup_(json_decrefp) json_t *source = encode(&application_source_type, s);
	struct err *e = NULL;

	*ret = s;
	for (size_t i = 0; i < ARRAY_SIZE(names) && e == NULL; i++) {
		_cleanup_(json_decrefp) json_t *before = json_deep_copy(source);
		const char *path;

		if ((e = tree_path(a, s->path != NULL ? s->path : "", names[i], &path)) == NULL &&
		    (e = source_override_merge(a, t, path, &source)) == NULL && !json_equal(before, source))
			e = source_override_decode(a, source, s, path, ret);
	}
	return e;
}
