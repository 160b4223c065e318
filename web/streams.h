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
#include "web/permit.h"

#define STREAMS_MAX 64 /* a browser needs few; this limits clients that do not close them */

struct stream;

struct streams {
	struct http_server *daemon;
	const struct view *view;
	struct stream *list;
	size_t n;
	struct timer soon; /* delay that joins several changes */
	struct timer beat; /* keepalive: a write detects a client that has disconnected */
};

/* Initializes the streams of a server. The view is borrowed. */
void streams_start(struct streams *, struct http_server *, const struct view *);

/* Ends all streams. Call it before http_server_stop, which would wait for them. */
void streams_stop(struct streams *);

struct stream_settings {
	const char *ns, *name; /* of one Rollout; name NULL: of the Rollouts in a namespace; ns NULL too: of all */
	bool events; /* server-sent events; else lines */
	int64_t life_ms; /* the stream ends then, so that the client's permissions are checked again; 0: no end */
};

/* Responds to a request with a stream. It takes the permit, and has only what that allows. Returns false if there are
 * STREAMS_MAX streams: nothing was taken. */
bool streams_add(
    struct streams *, struct MHD_Connection *, const struct stream_settings *, struct permit *, enum MHD_Result *ret);

/* Reports that the Rollout, or an object that belongs to it, has changed. */
void streams_changed(struct streams *, const char *ns, const char *name);
