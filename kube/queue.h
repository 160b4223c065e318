/* kube/queue.h: keys that wait for a pass, why they do, and when they come back.
 *
 * A key is worked on by one pass at a time. What happens to it meanwhile is remembered and gives one more pass. A key
 * that failed comes back with back-off, by the class of its error; one whose plan asked to be woken comes back at
 * that wall time. Waiting is not a failure: back-off starts anew after every plan that ended well.
 */
#pragma once
#include "base/err.h"
#include "io/loop.h"

/* Why a key is in the queue: bits, for the log. */
enum queue_why {
	QUEUE_WATCH = 1, /* an object it concerns changed */
	QUEUE_TIMER = 2, /* its plan asked to be woken */
	QUEUE_RETRY = 4, /* its last plan failed */
	QUEUE_RESPONSE = 8, /* a response to one of its queries came */
};

/* One key's place, embedded in its owner; all zeroes to start with, but for its tenant. Only the queue writes it. */
struct queue_item {
	const char *tenant; /* whose key it is: its namespace, borrowed; NULL: of none */
	struct queue *queue;
	unsigned why; /* of the pass that is to come */
	bool queued; /* waits for a pass */
	bool running; /* is being worked on */
	int64_t wake_at; /* wall ms; 0: no timer */
	bool retry; /* the timer is a back-off */
	int64_t backoff; /* ms; 0 after success */
	struct timer timer;
	struct queue_item *next;
};

/* Works on one key. It must end with queue_done or queue_failed, now or later. */
typedef void queue_work(struct queue_item *, unsigned why, void *arg);

/* A closed queue: keys gather. `seed` is that of the jitter of back-off. */
struct queue *queue_new(struct loop *, uint64_t seed, queue_work *, void *arg);

/* Its items must have been forgotten. Takes NULL; returns NULL. */
struct queue *queue_free(struct queue *);

/* Keys are worked on from now on, one a turn of the loop, and no more than a few dozen at once, of which one tenant's
 * are not all: its keys are passed over while as many of them are worked on as may be. */
void queue_open(struct queue *);

/* Asks for a pass. */
void queue_add(struct queue *, struct queue_item *, enum queue_why);

/* The key's plan ended well; wake_at (wall ms) is when it wants to be back, 0: never. */
void queue_done(struct queue_item *, int64_t wake_at);

/* It failed. What failed on an outdated belief (conflict, exists, gone) is decided anew almost at once, as the
 * executor has fetched what is there; anything else backs off from 10 ms to 10 s, half of it jitter, and no less than
 * the server asked for. */
void queue_failed(struct queue_item *, enum err_class, int64_t retry_after_ms);

/* Takes the key out, wherever it is; its owner may then free it. */
void queue_forget(struct queue_item *);

/* Returns true when no timer will bring the key back. */
bool queue_is_idle(const struct queue_item *);

/* How many keys wait or are being worked on. */
size_t queue_busy(const struct queue *);

/* "watch", "timer+retry": for the log; in static memory until the next call. */
const char *queue_why_text(unsigned why);
