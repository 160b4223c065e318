/* gitops/flux/source_ignore.c: .sourceignore and spec.ignore of a GitRepository: parses the patterns, and matches
 * each file with them. */
#include "gitops/flux/source_ignore.h"
#include <string.h>
#include "gitops/source/go_glob.h"

#define SOURCE_IGNORE_FILE ".sourceignore"

/* One line. */
struct ignore_line {
	const char *directory; /* of its file, with a slash at its end; "": the root */
	size_t depth; /* of that directory: how many slashes */
	const char *const *parts; /* between the slashes */
	size_t n;
	bool keeps; /* "!": a match is not left out */
	bool directory_only; /* "/" at the end: matches a directory, with everything in it */
};

struct ignore_lines {
	struct arena *arena;
	struct ignore_line *at;
	size_t n, capacity;
};

static const char *const always[] = { ".git/", ".gitignore", ".gitmodules", ".gitattributes", NULL };
static const char *const otherwise[] = { "*.jpg", "*.jpeg", "*.gif", "*.png", "*.wmv", "*.flv", "*.tar.gz", "*.zip",
	".github/", ".circleci/", ".travis.yml", ".gitlab-ci.yml", "appveyor.yml", ".drone.yml", "cloudbuild.yaml",
	"codeship-services.yml", "codeship-steps.yml", "**/.goreleaser.yml", "**/.sops.yaml", "**/.flux.yaml", NULL };

static void
source_ignore_add(struct ignore_lines *all, const char *directory, const char *text, size_t n)
{
	struct ignore_line line = { .directory = directory, .keeps = n > 0 && text[0] == '!' };
	const char **parts, *end;

	for (const char *at = directory; (at = strchr(at, '/')) != NULL; at++)
		line.depth++;
	text += line.keeps;
	n -= line.keeps;
	if (n < 2 || text[n - 1] != ' ' || text[n - 2] != '\\')
		while (n > 0 && text[n - 1] == ' ')
			n--;
	line.directory_only = n > 0 && text[n - 1] == '/';
	n -= line.directory_only;
	parts = arena_new_array(all->arena, const char *, n + 2);
	end = text + n;
	for (;;) {
		const char *slash = memchr(text, '/', (size_t)(end - text)), *to = slash != NULL ? slash : end;

		parts[line.n++] = arena_strndup(all->arena, text, (size_t)(to - text));
		if (slash == NULL)
			break;
		text = slash + 1;
	}
	line.parts = parts;
	if (all->n == all->capacity) {
		struct ignore_line *more =
		    arena_new_array(all->arena, struct ignore_line, all->capacity = all->capacity * 2 + 64);

		if (all->n > 0)
			memcpy(more, all->at, all->n * sizeof(*more));
		all->at = more;
	}
	all->at[all->n++] = line;
}

static void
source_ignore_add_all(struct ignore_lines *all, const char *const *lines)
{
	for (; *lines != NULL; lines++)
		source_ignore_add(all, "", *lines, strlen(*lines));
}

/* The lines of a file, without comments and empty ones. */
static struct err *
source_ignore_read(struct ignore_lines *all, const char *directory, const char *text, const char *where)
{
	while (*text != '\0') {
		size_t n = strcspn(text, "\n"), len = n > 0 && text[n - 1] == '\r' ? n - 1 : n;

		if (text[0] != '#' && strspn(text, " \t\r") < n) {
			if (all->n == SOURCE_IGNORE_MAX)
				return err_new(
				    all->arena, ERR_INVALID, "%s: more than %d lines", where, SOURCE_IGNORE_MAX);
			source_ignore_add(all, directory, text, len);
		}
		text += n + (text[n] == '\n');
	}
	return NULL;
}

static struct err *
source_ignore_read_files(struct ignore_lines *all, const struct tree *t)
{
	static const char name[] = SOURCE_IGNORE_FILE;
	struct bytes text;
	struct err *e;

	/* Files of parent directories are read first, because lines of subdirectories take precedence. */
	for (size_t depth = 0, deeper = 1; deeper > 0; depth++) {
		deeper = 0;
		for (size_t i = 0; i < t->n; i++) {
			const char *path = t->entries[i].path, *slash = strrchr(path, '/');
			size_t slashes = 0;

			if (strcmp(slash != NULL ? slash + 1 : path, name) != 0 || t->entries[i].kind == TREE_MODULE)
				continue;
			for (const char *at = path; (at = strchr(at, '/')) != NULL; at++)
				slashes++;
			deeper += slashes > depth;
			if (slashes != depth)
				continue;
			if ((e = tree_read(t, all->arena, path, &text, NULL)) != NULL ||
			    (e = source_ignore_read(all,
				 arena_strndup(all->arena, path, strlen(path) - sizeof(name) + 1), text.at, path)) !=
				NULL)
				return e;
		}
	}
	return NULL;
}

/* Returns whether a line without an inner slash matches the file, or one of its directories, at any depth. */
static bool
source_ignore_name_is(struct arena *a, const struct ignore_line *l, const char *const *path, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (go_glob_match(a, l->parts[0], path[i]) == 1)
			return !l->directory_only || i + 1 < n;
	return false;
}

/* A line with slashes names a path from its directory on; `**` is any number of directories. What is in a directory
 * that is named, is named. */
static bool
source_ignore_path_is(struct arena *a, const struct ignore_line *l, const char *const *path, size_t n)
{
	bool matched = false, any = false;
	size_t at = 0;

	for (size_t i = 0; i < l->n; i++) {
		const char *part = l->parts[i];

		if (part[0] == '\0' || strcmp(part, "**") == 0) {
			if (part[0] != '\0' && i + 1 == l->n)
				break;
			any = part[0] != '\0';
			continue;
		}
		if (strstr(part, "**") != NULL || at == n)
			return false;
		matched = go_glob_match(a, part, path[at++]) == 1;
		while (!matched && any && at < n)
			matched = go_glob_match(a, part, path[at++]) == 1;
		if (!matched && !any)
			return false;
		any = false;
	}
	return matched && !(l->directory_only && at == n);
}

/* Returns whether the file is left out: the last matching line decides. */
static bool
source_ignore_is_ignored(const struct ignore_lines *all, struct arena *a, const char *path)
{
	const char **parts = arena_new_array(a, const char *, strlen(path) + 1);
	char *save = NULL;
	size_t n = 0;

	for (char *p = strtok_r(arena_strdup(a, path), "/", &save); p != NULL; p = strtok_r(NULL, "/", &save))
		parts[n++] = p;
	for (size_t i = all->n; i-- > 0;) {
		const struct ignore_line *l = &all->at[i];

		if (str_starts(path, l->directory) &&
		    (l->n > 1 ? source_ignore_path_is : source_ignore_name_is)(a, l, parts + l->depth, n - l->depth))
			return !l->keeps;
	}
	return false;
}

struct err *
source_ignore(struct arena *a, const struct tree *t, const char *spec, struct tree *ret)
{
	struct ignore_lines all = { .arena = a };
	struct tree_entry *kept = arena_new_array(a, struct tree_entry, t->n + 1);
	struct err *e;
	size_t n = 0;

	source_ignore_add_all(&all, always);
	if ((e = source_ignore_read_files(&all, t)) != NULL ||
	    (spec != NULL && (e = source_ignore_read(&all, "", spec, "spec.ignore")) != NULL))
		return e;
	if (all.n == ARRAY_SIZE(always) - 1)
		source_ignore_add_all(&all, otherwise);
	for (size_t i = 0; i < t->n; i++) {
		_cleanup_(arena_freep) struct arena *scratch = arena_new();

		/* Flux's artifacts have files alone: source-controller leaves links out when it packs one. */
		if (t->entries[i].kind != TREE_LINK && !source_ignore_is_ignored(&all, scratch, t->entries[i].path))
			kept[n++] = t->entries[i];
	}
	*ret = (struct tree){ .entries = kept, .n = n, .read = t->read, .arg = t->arg };
	return NULL;
}
