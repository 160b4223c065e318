/* kube/turns.h: a limited number of places that owners take in turn.
 *
 * Who asks for much waits for its own, and not others for it. An owner is a tenant (a namespace) and, within it, a
 * place to go to (a host, a repository); both hold a limited number of places, so that some are left for others. A
 * place that becomes free is given to the tenant that holds the fewest, there to the place to go to that holds the
 * fewest; of equals to the one that got none for the longest time.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct turns_limits {
	size_t all, tenant, owner; /* places of all together, of one tenant, and of one owner; > 0 */
};

/* All zeroes to start with, but for the limits. */
struct turns {
	struct turns_limits limits;
	size_t taken;
	uint64_t given; /* places so far */
	struct turns_tenant *tenants; /* that hold one or wait */
};

/* Of one that needs a place; all zeroes to start with, but for arg. It must not move while it has one or waits. */
struct turn {
	void *arg; /* the user's own */
	struct turns_owner *owner; /* NULL: it neither holds a place nor waits */
	struct turn *next; /* that waits behind it */
	bool waits;
};

/* Asks for a place. True: it has one. False: it waits, until a turn_end returns it. `tenant` and `owner` are copied;
 * NULL is "". */
bool turn_take(struct turns *, struct turn *, const char *tenant, const char *owner);

/* Gives back a place, or stops waiting for one; nothing, where it does neither. Returns the turn that has a place
 * from now on, or NULL. */
struct turn *turn_end(struct turns *, struct turn *);
