/* tests/simulation/gitops_judge.h: rules that hold at every write while an Application or a Kustomization syncs a
 * random repository.
 *
 * The judge knows the commits as they were drawn (gitops_model.h), the users' spec, and every write that the store
 * carries out. It uses no code of gitops/.
 */
#pragma once
#include "tests/simulation/gitops_model.h"
#include "tests/simulation/gitops_world.h"

enum wish_option {
	WISH_CREATE_NAMESPACE = 1,
	WISH_PRUNE_LAST = 2,
	WISH_REPLACE = 4,
	WISH_FORCE = 8,
	WISH_OUT_OF_SYNC_ONLY = 16,
	WISH_RESPECT = 32,
	WISH_SERVER_SIDE = 64,
	WISH_FAIL_ON_SHARED = 128,
	WISH_KEEP = 256, /* Prune=false */
	WISH_CONFIRM = 512, /* Prune=confirm */
	WISH_APPROVE = 1024, /* Delete=confirm */
	WISH_BACKGROUND = 2048
};

/* Who changes data.ignored by hand. */
#define STRANGER "stranger"

/* By which member of ignoreDifferences it is. */
enum ignore_by { IGNORE_NOTHING, IGNORE_POINTER, IGNORE_JQ, IGNORE_MANAGER };

/* The users' spec of the Application or Kustomization "web". */
struct wish {
	bool prune, finalizer;
	/* Of an Application. */
	bool automated, self_heal, allow_empty, recurse;
	enum ignore_by ignore; /* how differences of data.ignored are */
	unsigned options;
	int retries; /* -1: the default */
	/* Of a Kustomization. */
	bool suspend, wait, force, checks, depends, substitute, orphan;
	unsigned v; /* the value that postBuild substitutes */
};

/* A piece of work, as things were when it began. */
struct judged_work {
	bool any;
	json_t *object; /* the Application or Kustomization */
	struct wish wish, before; /* the users' current spec, and the one before */
	size_t commit; /* COMMITS_MAX: the head, whichever it is when it is read */
	bool deleting;
	bool dependency_ready;
};

struct gitops_judge {
	struct cluster *cluster;
	struct memory *memory;
	const struct model *model;
	struct revision *revisions; /* of each commit */
	struct arena *arena;
	struct wish wish, before;
	int64_t changed_at, source_changed_at; /* wall ms: users changed their wish */
	int64_t approved_at; /* users confirmed deletions */
	struct judged_work works[2]; /* of "web", and of "base", on which it may depend */
	int64_t touched[KEYS]; /* wall ms: a user wrote or deleted it */
	bool orphan[KEYS]; /* an Application that was deleted left it */
	bool contested[KEYS]; /* it belongs to another Application */
	struct {
		char id[80]; /* of the sync that made it last */
		unsigned made; /* how often that one did */
		int64_t made_at, succeeded_at;
	} runs[KEYS]; /* of hooks */
	bool by_user; /* the current write is a user's */
	bool verbose; /* print each write */
	bool over; /* nothing is judged any more */
	char why[700]; /* "": all is well */
};

void gitops_judge_begin(struct gitops_judge *);
void gitops_judge_end(struct gitops_judge *);

/* For process.begun. */
void gitops_judge_begun(void *judge, const json_t *request);

/* A user wants something else from now on. */
void gitops_judge_wish(struct gitops_judge *, const struct wish *);

/* The live object of a key, or NULL. Borrowed until time moves on. */
const json_t *gitops_judge_live(const struct gitops_judge *, size_t key);

/* It is live, and says that it is of the Application or Kustomization. */
bool gitops_judge_is_ours(const struct gitops_judge *, size_t key);

/* "": the cluster is what the commit says and the wish allows; else what is not. */
const char *gitops_judge_differs(const struct gitops_judge *, size_t commit);

/* An object is live that the commit does not have, and that counts as a difference. */
bool gitops_judge_leftover(const struct gitops_judge *, size_t commit);
