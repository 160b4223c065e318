/* web/permit.c: asks Kubernetes for a user's permissions: first for all namespaces at once; if they are denied, for
 * each namespace in which there are Rollouts, a few at a time. */
#include "web/permit.h"
#include <string.h>
#include "base/json.h"
#include "base/str.h"
#include "kube/api/names.h"
#include "kube/api/rollout.h"
#include "kube/client.h"

#define REVIEWS_PATH "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
#define AT_ONCE 8 /* reviews in flight */

struct permit_review {
	struct permit_check *check;
	struct call *call; /* NULL: not in flight */
	const char *namespace;
};

struct permit_check {
	struct permit_settings settings;
	struct arena *arena;
	struct transport_as as;
	struct permit permit;
	const char *last; /* namespace that was added last */
	LIST_OF(const char *) namespaces; /* to check */
	size_t next; /* of `namespaces` */
	struct permit_review reviews[AT_ONCE];
	bool cluster_wide; /* the review in progress is about all namespaces */
};

static void permit_go_on(struct permit_check *);

void
permit_done(struct permit *p)
{
	map_done(&p->namespaces);
	*p = (struct permit){ 0 };
}

bool
permit_allows(const struct permit *p, const char *ns)
{
	return p->all || map_get(&p->namespaces, ns) != NULL;
}

static const char *
permit_key(const struct permit_check *c, const char *ns)
{
	return review_key(c->arena, c->settings.who, "list", "rollouts", ns);
}

static void
permit_take(struct permit_check *c, const char *ns, bool allowed)
{
	if (allowed && ns[0] == '\0')
		c->permit.all = true;
	else if (allowed)
		map_set(&c->permit.namespaces, ns, c);
}

static void
permit_free(struct permit_check *c)
{
	permit_done(&c->permit);
	arena_free(c->arena);
	free(c);
}

static void
permit_stop_calls(struct permit_check *c)
{
	for (size_t i = 0; i < AT_ONCE; i++) {
		client_cancel(c->reviews[i].call);
		c->reviews[i].call = NULL;
	}
}

static void
permit_end(struct permit_check *c, const struct err *e)
{
	permit_stop_calls(c);
	c->settings.done(c->settings.arg, e, &c->permit);
	permit_free(c);
}

static void
permit_on_reviewed(void *arg, const struct err *e, const json_t *body)
{
	struct permit_review *r = arg;
	struct permit_check *c = r->check;
	bool allowed = json_is_true(json_object_get(json_object_get(body, "status"), "allowed"));

	r->call = NULL;
	if (e != NULL) {
		permit_end(c, e);
		return;
	}
	reviews_put(c->settings.reviews, permit_key(c, r->namespace), allowed, loop_mono(c->settings.api->loop));
	permit_take(c, r->namespace, allowed);
	permit_go_on(c);
}

static void
permit_send(struct permit_review *r, const char *ns)
{
	struct permit_check *c = r->check;
	_cleanup_(json_decrefp) json_t *body = json_pack("{s:s,s:s,s:{s:{s:s,s:s,s:s,s:s}}}", "apiVersion",
	    "authorization.k8s.io/v1", "kind", "SelfSubjectAccessReview", "spec", "resourceAttributes", "namespace", ns,
	    "verb", "list", "group", rollout_type.group, "resource", rollout_type.plural);

	r->namespace = ns;
	r->call = client_call(&c->as.transport, "POST", REVIEWS_PATH, "application/json", json_text(c->arena, body),
	    permit_on_reviewed, r);
}

/* Returns whether a response for the namespace is known, and takes it. */
static bool
permit_knows(struct permit_check *c, const char *ns)
{
	enum review known = reviews_get(c->settings.reviews, permit_key(c, ns), loop_mono(c->settings.api->loop));

	permit_take(c, ns, known == REVIEW_ALLOWED);
	return known != REVIEW_UNKNOWN;
}

/* Namespaces come in order, so that equal ones follow each other. */
static void
permit_add_namespace(const struct object *o, void *arg)
{
	struct permit_check *c = arg;

	if (str_eq(c->last, o->meta.namespace))
		return;
	c->permit.too_many = c->permit.too_many || c->namespaces.n == PERMIT_NAMESPACES_MAX;
	if (!c->permit.too_many)
		c->namespaces.at[c->namespaces.n++] = c->last = arena_strdup(c->arena, o->meta.namespace);
}

/* The permission for all namespaces was denied, or one namespace was asked for. */
static void
permit_list_namespaces(struct permit_check *c)
{
	c->cluster_wide = false;
	c->namespaces.at = arena_new_array(c->arena, const char *, PERMIT_NAMESPACES_MAX);
	if (c->settings.namespace != NULL)
		c->namespaces.at[c->namespaces.n++] = arena_strdup(c->arena, c->settings.namespace);
	else
		c->settings.view->each(c->settings.view, &rollout_type, NULL, permit_add_namespace, c);
}

/* Takes what is known, and asks for the next ones. Returns whether nothing is left. */
static bool
permit_advance(struct permit_check *c)
{
	bool waits = false;

	for (size_t i = 0; i < AT_ONCE; i++) {
		while (c->reviews[i].call == NULL && c->next < c->namespaces.n) {
			const char *ns = c->namespaces.at[c->next++];

			if (!permit_knows(c, ns))
				permit_send(&c->reviews[i], ns);
		}
		waits = waits || c->reviews[i].call != NULL;
	}
	return !waits;
}

static void
permit_go_on(struct permit_check *c)
{
	if (c->cluster_wide && !c->permit.all)
		permit_list_namespaces(c);
	if (c->permit.all || c->permit.too_many || permit_advance(c))
		permit_end(c, NULL);
}

static void
permit_found_one(const struct object *o, void *arg)
{
	(void)o;
	*(bool *)arg = true;
}

/* Returns whether the namespace is worth a review. A user could ask for any number of others. */
static bool
permit_has_rollouts(const struct view *v, const char *ns)
{
	bool found = false;

	if (name_label_problem(ns) != NULL)
		return false;
	v->each(v, &rollout_type, ns, permit_found_one, &found);
	if (!found)
		view_each_unreadable(v, &rollout_type, ns, permit_found_one, &found);
	return found;
}

/* Starts with what is known. Returns whether that is all. */
static bool
permit_begin(struct permit_check *c)
{
	if (c->settings.namespace != NULL && !permit_has_rollouts(c->settings.view, c->settings.namespace))
		return true;
	if (c->settings.namespace == NULL && !permit_knows(c, "")) {
		c->cluster_wide = true;
		permit_send(&c->reviews[0], "");
		return false;
	}
	if (c->permit.all)
		return true;
	permit_list_namespaces(c);
	return c->permit.too_many || permit_advance(c);
}

struct permit_check *
permit_start(const struct permit_settings *s, struct permit *ret)
{
	struct permit_check *c = mem_alloc(sizeof(*c));

	*c = (struct permit_check){ .settings = *s, .arena = arena_new() };
	for (size_t i = 0; i < AT_ONCE; i++)
		c->reviews[i].check = c;
	transport_as_init(&c->as, s->api, s->who->user, s->who->groups.at, s->who->groups.n);
	if (!permit_begin(c))
		return c;
	*ret = c->permit;
	c->permit = (struct permit){ 0 };
	permit_free(c);
	return NULL;
}

struct permit_check *
permit_cancel(struct permit_check *c)
{
	if (c == NULL)
		return NULL;
	permit_stop_calls(c);
	permit_free(c);
	return NULL;
}
