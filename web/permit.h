/* web/permit.h: which namespaces' Rollouts a user may see: Kubernetes' own response, by SelfSubjectAccessReview as that
 * user. */
#pragma once
#include "base/map.h"
#include "kube/plan/view.h"
#include "kube/transport_as.h"
#include "web/access/reviews.h"

#define PERMIT_NAMESPACES_MAX 1000 /* namespaces with Rollouts, of users who may not list all */

/* The namespaces of one request. */
struct permit {
	bool all;
	bool too_many; /* there are Rollouts in more namespaces than are checked for one request; none is allowed */
	struct map namespaces; /* the allowed ones; the values are not used */
};

void permit_done(struct permit *);
bool permit_allows(const struct permit *, const char *ns);

struct permit_check; /* in progress */

struct permit_settings {
	struct transport *api;
	struct reviews *reviews; /* the responses that are known already; borrowed until the end */
	const struct view *view; /* of Rollouts, for their namespaces */
	const struct impersonated *who; /* borrowed until the end */
	const char *namespace; /* NULL: all in which there are Rollouts */
	/* Called at the end, not within permit_start: *permit is valid for the call and can be taken; or the error. */
	void (*done)(void *arg, const struct err *, struct permit *);
	void *arg;
};

/* Finds in which namespaces the user may list Rollouts. A namespace without Rollouts is denied without a review, so
 * that no user causes more reviews than there are namespaces with Rollouts. Returns NULL if all is known already: *ret
 * is then set. */
struct permit_check *permit_start(const struct permit_settings *, struct permit *ret);

/* Ends the check without calling `done`. Takes and returns NULL. */
struct permit_check *permit_cancel(struct permit_check *);
