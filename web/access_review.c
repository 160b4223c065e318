/* web/access_review.c: queries the permissions of a user from Kubernetes: first for all namespaces at once; if that is
 * denied, for each namespace in which there are Rollouts, a few at a time. */
#include "web/access_review.h"
#include <string.h>
#include "base/json.h"
#include "base/str.h"
#include "kube/api/names.h"
#include "kube/api/rollout.h"
#include "kube/client.h"

#define REVIEWS_PATH "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
#define AT_ONCE 8 /* reviews in flight */

struct access_call {
	struct access_review *check;
	struct call *call; /* NULL: not in flight */
	const char *namespace;
};

struct access_review {
	struct access_review_settings settings;
	struct arena *arena;
	struct transport_as as;
	struct allowed_namespaces allowed;
	const char *after, *last; /* namespace before the page, and the one that was added last; NULL: none */
	LIST_OF(const char *) namespaces; /* to check */
	size_t next; /* of `namespaces` */
	struct access_call reviews[AT_ONCE];
	bool cluster_wide; /* the review in progress is about all namespaces */
};

static void access_review_go_on(struct access_review *);

void
allowed_namespaces_done(struct allowed_namespaces *p)
{
	map_done(&p->namespaces);
	free(p->next);
	*p = (struct allowed_namespaces){ 0 };
}

bool
allowed_namespaces_has(const struct allowed_namespaces *p, const char *ns)
{
	return p->all || map_get(&p->namespaces, ns) != NULL;
}

static const char *
access_review_key(const struct access_review *c, const char *ns)
{
	return review_key(c->arena, c->settings.who, "list", "rollouts", ns);
}

static void
access_review_take(struct access_review *c, const char *ns, bool allowed)
{
	if (allowed && ns[0] == '\0')
		c->allowed.all = true;
	else if (allowed)
		map_set(&c->allowed.namespaces, ns, c);
}

static void
access_review_free(struct access_review *c)
{
	allowed_namespaces_done(&c->allowed);
	arena_free(c->arena);
	free(c);
}

static void
access_review_stop_calls(struct access_review *c)
{
	for (size_t i = 0; i < AT_ONCE; i++) {
		client_cancel(c->reviews[i].call);
		c->reviews[i].call = NULL;
	}
}

static void
access_review_end(struct access_review *c, const struct err *e)
{
	access_review_stop_calls(c);
	c->settings.done(c->settings.arg, e, &c->allowed);
	access_review_free(c);
}

static void
access_review_on_response(void *arg, const struct err *e, const json_t *body)
{
	struct access_call *r = arg;
	struct access_review *c = r->check;
	bool allowed = json_is_true(json_object_get(json_object_get(body, "status"), "allowed"));

	r->call = NULL;
	if (e != NULL) {
		access_review_end(c, e);
		return;
	}
	reviews_put(c->settings.reviews, access_review_key(c, r->namespace), allowed, loop_mono(c->settings.api->loop));
	access_review_take(c, r->namespace, allowed);
	access_review_go_on(c);
}

static void
access_review_send(struct access_call *r, const char *ns)
{
	struct access_review *c = r->check;
	_cleanup_(json_decrefp) json_t *body = json_pack("{s:s,s:s,s:{s:{s:s,s:s,s:s,s:s}}}", "apiVersion",
	    "authorization.k8s.io/v1", "kind", "SelfSubjectAccessReview", "spec", "resourceAttributes", "namespace", ns,
	    "verb", "list", "group", rollout_type.group, "resource", rollout_type.plural);

	r->namespace = ns;
	r->call = client_call(&c->as.transport, "POST", REVIEWS_PATH, "application/json", json_text(c->arena, body),
	    access_review_on_response, r);
}

/* Returns whether a response for the namespace is known, and takes it. */
static bool
access_review_knows(struct access_review *c, const char *ns)
{
	enum review known =
	    reviews_get(c->settings.reviews, access_review_key(c, ns), loop_mono(c->settings.api->loop));

	access_review_take(c, ns, known == REVIEW_ALLOWED);
	return known != REVIEW_UNKNOWN;
}

/* Compares two namespaces in the order of a view, which is that of "NAMESPACE/NAME": "a-b" is before "a". */
static int
access_review_compare(const char *a, const char *b)
{
	while (*a != '\0' && *a == *b) {
		a++;
		b++;
	}
	return (*a != '\0' ? *a : '/') - (*b != '\0' ? *b : '/');
}

/* Namespaces come in order, so that equal ones follow each other. */
static void
access_review_add_namespace(const struct object *o, void *arg)
{
	struct access_review *c = arg;
	const char *ns = o->meta.namespace;

	if (str_eq(c->last, ns) || c->allowed.next != NULL ||
	    (c->after != NULL && access_review_compare(ns, c->after) <= 0))
		return;
	if (c->namespaces.n == ACCESS_REVIEW_NAMESPACES_MAX)
		c->allowed.next = mem_strdup(c->last);
	else
		c->namespaces.at[c->namespaces.n++] = c->last = arena_strdup(c->arena, ns);
}

/* The permission for all namespaces was denied, or the request is about one namespace. */
static void
access_review_list_namespaces(struct access_review *c)
{
	c->cluster_wide = false;
	c->namespaces.at = arena_new_array(c->arena, const char *, ACCESS_REVIEW_NAMESPACES_MAX);
	if (c->settings.namespace != NULL)
		c->namespaces.at[c->namespaces.n++] = arena_strdup(c->arena, c->settings.namespace);
	else
		c->settings.view->each(c->settings.view, &rollout_type, NULL, access_review_add_namespace, c);
}

/* Takes the responses that are known, and sends the next reviews. Returns whether nothing is left. */
static bool
access_review_advance(struct access_review *c)
{
	bool waits = false;

	for (size_t i = 0; i < AT_ONCE; i++) {
		while (c->reviews[i].call == NULL && c->next < c->namespaces.n) {
			const char *ns = c->namespaces.at[c->next++];

			if (!access_review_knows(c, ns))
				access_review_send(&c->reviews[i], ns);
		}
		waits = waits || c->reviews[i].call != NULL;
	}
	return !waits;
}

static void
access_review_go_on(struct access_review *c)
{
	if (c->cluster_wide && !c->allowed.all)
		access_review_list_namespaces(c);
	if (c->allowed.all || access_review_advance(c))
		access_review_end(c, NULL);
}

static void
access_review_found_one(const struct object *o, void *arg)
{
	(void)o;
	*(bool *)arg = true;
}

/* Returns whether the namespace has a Rollout. A user can name any number of namespaces; only those with Rollouts
 * cost a review. */
static bool
access_review_has_rollouts(const struct view *v, const char *ns)
{
	bool found = false;

	if (name_label_problem(ns) != NULL)
		return false;
	v->each(v, &rollout_type, ns, access_review_found_one, &found);
	if (!found)
		view_each_unreadable(v, &rollout_type, ns, access_review_found_one, &found);
	return found;
}

/* Takes the responses that are known, and sends the first reviews. Returns whether none is needed. */
static bool
access_review_begin(struct access_review *c)
{
	if (c->settings.namespace != NULL && !access_review_has_rollouts(c->settings.view, c->settings.namespace))
		return true;
	if (c->settings.namespace == NULL && !access_review_knows(c, "")) {
		c->cluster_wide = true;
		access_review_send(&c->reviews[0], "");
		return false;
	}
	if (c->allowed.all)
		return true;
	access_review_list_namespaces(c);
	return access_review_advance(c);
}

struct access_review *
access_review_start(const struct access_review_settings *s, struct allowed_namespaces *ret)
{
	struct access_review *c = mem_alloc(sizeof(*c));

	*c = (struct access_review){ .settings = *s, .arena = arena_new() };
	c->after = arena_strdup(c->arena, s->after);
	for (size_t i = 0; i < AT_ONCE; i++)
		c->reviews[i].check = c;
	transport_as_init(&c->as, s->api, s->who->user, s->who->groups.at, s->who->groups.n);
	if (!access_review_begin(c))
		return c;
	*ret = c->allowed;
	c->allowed = (struct allowed_namespaces){ 0 };
	access_review_free(c);
	return NULL;
}

struct access_review *
access_review_cancel(struct access_review *c)
{
	if (c == NULL)
		return NULL;
	access_review_stop_calls(c);
	access_review_free(c);
	return NULL;
}
