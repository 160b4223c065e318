/* web/streams.h: live updates of the dashboard: connections that receive Rollouts as they change.
 *
 * Each receives one JSON object after the other, {"result": ...}, as lines or as server-sent events: for one Rollout
 * its RolloutInfo (rollout/view/info.h), for many {"type": "ADDED" | "MODIFIED" | "DELETED", "rolloutInfo": ...}.
 * Changed Rollouts are kept as names until the client reads again, so that a slow client gets fewer and newer
 * objects, and uses no memory.
 */
#pragma once
#include "base/map.h"
#include "io/http_server.h"
#include "kube/plan/view.h"

#define STREAMS_MAX 64 /* a browser has few; a client that forgets to close them is stopped here */

struct stream;

struct streams {
	struct http_server *daemon;
	const struct view *view;
	struct stream *list;
	size_t n;
	struct timer soon; /* changes come in bursts */
	struct timer beat; /* a client that has gone is noticed by writing to it */
};

void streams_start(struct streams *, struct http_server *, const struct view *);

/* Ends them all; before http_server_stop, which would wait for them. */
void streams_stop(struct streams *);

/* Answers a request with a stream: of one rollout, of a namespace's (name NULL) or of all (ns NULL too). False: there
 * are too many. */
bool streams_add(
    struct streams *, struct MHD_Connection *, const char *ns, const char *name, bool events, enum MHD_Result *ret);

/* The rollout, or something that belongs to it, has changed. */
void streams_changed(struct streams *, const char *ns, const char *name);
