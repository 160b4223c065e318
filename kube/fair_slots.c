/* kube/fair_slots.c: fair sharing of a limited number of slots: lists of tenants, of their destinations, and of the
 * requests that wait. A tenant or destination without slots and waiting requests is freed. The limits are in
 * transport_curl.c and transport_exec.c. */
#include "kube/fair_slots.h"
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"

struct fair_slots_destination {
	struct fair_slots_tenant *tenant;
	struct fair_slots_destination *next;
	char *name;
	size_t slots; /* in use */
	uint64_t last; /* the value of `given` at its last slot; 0: it never had one */
	struct {
		struct slot_request *first, **last_at;
	} waiting[FAIR_SLOTS_RANKS]; /* of each rank, the oldest first */
};

struct fair_slots_tenant {
	struct fair_slots_tenant *next;
	char *name;
	size_t slots;
	uint64_t last;
	struct fair_slots_destination *destinations;
};

static struct fair_slots_tenant *
fair_slots_tenant_of(struct fair_slots *s, const char *name)
{
	struct fair_slots_tenant *n = s->tenants;

	while (n != NULL && strcmp(n->name, name) != 0)
		n = n->next;
	if (n == NULL) {
		n = mem_alloc(sizeof(*n));
		*n = (struct fair_slots_tenant){ .name = mem_strdup(name), .next = s->tenants };
		s->tenants = n;
	}
	return n;
}

static struct fair_slots_destination *
fair_slots_destination_of(struct fair_slots_tenant *of, const char *name)
{
	struct fair_slots_destination *o = of->destinations;

	while (o != NULL && strcmp(o->name, name) != 0)
		o = o->next;
	if (o == NULL) {
		o = mem_alloc(sizeof(*o));
		*o =
		    (struct fair_slots_destination){ .tenant = of, .name = mem_strdup(name), .next = of->destinations };
		for (size_t i = 0; i < FAIR_SLOTS_RANKS; i++)
			o->waiting[i].last_at = &o->waiting[i].first;
		of->destinations = o;
	}
	return o;
}

/* Frees the destination, and its tenant, if they have no slot and no waiting request. */
static void
fair_slots_destination_leave(struct fair_slots *s, struct fair_slots_destination *o)
{
	struct fair_slots_tenant *of = o->tenant;
	struct fair_slots_destination **at = &of->destinations;
	struct fair_slots_tenant **tenant = &s->tenants;

	if (o->slots > 0)
		return;
	for (size_t i = 0; i < FAIR_SLOTS_RANKS; i++)
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
fair_slots_destination_give(struct fair_slots *s, struct fair_slots_destination *o)
{
	s->taken++;
	o->slots++;
	o->tenant->slots++;
	o->last = o->tenant->last = ++s->given;
}

static bool
fair_slots_may_have(const struct fair_slots *s, const struct fair_slots_destination *o)
{
	return s->taken < s->limits.all && o->tenant->slots < s->limits.tenant && o->slots < s->limits.destination;
}

static bool
fair_slots_is_before(size_t slots, uint64_t last, size_t other_slots, uint64_t other_last)
{
	return slots != other_slots ? slots < other_slots : last < other_last;
}

/* Returns the rank of a request that waits, which falls with the slots that were given to others. */
static unsigned
fair_slots_rank(const struct fair_slots *s, const struct slot_request *request)
{
	uint64_t age = (s->given - request->since) / FAIR_SLOTS_AGE;

	return request->rank > age ? request->rank - (unsigned)age : 0;
}

/* Returns the request of this destination that is the first to get a slot, or NULL. */
static struct slot_request *
fair_slots_destination_first(const struct fair_slots *s, const struct fair_slots_destination *o)
{
	struct slot_request *best = NULL;

	for (size_t i = 0; i < FAIR_SLOTS_RANKS; i++) {
		struct slot_request *request = o->waiting[i].first;

		if (request != NULL &&
		    (best == NULL || fair_slots_rank(s, request) < fair_slots_rank(s, best) ||
			(fair_slots_rank(s, request) == fair_slots_rank(s, best) && request->since < best->since)))
			best = request;
	}
	return best;
}

/* Returns the request that gets the next free slot, or NULL. */
static struct slot_request *
fair_slots_next(const struct fair_slots *s)
{
	struct slot_request *best = NULL;

	for (const struct fair_slots_tenant *n = s->tenants; n != NULL; n = n->next)
		for (struct fair_slots_destination *o = n->destinations; o != NULL; o = o->next) {
			struct slot_request *request =
			    fair_slots_may_have(s, o) ? fair_slots_destination_first(s, o) : NULL;
			const struct fair_slots_destination *to = best != NULL ? best->destination : NULL;

			if (request == NULL)
				continue;
			if (to == NULL || fair_slots_rank(s, request) < fair_slots_rank(s, best) ||
			    (fair_slots_rank(s, request) == fair_slots_rank(s, best) &&
				(to->tenant == n ? fair_slots_is_before(o->slots, o->last, to->slots, to->last)
						 : fair_slots_is_before(
						       n->slots, n->last, to->tenant->slots, to->tenant->last))))
				best = request;
		}
	return best;
}

static void
fair_slots_stop_waiting(struct slot_request *request)
{
	struct fair_slots_destination *o = request->destination;
	struct slot_request **at = &o->waiting[request->rank].first;

	while (*at != request)
		at = &(*at)->next;
	*at = request->next;
	if (*at == NULL)
		o->waiting[request->rank].last_at = at;
	request->next = NULL;
	request->waits = false;
}

static struct slot_request *
fair_slots_give_next(struct fair_slots *s)
{
	struct slot_request *request = fair_slots_next(s);

	if (request == NULL)
		return NULL;
	fair_slots_stop_waiting(request);
	fair_slots_destination_give(s, request->destination);
	return request;
}

bool
fair_slots_take(struct fair_slots *s, struct slot_request *request, const char *tenant, const char *destination)
{
	struct fair_slots_destination *o = fair_slots_destination_of(
	    fair_slots_tenant_of(s, tenant != NULL ? tenant : ""), destination != NULL ? destination : "");

	request->destination = o;
	request->next = NULL;
	/* A new request never overtakes one that waits: fair_slots_release gives each free slot to a request that may
	 * have it, so that those that still wait are at a limit. */
	request->waits = !fair_slots_may_have(s, o);
	if (!request->waits) {
		fair_slots_destination_give(s, o);
		return true;
	}
	request->since = s->given;
	*o->waiting[request->rank].last_at = request;
	o->waiting[request->rank].last_at = &request->next;
	return false;
}

struct slot_request *
fair_slots_release(struct fair_slots *s, struct slot_request *request)
{
	struct fair_slots_destination *o = request->destination;

	if (o == NULL)
		return NULL;
	if (request->waits) {
		fair_slots_stop_waiting(request);
		request->destination = NULL;
		fair_slots_destination_leave(s, o);
		return NULL;
	}
	request->destination = NULL;
	s->taken--;
	o->slots--;
	o->tenant->slots--;
	request = fair_slots_give_next(s);
	fair_slots_destination_leave(s, o);
	return request;
}
