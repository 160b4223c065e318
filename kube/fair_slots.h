/* kube/fair_slots.h: a limited number of slots, shared fairly: a tenant with many requests does not delay others.
 *
 * A request belongs to a tenant (a namespace or project) and to a destination (a host, a repository). A free slot
 * goes to the waiting tenant with the fewest slots, then to its destination with the fewest; ties: the one that was
 * served least recently. Users, with their limits: transport_curl.c (requests), transport_exec.c (programs and
 * workers). The passes of a tenant are limited in queue.c.
 *
 * A request also has a rank, and a free slot goes to the lowest rank first, whatever its tenant: an abort does not wait
 * for the progress of others. A tenant cannot take all slots in this way, because its limit holds for every rank.
 * Nothing waits for ever: for every FAIR_SLOTS_AGE slots that were given while a request waits, its rank falls by
 * one.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FAIR_SLOTS_RANKS 4 /* 0 to 3 */
#define FAIR_SLOTS_AGE 64

struct fair_slots_limits {
	size_t all, tenant, destination; /* slots in total, of one tenant, and of one destination; > 0 */
};

/* Zero it, then set the limits. */
struct fair_slots {
	struct fair_slots_limits limits;
	size_t taken; /* slots in use */
	uint64_t given; /* slots given so far: the clock of "least recently" */
	struct fair_slots_tenant *tenants; /* those with a slot or a waiting request */
};

/* A request for a slot, embedded in its user. Zero it, then set arg and the rank. It must not move while it has a slot
 * or waits. */
struct slot_request {
	void *arg; /* the user's own */
	unsigned rank; /* < FAIR_SLOTS_RANKS; 0: the first to get a slot */
	uint64_t since; /* the value of `given` when it began to wait */
	struct fair_slots_destination *destination; /* NULL: it neither has a slot nor waits */
	struct slot_request *next; /* the next one of its rank that waits for the same destination */
	bool waits; /* it has no slot yet */
};

/* Requests a slot. Returns true if it gets one at once. Otherwise it waits, and a later fair_slots_release() returns
 * it. `tenant` and `destination` are copied; NULL is "". */
bool fair_slots_take(struct fair_slots *, struct slot_request *, const char *tenant, const char *destination);

/* Returns the slot, or stops waiting for one. Does nothing if the request has no slot and does not wait. Returns the
 * request that gets the free slot, which the caller must start, or NULL. */
struct slot_request *fair_slots_release(struct fair_slots *, struct slot_request *);
