/* cli/cluster.h: shared functions of `sluice cluster`: clusters that Applications deploy to, as Argo CD stores them
 * (Secrets), and what the controller has in them: a ServiceAccount, its permissions, and its token. */
#pragma once
#include "cli/cli.h"

#define CLUSTER_LABEL "argocd.argoproj.io/secret-type"
#define CLUSTER_LABEL_VALUE "cluster"
/* "NAMESPACE/NAME" of the ServiceAccount; without it, that of Argo CD. */
#define CLUSTER_ACCOUNT "sluice.argoproj.io/service-account"
#define CLUSTER_NAMESPACES_MAX 126 /* of one cluster */
#define CLUSTER_OBJECTS_MAX (2 * CLUSTER_NAMESPACES_MAX + 4) /* in one cluster */

/* The ServiceAccount in another cluster, and what it may do there. */
struct cluster_account {
	const char *namespace, *name;
	struct strings namespaces; /* none: the whole cluster */
	const char *role; /* a ClusterRole that exists; NULL: everything */
};

/* An object of the account. */
struct cluster_object {
	const char *collection, *path; /* URLs: of all of its kind, and its own */
	const char *what; /* "ClusterRole argocd-manager-role" */
	json_t *body; /* NULL if only the paths are needed; owned by the caller */
};

/* Reads a list of namespaces, separated by commas, spaces or line ends; NULL: none. `of` is named in the error. Returns
 * 0 and the list, in the arena of the command; or 1 after printing that there are more than CLUSTER_NAMESPACES_MAX. */
int cluster_read_namespaces(struct cli *, const char *of, const char *text, struct strings *ret);

/* Lists the objects of an account, in the order in which they are created. The last one is the Secret of the token.
 * Each has a body, which the caller owns. Returns how many; at most CLUSTER_OBJECTS_MAX. */
size_t cluster_objects(struct arena *, const struct cluster_account *, struct cluster_object *ret);

/* Lists all roles and bindings that an account may have, without bodies: those of the whole cluster, and those of its
 * namespaces. Returns how many; at most CLUSTER_OBJECTS_MAX - 2. */
size_t cluster_roles(struct arena *, const struct cluster_account *, struct cluster_object *ret);

/* Lists all objects that an account may have, as cluster_roles and cluster_objects do, without bodies. */
size_t cluster_all_objects(struct arena *, const struct cluster_account *, struct cluster_object *ret);

/* The Secrets of all clusters in the namespace of the command. Returns 0 and a new reference; or 1 after printing the
 * error. */
int cluster_secrets(struct cli *, json_t **ret);

/* Returns the text of a key of such a Secret, in the arena; "" if it has none. */
const char *cluster_value(struct cli *, const json_t *secret, const char *key);

/* Connects to a cluster as a context of the kubeconfig does. Returns 0, the configuration, and a transport that the
 * caller frees; or 1 after printing the error. */
int cluster_open_context(struct cli *, const char *context, struct config *ret, struct transport **ret_transport);
