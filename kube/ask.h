/* kube/ask.h: the questions that one key has asked the outside, and their answers.
 *
 * A question is asked once under its name; its answer is shown to every pass until the status that holds it was written, or a
 * plan that had seen it has ended well.
 * All of it may be lost with the process: the question is then asked again.
 */
#pragma once
#include "kube/plan/controller.h"
#include "kube/transport.h"

/* Of one key: answers that are kept and questions under way (an AnalysisRun has METRICS_MAX metrics with a few questions each, and
 * arguments from Secrets), and how many of them are under way at once. What is beyond is asked by a later pass: the plan asks again
 * for what was not answered, and every answer brings a pass. */
#define ASK_MAX 4096
#define ASK_UNDER_WAY_MAX 64

struct asked;

/* All zeroes to start with, but for the transports, answered and arg. */
struct asks {
	/* Of questions, of those that are the cluster's to answer, and of those that programs answer (NULL: none does); borrowed. */
	struct transport *outside, *api, *programs;
	struct transport *elsewhere; /* of questions that are another cluster's to answer; NULL: the API server does */
	const char *namespace; /* of the key, borrowed: the tenant of its questions; NULL: of none */
	void (*answered)(void *arg, int64_t ms); /* told of every answer, and how long it took */
	void *arg;
	struct asked **list;
	size_t n, room, under_way;
};

/* Asks a PLAN_ASK, unless it is under way or answered already. */
void asks_ask(struct asks *, const struct plan_step *);

/* How many there are, and in *ret what a pass may see of them, in the arena. Answers are borrowed until they are forgotten. */
size_t asks_show(struct asks *, struct arena *, struct seen_answer **ret);

/* The answers that were shown have been made use of; the plan says which are still needed. */
void asks_forget_shown(struct asks *, const struct plan *);

/* The key is gone. */
void asks_done(struct asks *);
