/* gitops/worker/session_parts.h: what the files of one piece of work share; nobody else includes it. */
#pragma once
#include "gitops/argocd/project.h"
#include "gitops/engine/customizations.h"
#include "gitops/engine/sync.h"
#include "gitops/held_revision.h"
#include "gitops/protocol.h"
#include "gitops/render/render.h"
#include "gitops/render/substitute.h"
#include "gitops/worker/helm.h"
#include "gitops/worker/script.h"
#include "gitops/worker/session.h"
#include "kube/api/flux.h"
#include "kube/api/rollout.h"
#include "kube/client.h"

#define WORK_ROLLOUTS_MAX 20000 /* in the namespaces of an application */
#define WORK_CALLS_MAX 8 /* under way at once */
/* Of applied fields: the other controllers' own, so that what they applied is ours to take back. */
#define WORK_MANAGER "argocd-controller"
#define WORK_FLUX_MANAGER "kustomize-controller"
#define OWN_SERVER "https://kubernetes.default.svc"
#define OWN_NAME "in-cluster"

/* A kind of the objects that are wanted or were there, and how it is found. */
struct work_kind {
	struct api_kind kind;
	const char *error; /* the API server does not know it; NULL: it does */
};

/* The objects of one kind in one namespace (NULL: of the cluster). */
struct work_scope {
	const struct api_kind *kind;
	const char *namespace;
};

/* A repository, and what of it is wanted. */
struct work_source {
	const struct application_source *spec; /* NULL: of one of Flux's objects */
	const char *where; /* "spec.sources[1]", for errors */
	const char *url, *target_revision;
	const char *pinned; /* revision; NULL: target_revision */
	struct source_credentials credentials;
	struct strings keys; /* one of which must have signed the commit; none: it need not be signed */
	size_t likeness; /* of the URL to that of the Secret they are from */
	const char *problem; /* keys of that Secret that have no effect; NULL: all have */
	const char *revision;
	const char *reference; /* that the commit was found by: "refs/heads/main"; NULL: by itself */
	struct tree tree;
};

struct work_check;

struct work {
	struct transport *api; /* of the controller's own cluster, with applications, settings and Secrets */
	struct transport *target; /* of the cluster in which the objects are; NULL: it is not known yet */
	struct transport *(*connect)(struct loop *, const struct config *);
	const struct config *own; /* of `api`; NULL: not known */
	struct config *remote; /* of `target`, when that is another */
	json_t *cluster, *cluster_config; /* the Secret of the destination, and its config; NULL: none */
	struct strings only; /* namespaces that are managed there; none: all */
	bool cluster_wide; /* with `only`: also objects without one */
	struct source *source;
	struct helm helm;
	struct arena *arena;
	void (*done)(void *arg, const char *answer);
	void *arg;
	/* The request. */
	const struct application *app; /* or, */
	const struct flux_kustomization *ks; /* a Kustomization; neither: only the commit is asked for */
	const struct app_project *project; /* the application's; NULL: everything is allowed */
	struct application_destination destination; /* its own, with both server and name */
	const char *name, *own_namespace; /* its own */
	const char *default_namespace; /* of objects that name none; NULL: they must */
	LIST_OF(struct work_source) sources; /* of an application one or several, else one */
	const char *manager; /* of applied fields */
	struct strings former; /* managers whose fields were applied from the client side: ours, once we apply */
	struct substitute_variables variables; /* of a Kustomization's postBuild */
	const char *namespace; /* the controller's own */
	struct worker_request request;
	bool syncing;
	bool diffing; /* the answer has what differs */
	bool deleting; /* the application, and with it its objects */
	struct sync_operation operation;
	struct sync_results results;
	/* What was found out. */
	struct app_settings settings; /* argocd-cm's */
	struct scripts *scripts;
	struct owner_mark mark;
	const char *known_hosts;
	const char *revision; /* of several sources: "A,B" */
	enum source_type source_type;
	struct manifests manifests;
	struct resources resources;
	LIST_OF(struct work_kind) kinds;
	LIST_OF(struct work_scope) scopes; /* the first are of Rollouts, which say what of other objects is theirs */
	size_t n_rollout_scopes;
	LIST_OF(const struct rollout *) rollouts;
	size_t rollouts_room;
	LIST_OF(struct work_check) checks; /* what a Kustomization waits for, once it is applied */
	struct work_unread {
		const char *namespace, *name;
	} * unread; /* Rollouts that cannot be read */
	/* A Secret that cannot be read, and may be the destination's cluster, or have the credentials of any repository; NULL: none. */
	const char *unread_cluster, *unread_repository;
	size_t n_unread, unread_room;
	const char *error_type; /* NULL: none */
	struct err *error;
	struct sync_step step;
	/* What is under way: the calls of a stage, numbered. */
	struct work_call *calls;
	size_t n_calls, next, in_flight;
	bool (*start)(struct work *, size_t i); /* false: nothing is to be called for this one */
	void (*finished)(struct work *);
	size_t group; /* of tasks: the first of the group that is done at once */
	bool deferred; /* a task waits for something to be gone */
	struct timer soon;
};

struct work_call {
	struct work *work;
	size_t number;
	struct call *call; /* NULL: none, or over */
};

/* Runs `start` for 0 … n-1, some at once, and then `finished`. */
void work_run(struct work *, size_t n, bool (*start)(struct work *, size_t i), void (*finished)(struct work *));

/* For `start`: the place of the call with that number, to be given to client_call as its argument; its callback ends with work_call_over. */
struct work_call *work_call_of(struct work *, size_t i);
void work_call_over(struct work_call *);

/* A value of a Secret, decoded; NULL: it has none, or one that is no text. In the work's arena. */
const char *work_secret(struct work *, const json_t *secret, const char *key);

/* Warns of the keys in the Secrets of the sources that have no effect. */
void work_warn_of_secrets(struct work *);

/* Ends the work with an error of a type ("ComparisonError"), the first that is said, once what is under way is over. */
void work_fail(struct work *, const char *type, const struct err *);

/* work_text.c: the request and the answer. */
struct err *work_read(struct work *, const char *request, size_t len);
const char *work_answer(struct work *);

/* work_flux.c: a Kustomization's manifests, rendered; its variables, and the credentials of its repository, are asked for by `n` calls. */
struct err *work_flux_render(struct work *, const struct tree *);
size_t work_flux_settings(const struct work *);
bool work_flux_start(struct work *, size_t i);

/* The application's project lets it have such an object. */
bool work_is_permitted(const struct work *, const struct api_kind *, const char *ns, const char *name);

/* work_cluster.c: where the application's objects go, as far as its spec says; a Secret of a cluster is seen; the cluster is found, and reached. */
struct err *work_read_destination(struct work *);
void work_see_cluster(struct work *, const json_t *secret);
struct err *work_reach_cluster(struct work *);
/* The own cluster as a ServiceAccount. */
struct err *work_impersonate(struct work *, const char *ns, const char *account);
void work_leave_cluster(struct work *);

/* Why an object of the application may not be in the cluster, as its Secret says; NULL: it may. */
const char *work_is_managed(struct work *, const struct app_resource *);

/* work_look.c: a live object of a scope is seen. */
void work_see(struct work *, const struct work_scope *, const json_t *live);
/* The same of one that cannot be read, of which the metadata is known (kube/api/item.h): it is there, and is neither applied nor pruned. */
void work_see_unreadable(struct work *, const struct work_scope *, const json_t *live, const struct unreadable *);

/* What may be in part a Rollout's that cannot be read is left as it is. */
void work_leave_unread(struct work *, struct app_resource *);

/* What a dry run of the resource answered. */
void work_predicted(struct work *, struct app_resource *, const struct err *, const json_t *predicted);

/* work_dry_run.c: asks the API server what applying the resource with that number would do; false: nothing is to be asked. For work_run. */
bool work_dry_run(struct work *, size_t i);
/* A change that the API server refuses deletes the object first (Force=true). Not of what holds other objects. */
bool work_is_forced(struct work *, const struct app_resource *);

/* A rule that is wrong is so whether or not there is a difference today. */
void work_check_rules(struct work *);

/* Why a Rollout says that it has aborted what it is to be; NULL: it does not, or is none. In the arena. */
const char *work_aborted(struct work *, const struct app_resource *, const json_t *live);

/* An object's health: by the script that argocd-cm has for its kind, or else by health.h. */
enum health work_health(struct work *, const struct api_kind *, const json_t *object, const char **ret_message);

/* An object is seen: its health, and of a Kustomization's also whether it is current. */
void work_see_health(struct work *, struct app_resource *, const json_t *object);

/* work_checks.c: asks for what the Kustomization waits for, if it is applied, and then ends the work. */
void work_check_health(struct work *);

/* Puts those that are not current into the response. */
void work_add_checks(struct work *, struct worker_response *);

/* work_sync.c: the next step of the sync, and then the answer. */
void work_sync(struct work *);
void work_end(struct work *);

/* What a Kustomization is about to make or take is among what the request says is known; if it is not, it is only told, so that its status
 * names it before it is there. An object that was made by a process that died, of a kind that no later commit has, would stay for ever else. */
bool work_is_announced(struct work *);
