/* kube/lease.h: leader election by a Lease, as client-go does it (tools/leaderelection), with the same objects, so
 * that Sluice and another controller that uses the same Lease exclude each other.
 *
 * A Lease tells who should act, not who does: a process that slept may wake up as a leader that it no longer is. Two
 * things are done about it. lease_held compares with our own clock, so that a caller that checks before each write
 * stops in time; and every write carries what it believed (resourceVersion, tests), so that one that is late all the
 * same fails.
 *
 * Times of other processes are never compared with our clock: a holder is gone when its record has not changed for
 * its duration, as we saw it.
 */
#pragma once
#include "kube/transport.h"

struct lease;

struct lease_settings {
	const char *namespace, *name;
	const char *identity; /* of this process: unlike any other's */
	int64_t duration_ms; /* time without a renewal after which others may take it; client-go: 15 s */
	int64_t renew_deadline_ms; /* time without one after which we stop leading; < duration; 10 s */
	int64_t retry_ms; /* between tries, and between renewals; 2 s */
	uint64_t seed; /* of the jitter between tries */
	void (*started)(void *arg); /* it is ours */
	void (*stopped)(void *arg); /* no more; tries go on */
	/* NULL, or called when another process holds it or it cannot be read, and when that changes. */
	void (*waiting)(void *arg, const char *holder, const struct err *);
	void *arg;
};

/* Tries from now on. Strings are copied. */
struct lease *lease_new(struct transport *, const struct lease_settings *);

/* It is ours by our own clock: renewed less than renew_deadline_ms ago. */
bool lease_held(const struct lease *);

/* Gives it back, if it is ours, so that another may take it at once; `done` comes when that was answered, or failed,
 * or before this returns when it is not ours. No further call of started or stopped. */
void lease_release(struct lease *, void (*done)(void *arg), void *arg);

/* Takes NULL; returns NULL. Does not give back. */
struct lease *lease_free(struct lease *);
