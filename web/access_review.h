/* web/access_review.h: the namespaces whose Rollouts a user may list, by SelfSubjectAccessReviews of Kubernetes as that
 * user. web/access/reviews.h keeps the responses. */
#pragma once
#include "base/map.h"
#include "kube/plan/view.h"
#include "kube/transport_as.h"
#include "web/access/reviews.h"

#define ACCESS_REVIEW_NAMESPACES_MAX 1000 /* namespaces with Rollouts of one page, for users who may not list all */

/* The namespaces of one request. */
struct allowed_namespaces {
	bool all;
	char *next; /* the last namespace of this page, if there is another page; else NULL. Owned */
	struct map namespaces; /* the allowed ones; the values are not used */
};

void allowed_namespaces_done(struct allowed_namespaces *);
bool allowed_namespaces_has(const struct allowed_namespaces *, const char *ns);

struct access_review; /* in progress */

struct access_review_settings {
	struct transport *api;
	struct reviews *reviews; /* the responses that are known already; borrowed until the end */
	const struct view *view; /* of Rollouts, for their namespaces */
	const struct impersonated *who; /* borrowed until the end */
	const char *namespace; /* NULL: a page of those in which there are Rollouts */
	const char *after; /* the page begins after this namespace; NULL: the first page. Borrowed for the call */
	/* Called at the end, not within access_review_start: *allowed is valid for the call and can be taken; or the
	 * error. */
	void (*done)(void *arg, const struct err *, struct allowed_namespaces *);
	void *arg;
};

/* Finds in which namespaces the user may list Rollouts: in all; or else in those of one page, in the order of the view.
 * A namespace without Rollouts is denied without a review, so that a request causes no more reviews than a page has
 * namespaces. Returns NULL if all is known already: *ret is then set. */
struct access_review *access_review_start(const struct access_review_settings *, struct allowed_namespaces *ret);

/* Ends the check without calling `done`. Takes and returns NULL. */
struct access_review *access_review_cancel(struct access_review *);
