/* traffic/elbv2_rounds.h: rounds of calls to the AWS API, until what they verify is there.
 *
 * All calls about one subject are a round (traffic/elbv2.h). If the subject is not as it must be then, the next round
 * begins after ten seconds, as in Argo Rollouts; after errors, such as throttling, later and later, up to five minutes.
 * Until it is complete, the reason is that of the round before. The number of the round is a note: a restart begins
 * with the first. The keys of a round have its subject, so that no response about another one is taken for it.
 */
#pragma once
#include "traffic/elbv2.h"

/* One round about a subject. */
struct elbv2_round {
	const struct rollout *rollout; /* that events are about */
	const void *subject; /* of the caller of elbv2_rounds_confirm */
	struct elbv2 api; /* begun; without its responses after the round */
	struct plan *events; /* that were not emitted before */
	int64_t reported, reports; /* bits of what events have been emitted about: before, and with this round */
	const char *why; /* the first reason why the subject is not as it must be; NULL: it is */
	/* The load balancers for the status, in the arena. */
	struct alb_status *balancers;
	size_t n_balancers;
};

/* Makes the calls of a round, and sets `why` and what was read. It is called again with the same round until no
 * response is missing. */
typedef void elbv2_verify(struct elbv2_round *);

/* Adds an event with this reason, unless one with the same bit `what` was emitted by an earlier round. */
void elbv2_report(struct elbv2_round *, int64_t what, bool warning, const char *reason, const char *format, ...)
    printf_like(5, 6);

/* Sets the reason of a round, unless it has one. In the arena. */
void elbv2_unlike(struct elbv2_round *, const char *format, ...) printf_like(2, 3);

/* Reads the current round about a subject, whose name is `name`, and adds to `plan` what it needs: queries, responses
 * to keep, events, notes and the time of the next pass. Returns true if the round is complete; `ret` is it then.
 * Otherwise ret->why is the reason of the round before, or NULL. */
bool elbv2_rounds_confirm(const struct rollout *, const struct pass *, const char *name, const void *subject,
    elbv2_verify *, struct plan *plan, struct elbv2_round *ret);
