/* kube/kubeconfig.h: address of the API server, and the credentials for it.
 *
 * Read as kubectl reads it (kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig): the file
 * of --kubeconfig; or all files of $KUBECONFIG put together, where the first to name something wins; or
 * ~/.kube/config; or, inside a Pod, its service account. Relative paths in a file are relative to it.
 */
#pragma once
#include <stdbool.h>
#include "base/err.h"
#include "kube/api/type.h"

/* users[].user.exec: a program that returns credentials (client.authentication.k8s.io). */
struct config_exec {
	const char *command;
	struct strings args;
	struct string_map env; /* added to the environment of this process */
	const char *api_version; /* the version of its protocol */
	const char *cluster_info; /* JSON, if provideClusterInfo is set; else NULL */
	const char *install_hint; /* NULL: none */
};

/* The user to impersonate. */
struct config_impersonation {
	const char *user, *uid; /* NULL: none */
	struct strings groups;
};

struct config {
	const char *server; /* "https://…", no slash at the end */
	const char *namespace; /* of the context; "default" */
	const char *token, *token_file; /* the file is read again each second, and has precedence */
	const char *username, *password;
	const char *ca_file, *ca_data, *cert_file, *cert_data, *key_file, *key_data; /* *_data: PEM text */
	const char *tls_server_name; /* the host name in the server's certificate; NULL: the URL's host */
	const char *proxy; /* URL; NULL: from the environment */
	const struct config_exec *exec; /* NULL: none */
	struct config_impersonation as;
	bool insecure;
};

/* Values of flags, which override the files; NULL: not given. */
struct config_overrides {
	const char *file, *context, *cluster, *user;
	const char *server, *token, *tls_server_name, *ca_file, *cert_file, *key_file, *as, *as_uid;
	struct strings as_groups;
	bool insecure;
};

/* Reads the configuration into the arena. Errors name the file, the context and the missing field. */
struct err *config_load(struct arena *, const struct config_overrides *, struct config *ret);

/* Returns in *ret the name of the first context whose cluster has this address, without slashes at its end; NULL if
 * none has it. `file` is that of --kubeconfig, or NULL. In the arena. */
struct err *config_find_context(struct arena *, const char *file, const char *server, const char **ret);
