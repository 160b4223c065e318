/* gitops/worker/helm_run.c: runs the program `helm`: its directory, files, environment and limits. */
#include "gitops/worker/helm_run.h"
#include <string.h>
#include "gitops/source/repository_url.h"
#include "gitops/worker/scratch.h"
#include "io/program_run.h"

void
helm_run_arg(struct helm_run *r, const char *text)
{
	if (r->n < HELM_ARGS_MAX - 1)
		r->argv[r->n++] = text;
	else
		r->too_many = true;
}

struct err *
helm_run_begin(struct helm_run *r)
{
	struct err *e = scratch_begin(r->arena, r->helm->cache, "helm", &r->dir);

	r->argv = arena_new_array(r->arena, const char *, HELM_ARGS_MAX);
	helm_run_arg(r, r->helm->program);
	return e;
}

const char *
helm_run_clean(const struct helm_run *r, const char *text)
{
	text = str_replace(r->arena, text, arena_printf(r->arena, "%s/", r->dir), "");
	return location_without_users_in(r->arena, text);
}

struct err *
helm_run(struct helm_run *r, enum spawn_reach reach, int64_t timeout_ms, struct bytes *ret)
{
	const char *env[] = { arena_printf(r->arena, "HOME=%s", r->dir), arena_printf(r->arena, "TMPDIR=%s", r->dir),
		arena_printf(r->arena, "HELM_CACHE_HOME=%s/cache", r->dir),
		arena_printf(r->arena, "HELM_CONFIG_HOME=%s/config", r->dir),
		arena_printf(r->arena, "HELM_DATA_HOME=%s/data", r->dir),
		arena_printf(r->arena, "KUBECONFIG=%s", r->kubeconfig != NULL ? r->kubeconfig : "/dev/null"),
		r->proxy != NULL ? arena_printf(r->arena, "HTTPS_PROXY=%s", r->proxy) : NULL,
		r->proxy != NULL ? arena_printf(r->arena, "HTTP_PROXY=%s", r->proxy) : NULL, NULL };
	struct err *e;

	if (r->too_many)
		return err_new(
		    r->arena, ERR_INVALID, "helm would be run with more than %d arguments", HELM_ARGS_MAX - 1);
	r->argv[r->n] = NULL;
	e = program_run(r->arena,
	    &(struct program){ .argv = r->argv,
		.env = env,
		.reach = reach,
		.timeout_ms = timeout_ms,
		.memory_max = r->starts_self ? spawn_memory_with_self(PROGRAM_MEMORY_MAX) : 0,
		.output_max = HELM_OUTPUT_MAX,
		.file_max = HELM_BYTES_MAX },
	    ret);
	return e != NULL ? err_new(r->arena, e->class, "%s", helm_run_clean(r, err_text(r->arena, e))) : NULL;
}

struct err *
helm_run_write(struct helm_run *r, const char *path, const char *text, size_t len)
{
	if (++r->files > HELM_FILES_MAX || (r->bytes += len) > HELM_BYTES_MAX)
		return err_new(r->arena, ERR_INVALID, "a chart of more than %d files, or %u bytes", HELM_FILES_MAX,
		    HELM_BYTES_MAX);
	return scratch_write(r->arena, r->dir, path, text, len);
}

struct err *
helm_run_write_tree(struct helm_run *r, const struct tree *t, const char *directory, const char *to)
{
	const char *prefix = directory[0] == '\0' ? "" : arena_printf(r->arena, "%s/", directory);
	size_t skip = strlen(prefix);

	for (size_t i = tree_from(t, prefix); i < t->n && str_starts(t->entries[i].path, prefix); i++) {
		const struct tree_entry *entry = NULL;
		struct bytes text;
		struct err *e = tree_find(t, r->arena, t->entries[i].path, &entry);

		/* A symbolic link to a directory is not followed. */
		if (e == NULL && entry == NULL)
			continue;
		if (e == NULL)
			e = tree_read(t, r->arena, t->entries[i].path, &text, NULL);
		if (e == NULL)
			e = helm_run_write(
			    r, arena_printf(r->arena, "%s/%s", to, t->entries[i].path + skip), text.at, text.len);
		if (e != NULL)
			return err_wrap(r->arena, e, "%s", t->entries[i].path);
	}
	return NULL;
}
