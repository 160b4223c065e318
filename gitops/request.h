/* gitops/request.h: what the controllers of applications and of Flux's objects ask the worker (gitops/worker/session.h), and what it answers. Pure. */
#pragma once
#include "kube/plan/controller.h"

/* Settings of the process (struct pass): the worker's program (struct question, command); the controller's own namespace. */
#define GITOPS_WORKER "gitops-worker"
#define GITOPS_NAMESPACE "gitops-namespace"

/* Asks it (the request is consumed), and notes when ("looked"). One question at a time. `about` (borrowed; "": nothing) tells what was asked
 * for from what is wanted by the time of the answer. Only some workers run at once: `tenant` (NULL: the object's namespace) and `repository`
 * share the places (kube/turns.h). */
void worker_ask(struct plan *, const struct pass *, const char *about, json_t *request, int64_t timeout_ms,
    const char *tenant, const char *repository);

/* The question, answered or not; NULL: none is asked. */
const struct seen_answer *worker_asked(const struct pass *);

/* What the question was said to be about. Borrowed from it. */
const char *worker_about(const struct seen_answer *);

/* Why there is no answer. */
struct worker_failure {
	const char *type; /* "ComparisonError"; NULL: it did not get so far as to say */
	const char *text;
	bool may_pass; /* by itself */
};

/* The answer, as a new reference; or NULL, and why, in the arena. One that has neither an error nor what was to be found (`found`, a key: what
 * is missing would count as nothing) is a failure. */
json_t *worker_answer(struct arena *, const struct seen_answer *, const char *found, struct worker_failure *ret);

/* A number that tells a text from others, for a note; never 0. */
int64_t worker_number(const char *text);

/* Before the next try after so many failures: `first` after the first, and then twice as long each time, while that is less than `most`. */
int64_t worker_wait(int64_t first, int64_t failures, int64_t most);

/* A time of [0, below) that is an object's own, and always the same: no two processes disagree. */
int64_t worker_spread(const struct object *, int64_t below);
