/* gitops/worker/git.h: commits from Git repositories, by the program `git`.
 *
 * Repositories are kept bare below a directory, named by the hash of their URL and of the credentials, and fetched
 * one commit deep: there is no checkout, no hook, no filter and no submodule, and files are read as the objects of
 * the commit. Git runs without any configuration of a user or the machine, for no longer than the request allows,
 * and only over https, http and ssh; also over file URLs if `files` is set.
 */
#pragma once
#include "gitops/source/source.h"

struct git_settings {
	const char *cache; /* the directory; created if it does not exist */
	bool files; /* allows file:// URLs */
	size_t pack_max; /* bytes of one fetch; 0: GIT_PACK_MAX */
	size_t cache_max; /* bytes of all repositories that are kept; 0: GIT_CACHE_BYTES_MAX */
};

#define GITOPS_CACHE "/var/tmp/sluice-gitops" /* the default of `cache` */
#define GIT_PACK_MAX (512u << 20)
#define GIT_MEMORY_MAX (512u << 20) /* bytes of memory of one git process; a server could make it use more */
#define GIT_REFS_MAX (16u << 20) /* bytes of a repository's list of branches and tags */
#define GIT_CACHE_MAX 64 /* repositories that are kept; the least recently used are removed */
#define GIT_CACHE_BYTES_MAX (2u << 30) /* of all of them, without what is being fetched */

/* Returns a source that reads Git repositories. The settings are copied. */
struct source *git_source_new(const struct git_settings *);

/* Returns the cache directory of a user: below $XDG_CACHE_HOME or ~/.cache. In the arena. */
const char *git_user_cache(struct arena *);

/* Frees a source. Takes NULL, and returns NULL. */
struct source *git_source_free(struct source *);
