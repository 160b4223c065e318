/* cli/flux.h: shared functions of the commands about Flux's objects: get, reconcile, suspend, resume. Their default
 * namespace is flux-system, as in Flux. Objects of kinds that nothing here reconciles are listed too. */
#pragma once
#include "cli/cli.h"

/* A kind, as commands name it. */
struct flux_kind {
	const char *name; /* "kustomization"; of a source: the word behind "source" */
	const char *aliases; /* "|" between; NULL: none */
	const char *kind, *group, *plural;
	bool source;
	const char *revision; /* JSON pointer of the revision that the status has */
};

/* All, ended by one without a name. In the order of `get all`. */
extern const struct flux_kind flux_kinds[];

/* Returns the kind that a word names, of the sources or of the others, or NULL after printing those that exist. */
const struct flux_kind *flux_kind_named(const struct cli *, const char *word, bool source);

/* Connects; the namespace is that of --namespace, or flux-system. Returns 0, or 1 after printing the error. */
int flux_connect(struct cli *);

/* Returns the URL of the objects of a kind, or of one (name not NULL), in the version that the API server prefers; or
 * NULL if it does not serve the group. `ns` NULL: of all namespaces. In the arena. */
const char *flux_path(struct cli *, const struct flux_kind *, const char *ns, const char *name);

/* Reads the words behind a command: "KIND NAME" or "source KIND NAME". Returns 0, the kind and the URL of the object;
 * or 1 after printing the error. *ret_name is borrowed from the arguments. */
int flux_object_named(struct cli *, const char *const *words, size_t n, const struct flux_kind **ret,
    const char **ret_name, const char **ret_path);

/* Requests a reconciliation of the object, and waits until it is ready, or is not ready after it, at most for
 * --timeout. Returns the exit code after printing the result. */
int flux_reconcile(struct cli *, const struct flux_kind *, const char *ns, const char *name);

/* Prints that the object does not exist, or the error, and returns 1. */
int flux_error(struct cli *, const struct flux_kind *, const char *ns, const char *name, const struct err *);

#define FLAG_FLUX_TIMEOUT                                                                                              \
	{                                                                                                              \
		.name = "timeout", .letter = 't', .value = "DURATION", .value_default = "5m",                          \
		.text = "Maximum time to wait"                                                                         \
	}
