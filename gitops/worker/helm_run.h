/* gitops/worker/helm_run.h: one run of the program `helm`, in a directory of its own. Blocks.
 *
 * Helm has no environment, no plugins and no repositories of a user or the machine, and no cluster but that of
 * `kubeconfig`. The directory has all that it reads and writes, and is removed at the end.
 */
#pragma once
#include "gitops/source/tree.h"
#include "gitops/worker/helm.h"
#include "io/spawn.h"

#define HELM_ARGS_MAX 4096
#define HELM_OUTPUT_MAX (64u << 20) /* bytes */

struct helm_run {
	struct arena *arena;
	const struct helm *helm;
	const char *dir; /* of its own */
	const char **argv;
	size_t n;
	size_t files, bytes; /* that were written */
	bool starts_self; /* helm starts this program (helm.self) */
	bool too_many; /* more arguments than allowed: helm is not run */
	const char *proxy; /* URL; NULL: none */
	const char *login; /* "USER:PASSWORD@", as it is in URLs; NULL: none */
	const char *kubeconfig; /* a file; NULL: no cluster */
};

/* Makes the directory, and the first argument. */
struct err *helm_run_begin(struct helm_run *);

/* Adds an argument (borrowed). */
void helm_run_arg(struct helm_run *, const char *);

/* Writes a file for helm. `path` is relative to the directory of this run. */
struct err *helm_run_write(struct helm_run *, const char *path, const char *text, size_t len);

/* Copies all files below a directory of the tree to `to`; symbolic links become files. */
struct err *helm_run_write_tree(struct helm_run *, const struct tree *, const char *directory, const char *to);

/* Runs helm. Its output is in the arena. */
struct err *helm_run(struct helm_run *, enum spawn_reach, int64_t timeout_ms, struct bytes *ret);

/* Returns a message of helm without the path of our directory, and without the users and passwords of URLs. */
const char *helm_run_clean(const struct helm_run *, const char *text);
