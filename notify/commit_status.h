/* notify/commit_status.h: what became of a commit, told to the host of its repository, where it stands beside the commit. Pure.
 *
 * Source: Flux's documentation of Providers of the types github, gitlab and gitea, and the three hosts' own of commit statuses.
 */
#pragma once
#include <stdbool.h>
#include "base/json.h"

struct commit_status {
	const char *type; /* "github" | "gitlab" | "gitea" */
	const char *address; /* of the repository: "https://github.com/OWNER/NAME" */
	const char *revision; /* "main@sha1:…", or the commit alone; NULL: none */
	const char *context; /* under which name it stands: of one, the last is shown */
	bool bad;
	const char *description; /* what does not fit is cut */
};

/* The type is one of those. */
bool commit_status_is(const char *type);

/* Where it goes and what is said; texts and *ret_body in the arena. *ret_url NULL: there is no commit that it could be about. An error: the address
 * is of no repository. */
struct err *commit_status_compose(
    struct arena *, const struct commit_status *, const char **ret_url, const char **ret_body);

/* The header with the token: its name, and its value in the arena. */
const char *commit_status_header(struct arena *, const char *type, const char *token, const char **ret_value);
