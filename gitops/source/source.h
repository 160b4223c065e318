/* gitops/source/source.h: where commits come from. git.c has them from Git; a simulation from memory. */
#pragma once
#include "gitops/source/tree.h"
#include "kube/api/type.h"

/* Who we are to a repository, and whom we trust. NULL: nothing said. */
struct source_credentials {
	const char *username, *password, *bearer_token;
	const char *ssh_key, *known_hosts; /* PEM; OpenSSH's known_hosts */
	const char *ca; /* PEM */
	bool insecure; /* neither certificates nor host keys are verified */
	const char *proxy;
};

struct source_request {
	const char *url;
	const char *
	    revision; /* NULL, "" or "HEAD": the default branch; else a branch, a tag, a range of versions, or a commit */
	struct source_credentials credentials;
	int64_t timeout_ms; /* for everything */
	struct strings
	    keys; /* one of which must have signed the commit (gitops/worker/verify.h); none: it need not be signed */
};

struct source {
	/* The commit that the request names, whole (40 hexadecimal digits), in *ret_revision, the full name of the
	 * reference that it was found by in *ret_reference (NULL: by itself), and its files in *ret_tree. Blocks.
	 * The tree lives as long as the arena and the source. ERR_AGAIN: the repository cannot be had now;
	 * ERR_INVALID: the request is wrong. */
	struct err *(*open)(struct source *, struct arena *, const struct source_request *, const char **ret_revision,
	    const char **ret_reference, struct tree *ret_tree);
};
