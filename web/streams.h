/* web/streams.h: live updates of the dashboard: connections that receive Rollouts or Applications as they change.
 *
 * Each receives one JSON object after the other, {"result": ...}, as lines or as server-sent events: for one Rollout
 * its RolloutInfo (rollout/view/info.h), for many {"type": "ADDED" | "MODIFIED" | "DELETED", "rolloutInfo": ...}.
 * Changed objects are kept as names until the client reads again, so that a slow client gets fewer and newer objects,
 * and uses no memory.
 */
#pragma once
#include "base/map.h"
#include "io/http_server.h"
#include "kube/plan/view.h"

#define STREAMS_MAX 200 /* each uses 100 KiB, and one object of a client that does not read */
#define STREAMS_OF_USER_MAX 16 /* a page of a browser needs two */

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

/* The objects of a stream, as its client may see them. */
struct stream_source {
	const struct type *type;
	const char *member, *meta; /* of the JSON: "rolloutInfo", and its "objectMeta" */
	/* Returns the object as JSON, which the caller owns; NULL: it does not exist, or the client may not see it. */
	json_t *(*info)(void *arg, const char *ns, const char *name);
	void (*done)(void *arg); /* frees arg; NULL: nothing is freed */
	void *arg;
};

struct stream_settings {
	const char *ns, *name; /* of one object; name NULL: of those in a namespace; ns NULL too: of all */
	const char *user; /* whose streams are counted; NULL: not counted */
	const char *session; /* the stream ends with it; NULL: none */
	bool events; /* server-sent events; else lines */
	int64_t life_ms; /* the stream ends then, so that the client's permissions are checked again; 0: no end */
	struct stream_source source;
};

/* Responds to a request with a stream, which takes the source's arg. A stream past its end whose client does not read
 * is closed. Returns false if there are STREAMS_MAX streams, or STREAMS_OF_USER_MAX of the user: nothing was taken. */
bool streams_add(struct streams *, struct MHD_Connection *, const struct stream_settings *, enum MHD_Result *ret);

/* Ends the streams of a session. */
void streams_end_session(struct streams *, const char *session);

/* Reports that the object, or one that belongs to it, has changed. */
void streams_changed(struct streams *, const struct type *, const char *ns, const char *name);
