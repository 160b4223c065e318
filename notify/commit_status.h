/* notify/commit_status.h: commit statuses: the result of a commit, reported to GitHub, GitLab or Gitea. Pure.
 *
 * Source: Flux's documentation of Providers of the types github, gitlab and gitea, and these servers' documentation
 * of commit statuses.
 */
#pragma once
#include <stdbool.h>
#include "base/json.h"

struct commit_status {
	const char *type; /* "github" | "gitlab" | "gitea" */
	const char *address; /* of the repository: "https://github.com/OWNER/NAME" */
	const char *revision; /* "main@sha1:…", or the commit alone; NULL: none */
	const char *context; /* name of the status; of statuses with the same name the server shows the last one */
	bool failed; /* the state of the commit is a failure */
	const char *description; /* cut to the length that the server accepts */
};

/* Returns whether the type is github, gitlab or gitea. */
bool commit_status_is(const char *type);

/* Returns the URL of a commit status and its body, both in the arena. *ret_url is NULL if the event is not about a
 * commit. ERR_INVALID: the address is not one of a repository. */
struct err *commit_status_compose(
    struct arena *, const struct commit_status *, const char **ret_url, const char **ret_body);

/* Returns the name of the header with the token, and its value in the arena. */
const char *commit_status_header(struct arena *, const char *type, const char *token, const char **ret_value);
