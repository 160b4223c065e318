/* gitops/worker/cluster.h: the destination cluster of an Application: its Secret, and the connection. */
#pragma once
#include "base/json.h"
#include "kube/api/application.h"

struct app_resource;
struct config;
struct loop;
struct session;
struct transport;

struct session_cluster {
	struct transport *api; /* of the controller's cluster, with Applications, settings and Secrets */
	struct transport *target; /* of the destination cluster; NULL: not known yet */
	struct transport *(*connect)(struct loop *, const struct config *);
	const struct config *own; /* of `api`; NULL: not known */
	struct config *remote; /* of `target`, if it is another cluster */
	json_t *secret; /* of the destination; NULL: none */
	json_t *config; /* of that Secret */
	struct strings only; /* namespaces that are managed in the destination; none: all */
	bool cluster_wide; /* with `only`: also objects without a namespace */
	struct application_destination destination; /* of the Application, with both server and name */
	const char *unreadable; /* a Secret that cannot be read and may be the destination's; NULL: none */
};

/* Reads the destination of the Application's spec, as far as it is known without the Secret of the cluster. */
struct err *cluster_read_destination(struct session *);

/* Takes the Secret of a cluster if it is that of the destination. */
void cluster_consider_secret(struct session *, const json_t *secret);

/* Connects to the destination, if it exists and the project allows it. */
struct err *cluster_find(struct session *);

/* Connects to the own cluster as a ServiceAccount. */
struct err *cluster_impersonate(struct session *, const char *ns, const char *account);

/* Returns why an object of the Application is not allowed in the cluster, by the cluster's Secret; NULL: it is
 * allowed. */
const char *cluster_refusal(struct session *, const struct app_resource *);

/* Reads the Secret of a cluster as settings of a kubeconfig, in the arena and in *ret_config, which the caller owns. */
struct err *cluster_read_config(
    struct arena *, const json_t *secret, const char *server, struct config *ret, json_t **ret_config);

/* Frees the connection to the destination. */
void cluster_leave(struct session *);
