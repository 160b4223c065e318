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
	const char *identity; /* of this process; unique */
	int64_t duration_ms; /* time without a renewal after which others may take it; client-go: 15 s */
	int64_t renew_deadline_ms; /* time without a renewal after which this process stops leading; < duration; 10 s */
	int64_t retry_ms; /* between tries, and between renewals; 2 s */
	uint64_t seed; /* of the jitter between tries */
	void (*started)(void *arg); /* this process is the leader */
	void (*stopped)(void *arg); /* it no longer is; it continues to try */
	/* NULL, or called when another process is the holder or the Lease cannot be read, and when that changes. */
	void (*waiting)(void *arg, const char *holder, const struct err *);
	void *arg;
};

/* Starts the election. Strings are copied. */
struct lease *lease_new(struct transport *, const struct lease_settings *);

/* Returns true if this process is the leader by its own clock: it renewed less than renew_deadline_ms ago. */
bool lease_held(const struct lease *);

/* Releases the Lease, if this process is the leader, so that a standby can take over at once. `done` is called after
 * the response or a failure, or before this returns if it is not the leader. started and stopped are not called any
 * more. */
void lease_release(struct lease *, void (*done)(void *arg), void *arg);

/* Takes NULL; returns NULL. Does not release the Lease. */
struct lease *lease_free(struct lease *);
