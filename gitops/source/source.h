/* gitops/source/source.h: a source of commits: Git repositories (gitops/worker/git.h), or the memory of a
 * simulation. */
#pragma once
#include "gitops/source/tree.h"
#include "kube/api/type.h"

/* Credentials for a repository, and the keys of servers that are trusted. NULL: not set. */
struct source_credentials {
	const char *username, *password, *bearer_token;
	const char *ssh_key, *known_hosts; /* PEM; OpenSSH's known_hosts */
	const char *ca; /* PEM */
	const char *client_cert, *client_key; /* PEM; presented to registries and repositories of charts */
	bool insecure; /* neither certificates nor host keys are verified */
	bool plain_http; /* a registry is reached by http */
	const char *proxy;
};

struct source_request {
	const char *url;
	/* NULL, "" or "HEAD": the default branch; else a branch, a tag, a range of versions, or a commit. */
	const char *revision;
	struct source_credentials credentials;
	int64_t timeout_ms; /* of all programs together */
	struct strings
	    keys; /* one of which must have signed the commit (gitops/worker/verify.h); none: it need not be signed */
};

struct source {
	/* Fetches the commit of the request. *ret_revision: its id (40 hexadecimal digits); *ret_reference: the full
	 * name of the reference by which it was found (NULL: by its id); *ret_tree: its files. Blocks. The tree
	 * lives as long as the arena and the source. ERR_AGAIN: the repository cannot be reached now; ERR_INVALID:
	 * the request is wrong. */
	struct err *(*open)(struct source *, struct arena *, const struct source_request *, const char **ret_revision,
	    const char **ret_reference, struct tree *ret_tree);
};
