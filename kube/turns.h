/* kube/turns.h: a limited number of slots, shared fairly, so that a tenant with many requests does not delay others.
 *
 * A request belongs to a tenant (a namespace or project) and to a destination (a host, a repository). A free slot
 * goes to the waiting tenant with the fewest slots, then to its destination with the fewest; ties: the one that was
 * served least recently. Users, with their limits: transport_curl.c (requests), transport_exec.c (programs and
 * workers). The passes of a tenant are limited in queue.c.
 *
 * A request also has a rank, and a free slot goes to the lowest rank first, whatever its tenant: an abort does not wait
 * for the progress of others. A tenant cannot take all slots in this way, because its limit holds for every rank.
 * Nothing waits for ever: for every TURNS_AGE slots that were given while a request waits, its rank falls by one.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TURNS_RANKS 4 /* 0 to 3 */
#define TURNS_AGE 64

struct turns_limits {
	size_t all, tenant, destination; /* slots in total, of one tenant, and of one destination; > 0 */
};

/* Zero it, then set the limits. */
struct turns {
	struct turns_limits limits;
	size_t taken; /* slots in use */
	uint64_t given; /* slots given so far: the clock of "least recently" */
	struct turns_tenant *tenants; /* those with a slot or a waiting request */
};

/* A request for a slot, embedded in its user. Zero it, then set arg and the rank. It must not move while it has a slot
 * or waits. */
struct turn {
	void *arg; /* the user's own */
	unsigned rank; /* < TURNS_RANKS; 0: the first to get a slot */
	uint64_t since; /* the value of `given` when it began to wait */
	struct turns_destination *destination; /* NULL: it neither has a slot nor waits */
	struct turn *next; /* the next one of its rank that waits for the same destination */
	bool waits; /* it has no slot yet */
};

/* Requests a slot. Returns true if it gets one at once. Otherwise it waits, and a later turn_end() returns it.
 * `tenant` and `destination` are copied; NULL is "". */
bool turn_take(struct turns *, struct turn *, const char *tenant, const char *destination);

/* Returns the slot, or stops waiting for one. Does nothing if the turn has no slot and does not wait. Returns the turn
 * that gets the free slot, which the caller must start, or NULL. */
struct turn *turn_end(struct turns *, struct turn *);
