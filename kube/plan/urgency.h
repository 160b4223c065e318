/* kube/plan/urgency.h: which of the calls that wait for a connection to the API server is made first. */
#pragma once

/* The most urgent one is the lowest. Zero is right for every call that says nothing. */
enum urgency {
	URGENCY_LEASE = -3, /* calls about the Lease: never wait, as all writes depend on it */
	URGENCY_SAFETY = -2, /* all writes of a plan that aborts an update, or promotes it for a user */
	URGENCY_STATUS = -1, /* statuses, on which the next decision rests, and reads that a decision waits for */
	URGENCY_PROGRESS = 0, /* other writes and reads */
	URGENCY_EVENT = 1, /* Events: no decision reads them */
	URGENCY_MAX
};

/* Returns the rank of a request for a slot (kube/fair_slots.h); 0 for the most urgent calls that wait. Not for
 * URGENCY_LEASE. */
static inline unsigned
urgency_rank(enum urgency u)
{
	return (unsigned)(u - URGENCY_SAFETY);
}
