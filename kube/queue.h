/* kube/queue.h: the work queue: keys that wait for a pass, the reasons why, and the time of their retry.
 *
 * A key has one pass at a time. Changes during a pass cause one more. A key that failed is retried with back-off, by
 * the class of its error; a key whose plan has a wake-up time gets a pass at that wall time. Waiting is not a
 * failure: back-off starts again from its minimum after every plan that succeeded.
 */
#pragma once
#include "base/err.h"
#include "io/loop.h"

/* Reasons why a key is in the queue: bits, for the log. */
enum queue_why {
	QUEUE_WATCH = 1, /* an object that concerns the key changed */
	QUEUE_TIMER = 2, /* the wake-up time of its plan has come */
	QUEUE_RETRY = 4, /* its last plan failed */
	QUEUE_RESPONSE = 8, /* a response to one of its queries arrived */
};

/* The state of one key, embedded in its owner. Zero it, then set the tenant. Only the queue writes it. */
struct queue_item {
	const char *tenant; /* the key's namespace, borrowed; NULL: none */
	struct queue *queue;
	unsigned why; /* reasons of the next pass */
	bool queued; /* waits for a pass */
	bool running; /* its pass runs */
	bool retry; /* the timer is a back-off */
	int64_t wake_at; /* wall ms; 0: no timer */
	int64_t due; /* mono ms: the same time, by the clock that is never set */
	int64_t backoff; /* ms; 0 after success */
	struct timer timer;
	struct queue_lane *lane; /* of its tenant; NULL: never queued */
	struct queue_item *previous, *next; /* in the lane */
};

/* Starts the pass of a key. It must end with queue_done or queue_failed, now or later. */
typedef void queue_work(struct queue_item *, unsigned why, void *arg);

/* Returns a closed queue, which collects keys. `seed` is the seed of the jitter of back-off. */
struct queue *queue_new(struct loop *, uint64_t seed, queue_work *, void *arg);

/* All items must have been removed (queue_forget). Takes NULL; returns NULL. */
struct queue *queue_free(struct queue *);

/* Opens the queue: passes start, one in each iteration of the loop, up to RUNNING_MAX at once and RUNNING_TENANT_MAX
 * of one tenant. Tenants take turns; the keys of one are in the order in which they were added. */
void queue_open(struct queue *);

/* Requests a pass of an object. */
void queue_add(struct queue *, struct queue_item *, enum queue_why);

/* The key's plan succeeded; wake_at (wall ms) is the time of its next pass, 0: none. If the wall clock is set back, the
 * pass is not later: it finds itself how long to wait by the new time. */
void queue_done(struct queue_item *, int64_t wake_at);

/* The key's plan failed. After an error with the class conflict, exists or gone, the next pass follows almost at
 * once, as the executor has fetched the current object. All other errors back off from 10 ms to 10 s, half of it
 * jitter, and at least for the time that the server requested. */
void queue_failed(struct queue_item *, enum err_class, int64_t retry_after_ms);

/* Removes the key in any state; its owner may then free it. */
void queue_forget(struct queue_item *);

/* Returns true if the key neither waits nor has a pass or a timer. */
bool queue_is_idle(const struct queue_item *);

/* Returns the number of keys that wait or whose passes run. */
size_t queue_busy(const struct queue *);

/* Returns "watch", "timer+retry", for the log; in static memory until the next call. */
const char *queue_why_text(unsigned why);
