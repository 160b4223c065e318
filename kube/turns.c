/* kube/turns.c: fair sharing of a limited number of slots: lists of tenants, of their destinations, and of the
 * requests that wait. A tenant or destination without slots and waiting requests is freed. The limits are in
 * transport_curl.c and transport_exec.c. */
#include "kube/turns.h"
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"

struct turns_destination {
	struct turns_tenant *tenant;
	struct turns_destination *next;
	char *name;
	size_t slots; /* in use */
	uint64_t last; /* the value of `given` at its last slot; 0: it never had one */
	struct {
		struct turn *first, **last_at;
	} waiting[TURNS_RANKS]; /* of each rank, the oldest first */
};

struct turns_tenant {
	struct turns_tenant *next;
	char *name;
	size_t slots;
	uint64_t last;
	struct turns_destination *destinations;
};

static struct turns_tenant *
turns_tenant_of(struct turns *t, const char *name)
{
	struct turns_tenant *n = t->tenants;

	while (n != NULL && strcmp(n->name, name) != 0)
		n = n->next;
	if (n == NULL) {
		n = mem_alloc(sizeof(*n));
		*n = (struct turns_tenant){ .name = mem_strdup(name), .next = t->tenants };
		t->tenants = n;
	}
	return n;
}

static struct turns_destination *
turns_destination_of(struct turns_tenant *of, const char *name)
{
	struct turns_destination *o = of->destinations;

	while (o != NULL && strcmp(o->name, name) != 0)
		o = o->next;
	if (o == NULL) {
		o = mem_alloc(sizeof(*o));
		*o = (struct turns_destination){ .tenant = of, .name = mem_strdup(name), .next = of->destinations };
		for (size_t i = 0; i < TURNS_RANKS; i++)
			o->waiting[i].last_at = &o->waiting[i].first;
		of->destinations = o;
	}
	return o;
}

/* Frees the destination, and its tenant, if they have no slot and no waiting request. */
static void
turns_destination_leave(struct turns *t, struct turns_destination *o)
{
	struct turns_tenant *of = o->tenant;
	struct turns_destination **at = &of->destinations;
	struct turns_tenant **tenant = &t->tenants;

	if (o->slots > 0)
		return;
	for (size_t i = 0; i < TURNS_RANKS; i++)
		if (o->waiting[i].first != NULL)
			return;
	while (*at != o)
		at = &(*at)->next;
	*at = o->next;
	free(o->name);
	free(o);
	if (of->destinations != NULL)
		return;
	while (*tenant != NULL && *tenant != of)
		tenant = &(*tenant)->next;
	*tenant = of->next;
	free(of->name);
	free(of);
}

static void
turns_destination_give(struct turns *t, struct turns_destination *o)
{
	t->taken++;
	o->slots++;
	o->tenant->slots++;
	o->last = o->tenant->last = ++t->given;
}

static bool
turns_may_have(const struct turns *t, const struct turns_destination *o)
{
	return t->taken < t->limits.all && o->tenant->slots < t->limits.tenant && o->slots < t->limits.destination;
}

static bool
turns_is_before(size_t slots, uint64_t last, size_t other_slots, uint64_t other_last)
{
	return slots != other_slots ? slots < other_slots : last < other_last;
}

/* Returns the rank of a request that waits, which falls with the slots that were given to others. */
static unsigned
turns_rank(const struct turns *t, const struct turn *turn)
{
	uint64_t age = (t->given - turn->since) / TURNS_AGE;

	return turn->rank > age ? turn->rank - (unsigned)age : 0;
}

/* Returns the request of this destination that is the first to get a slot, or NULL. */
static struct turn *
turns_destination_first(const struct turns *t, const struct turns_destination *o)
{
	struct turn *best = NULL;

	for (size_t i = 0; i < TURNS_RANKS; i++) {
		struct turn *turn = o->waiting[i].first;

		if (turn != NULL && (best == NULL || turns_rank(t, turn) < turns_rank(t, best) ||
					(turns_rank(t, turn) == turns_rank(t, best) && turn->since < best->since)))
			best = turn;
	}
	return best;
}

/* Returns the request that gets the next free slot, or NULL. */
static struct turn *
turns_next(const struct turns *t)
{
	struct turn *best = NULL;

	for (const struct turns_tenant *n = t->tenants; n != NULL; n = n->next)
		for (struct turns_destination *o = n->destinations; o != NULL; o = o->next) {
			struct turn *turn = turns_may_have(t, o) ? turns_destination_first(t, o) : NULL;
			const struct turns_destination *to = best != NULL ? best->destination : NULL;

			if (turn == NULL)
				continue;
			if (to == NULL || turns_rank(t, turn) < turns_rank(t, best) ||
			    (turns_rank(t, turn) == turns_rank(t, best) &&
				(to->tenant == n
					? turns_is_before(o->slots, o->last, to->slots, to->last)
					: turns_is_before(n->slots, n->last, to->tenant->slots, to->tenant->last))))
				best = turn;
		}
	return best;
}

static void
turns_stop_waiting(struct turn *turn)
{
	struct turns_destination *o = turn->destination;
	struct turn **at = &o->waiting[turn->rank].first;

	while (*at != turn)
		at = &(*at)->next;
	*at = turn->next;
	if (*at == NULL)
		o->waiting[turn->rank].last_at = at;
	turn->next = NULL;
	turn->waits = false;
}

static struct turn *
turns_give_next(struct turns *t)
{
	struct turn *turn = turns_next(t);

	if (turn == NULL)
		return NULL;
	turns_stop_waiting(turn);
	turns_destination_give(t, turn->destination);
	return turn;
}

bool
turn_take(struct turns *t, struct turn *turn, const char *tenant, const char *destination)
{
	struct turns_destination *o = turns_destination_of(
	    turns_tenant_of(t, tenant != NULL ? tenant : ""), destination != NULL ? destination : "");

	turn->destination = o;
	turn->next = NULL;
	/* A new request never overtakes one that waits: turn_end gives each free slot to a request that may have it,
	 * so that those that still wait are at a limit. */
	turn->waits = !turns_may_have(t, o);
	if (!turn->waits) {
		turns_destination_give(t, o);
		return true;
	}
	turn->since = t->given;
	*o->waiting[turn->rank].last_at = turn;
	o->waiting[turn->rank].last_at = &turn->next;
	return false;
}

struct turn *
turn_end(struct turns *t, struct turn *turn)
{
	struct turns_destination *o = turn->destination;

	if (o == NULL)
		return NULL;
	if (turn->waits) {
		turns_stop_waiting(turn);
		turn->destination = NULL;
		turns_destination_leave(t, o);
		return NULL;
	}
	turn->destination = NULL;
	t->taken--;
	o->slots--;
	o->tenant->slots--;
	turn = turns_give_next(t);
	turns_destination_leave(t, o);
	return turn;
}
