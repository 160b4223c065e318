/* tests/simulation/gitops_world.h: the common part of the simulations of gitops/: a repository in memory, the work
 * of `sluice gitops-worker` done in this process over the same transport as everything else, and a controller whose
 * requests meet faults. */
#pragma once
#include "gitops/source/source.h"
#include "kube/plan/controller.h"
#include "tests/simulation/cluster.h"

#define COMMITS_MAX 100

/* A branch, for every URL. Zeroed, and then memory_commit. */
struct memory {
	struct source source;
	struct tree_entry files[COMMITS_MAX]; /* of commits with one file, "all.yaml" */
	struct tree trees[COMMITS_MAX];
	size_t n, head; /* commits; which of them the branch is at */
	size_t opened; /* the commit that was read last */
	bool unreachable; /* the repository cannot be read now */
};

/* One more commit, which is not the head yet unless it is the first. The text is borrowed. */
void memory_commit(struct memory *, const char *text);
/* The same with several files, which are borrowed; the id of each is its text. They are put in order. */
void memory_commit_files(struct memory *, struct tree_entry *, size_t n);

/* The commit's 40 hexadecimal digits. Static. */
const char *memory_id(size_t commit);

/* NONE: the request is only the moment at which something else happens. */
enum request_fault { REQUEST_FAULT_FAILS, REQUEST_FAULT_LOST, REQUEST_FAULT_DIES, REQUEST_FAULT_NONE, REQUEST_FAULTS };

extern const char *const request_fault_names[REQUEST_FAULTS];

/* Zeroed but for the first three and, where there is to be a fault, `at` and `how`. */
struct process {
	struct cluster *cluster;
	struct memory *memory;
	const struct controller *const *controllers; /* up to NULL */
	struct programs *programs;
	struct transport *api;
	struct drift_watch *drift_watch;
	struct runner *runner;
	struct fault_policy policy;
	unsigned requests, at; /* number of requests since `at` was set; the fault of the at-th. Once. */
	enum request_fault how;
	bool dying;
	unsigned long writes; /* requests that change something */
	void (*begun)(void *arg, const json_t *request); /* a piece of work begins; NULL: not wanted */
	void *arg;
};

void process_start(struct process *);
void process_stop(struct process *);

/* Runs on; a process that died is followed by another one. */
void process_run(struct process *, int64_t ms);

/* Runs until the Rollout "shop" has that image, and is in that phase, at most `ms`; false: it is not. */
bool process_wait(struct process *, const char *image, const char *phase, int64_t ms);

/* "" if there is no such text. Borrowed. */
const char *rollout_image(const json_t *rollout);

/* Namespaces argocd and shop. */
void make_namespaces(struct store *);
/* The CustomResourceDefinition of Widget, a kind that must be discovered. */
void make_definition(struct store *);

/* Who syncs: an object "web", which syncs the repository to the namespace shop. */
struct syncer {
	const char *name;
	const struct type *type;
	const char *namespace, *path;
	const char *source, *patch; /* the object, and the merge patch that requests a refresh */
	const struct controller *controllers[3];
	void (*make)(struct store *);
	bool (*has)(const json_t *object, const char *commit);
	void (*pin)(struct store *); /* to the first commit */
	const char *pinned; /* plural of the object that pins a revision */
	bool (*errs)(const json_t *old, const json_t *new); /* of a write of one */
};

#define SYNCERS 2

extern const struct syncer syncers[SYNCERS];

/* A controller that does nothing, and by which a process knows Rollouts, as one does that decides them too. */
extern const struct controller rollouts_known;

/* Borrowed until time goes on. */
const json_t *syncer_object(const struct syncer *, struct store *);

/* Sets the branch to that commit, and requests a refresh. */
void syncer_move(const struct syncer *, struct process *, size_t commit);
