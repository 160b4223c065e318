/* kube/turns.c: tenants with owners with those that wait, each a list; a tenant and an owner are there while they
 * hold a place or wait. */
#include "kube/turns.h"
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"

struct turns_owner {
	struct turns_tenant *tenant;
	struct turns_owner *next;
	char *name;
	size_t held;
	uint64_t last; /* the number of the place that it was given last; 0: none */
	struct turn *first, **last_at; /* that wait, the oldest first */
};

struct turns_tenant {
	struct turns_tenant *next;
	char *name;
	size_t held;
	uint64_t last;
	struct turns_owner *owners;
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

static struct turns_owner *
turns_owner_of(struct turns_tenant *of, const char *name)
{
	struct turns_owner *o = of->owners;

	while (o != NULL && strcmp(o->name, name) != 0)
		o = o->next;
	if (o == NULL) {
		o = mem_alloc(sizeof(*o));
		*o = (struct turns_owner){ .tenant = of, .name = mem_strdup(name), .next = of->owners };
		o->last_at = &o->first;
		of->owners = o;
	}
	return o;
}

/* Forgets the owner, and its tenant, if they neither hold nor wait for anything. */
static void
turns_owner_leave(struct turns *t, struct turns_owner *o)
{
	struct turns_tenant *of = o->tenant;
	struct turns_owner **at = &of->owners;
	struct turns_tenant **tenant = &t->tenants;

	if (o->held > 0 || o->first != NULL)
		return;
	while (*at != o)
		at = &(*at)->next;
	*at = o->next;
	free(o->name);
	free(o);
	if (of->owners != NULL)
		return;
	while (*tenant != NULL && *tenant != of)
		tenant = &(*tenant)->next;
	*tenant = of->next;
	free(of->name);
	free(of);
}

static void
turns_owner_give(struct turns *t, struct turns_owner *o)
{
	t->taken++;
	o->held++;
	o->tenant->held++;
	o->last = o->tenant->last = ++t->given;
}

static bool
turns_may_have(const struct turns *t, const struct turns_owner *o)
{
	return t->taken < t->limits.all && o->tenant->held < t->limits.tenant && o->held < t->limits.owner;
}

static bool
turns_is_before(size_t held, uint64_t last, size_t other_held, uint64_t other_last)
{
	return held != other_held ? held < other_held : last < other_last;
}

/* The owner whose turn it is, or NULL. */
static struct turns_owner *
turns_owner_next(const struct turns *t)
{
	struct turns_owner *best = NULL;

	for (const struct turns_tenant *n = t->tenants; n != NULL; n = n->next)
		for (struct turns_owner *o = n->owners; o != NULL; o = o->next) {
			if (o->first == NULL || !turns_may_have(t, o))
				continue;
			if (best == NULL ||
			    (best->tenant == n
				    ? turns_is_before(o->held, o->last, best->held, best->last)
				    : turns_is_before(n->held, n->last, best->tenant->held, best->tenant->last)))
				best = o;
		}
	return best;
}

static struct turn *
turns_give_next(struct turns *t)
{
	struct turns_owner *o = turns_owner_next(t);
	struct turn *turn = o != NULL ? o->first : NULL;

	if (turn == NULL)
		return NULL;
	o->first = turn->next;
	if (o->first == NULL)
		o->last_at = &o->first;
	turn->next = NULL;
	turn->waits = false;
	turns_owner_give(t, o);
	return turn;
}

bool
turn_take(struct turns *t, struct turn *turn, const char *tenant, const char *owner)
{
	struct turns_owner *o =
	    turns_owner_of(turns_tenant_of(t, tenant != NULL ? tenant : ""), owner != NULL ? owner : "");

	turn->owner = o;
	turn->next = NULL;
	/* Those that wait may have none yet: with each place that becomes free, the next of them that may have it has
	 * got it. */
	turn->waits = !turns_may_have(t, o);
	if (!turn->waits) {
		turns_owner_give(t, o);
		return true;
	}
	*o->last_at = turn;
	o->last_at = &turn->next;
	return false;
}

struct turn *
turn_end(struct turns *t, struct turn *turn)
{
	struct turns_owner *o = turn->owner;
	struct turn **at;

	if (o == NULL)
		return NULL;
	turn->owner = NULL;
	if (turn->waits) {
		for (at = &o->first; *at != turn; at = &(*at)->next)
			;
		*at = turn->next;
		if (*at == NULL)
			o->last_at = at;
		turn->waits = false;
		turns_owner_leave(t, o);
		return NULL;
	}
	t->taken--;
	o->held--;
	o->tenant->held--;
	turn = turns_give_next(t);
	turns_owner_leave(t, o);
	return turn;
}
