/* gitops/source/revision.c: targetRevision (branch, tag, semver range, commit) to a commit: matches it with the
 * references of a repository. */
#include "gitops/source/revision.h"
#include <ctype.h>
#include <string.h>
#include <strings.h>
#include "base/str.h"
#include "gitops/source/version.h"

#define COMMIT_LEN 40
#define SHORT_COMMIT_MIN 7

static bool
revision_is_hex(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!isxdigit((unsigned char)s[i]))
			return false;
	return n > 0;
}

/* One line of the list. */
struct line {
	const char *commit;
	const char *name;
	size_t n; /* of the name */
	bool peeled; /* "NAME^{}": what an annotated tag points to */
};

/* Reads the line at *at, which moves to the next. Returns false at the end. Lines of another form are skipped. */
static bool
revision_next_line(const char **at, struct line *ret)
{
	while (**at != '\0') {
		const char *l = *at;
		size_t n = strcspn(l, "\n");

		*at += n + (l[n] == '\n');
		if (n <= COMMIT_LEN + 1 || !revision_is_hex(l, COMMIT_LEN) || l[COMMIT_LEN] != '\t')
			continue;
		*ret = (struct line){ .commit = l, .name = l + COMMIT_LEN + 1, .n = n - COMMIT_LEN - 1 };
		ret->peeled = ret->n > 3 && strncmp(ret->name + ret->n - 3, "^{}", 3) == 0;
		ret->n -= ret->peeled ? 3 : 0;
		return true;
	}
	return false;
}

/* Finds the reference of that name; of an annotated tag, the commit that it points to. */
static bool
revision_find(struct arena *a, const char *refs, const char *name, const char **ret_commit, const char **ret_ref)
{
	size_t n = strlen(name);
	bool found = false;

	for (struct line l; revision_next_line(&refs, &l);)
		if (l.n == n && strncmp(l.name, name, n) == 0) {
			*ret_commit = arena_strndup(a, l.commit, COMMIT_LEN);
			*ret_ref = arena_strdup(a, name);
			found = true;
		}
	return found;
}

/* Finds the tag with the highest version in the range. */
static bool
revision_find_highest(
    struct arena *a, const char *refs, const char *range, const char **ret_commit, const char **ret_ref)
{
	struct version best, v;
	const char *tag = NULL, *at = refs;

	for (struct line l; revision_next_line(&at, &l);) {
		const char *name = arena_strndup(a, l.name, l.n);

		if (!str_starts(name, "refs/tags/") || !version_parse(name + strlen("refs/tags/"), &v) ||
		    !version_in_range(&v, range))
			continue;
		if (tag == NULL || version_compare(&v, &best) > 0) {
			tag = name;
			best = v;
		}
	}
	return tag != NULL && revision_find(a, refs, tag, ret_commit, ret_ref);
}

/* Finds the commit of a reference that begins with this text; more than one is an error. */
static bool
revision_find_short(struct arena *a, const char *refs, const char *start, const char **ret_commit, const char **ret_ref)
{
	size_t n = strlen(start);

	if (n < SHORT_COMMIT_MIN || n >= COMMIT_LEN || !revision_is_hex(start, n))
		return false;
	for (struct line l; revision_next_line(&refs, &l);)
		if (strncasecmp(l.commit, start, n) == 0) {
			*ret_commit = arena_strndup(a, l.commit, COMMIT_LEN);
			*ret_ref = arena_strndup(a, l.name, l.n);
			return true;
		}
	return false;
}

struct err *
git_resolve(struct arena *a, const char *refs, const char *revision, const char **ret_commit, const char **ret_ref)
{
	static const char *const prefixes[] = { "refs/tags/", "refs/heads/", "", "refs/" };

	if (str_empty(revision))
		revision = "HEAD";
	if (strlen(revision) == COMMIT_LEN && revision_is_hex(revision, COMMIT_LEN)) {
		*ret_commit = arena_strdup(a, revision);
		*ret_ref = NULL;
		return NULL;
	}
	if (version_is_range(revision)) {
		if (revision_find_highest(a, refs, revision, ret_commit, ret_ref))
			return NULL;
		return err_new(a, ERR_INVALID,
		    "unable to resolve '%s' to a commit SHA: no tag is a version in this range", revision);
	}
	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (revision_find(a, refs, arena_printf(a, "%s%s", prefixes[i], revision), ret_commit, ret_ref))
			return NULL;
	if (revision_find_short(a, refs, revision, ret_commit, ret_ref))
		return NULL;
	return err_new(
	    a, ERR_INVALID, "unable to resolve '%s' to a commit SHA: no branch, tag or commit of that name", revision);
}
