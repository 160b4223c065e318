/* notify/send/queue.h: queue of notifications and alerts: jobs that wait until they may run, with a limit in total
 * and for each tenant; and deliveries, requests that are retried a few times.
 *
 * Notifications and alerts are sent in the same way: an event becomes a job, a job waits for its turn, and makes one
 * delivery for each recipient.
 */
#pragma once
#include "io/loop.h"
#include "kube/transport.h"

/* The head of a job; the rest is its owner's. */
struct send_job {
	struct send_job *next;
	const char *tenant; /* a namespace; borrowed until the job is removed */
	const char *key; /* jobs of the same key run one after the other; NULL: independent. Borrowed, as tenant is */
	bool running; /* set while the job has a place, and others of its key wait */
};

struct send_limits {
	size_t waiting, waiting_tenant; /* jobs, running ones included; further ones are refused */
	size_t running, running_tenant; /* jobs that run at the same time */
};

struct send_queue {
	struct loop *loop;
	struct send_limits limits;
	const char *noun; /* "notification": in the log */
	void (*run)(struct send_job *); /* starts a job; may remove it and others */
	struct send_job *first, **end; /* in the order in which they were added */
	size_t n, n_running;
	bool dropping; /* the last job was refused */
	struct timer turn;
};

/* The queue must not be moved afterwards. */
void send_queue_init(
    struct send_queue *, struct loop *, struct send_limits, const char *noun, void (*run)(struct send_job *));

/* Removes no job: its owner must have done that. */
void send_queue_done(struct send_queue *);

/* Returns false if a job of the tenant would be one too many. The first refusal after an accepted job is logged. */
bool send_queue_has_capacity(struct send_queue *, const char *tenant);

/* Adds a job, which runs from the loop when the limits allow it, in the order of its key. */
void send_queue_add(struct send_queue *, struct send_job *);

/* Takes a job off the queue. Its place is given to the next one from the loop. */
void send_queue_remove(struct send_queue *, struct send_job *);

/* A request that is repeated after an error of class ERR_AGAIN: after 1, 2 and 4 seconds. */
struct delivery {
	struct loop *loop;
	struct transport *transport; /* borrowed */
	struct query query; /* texts borrowed until the delivery ends */
	const char *tenant; /* whose slots the request uses (kube/fair_slots.h) */
	bool outside_only; /* see struct request */
	/* Returns why the response is a failure; NULL: the notification was accepted. */
	struct err *(*check)(void *arg, const struct err *, const struct reply *);
	/* The delivery ended; `failure` as `check` returned it at the last attempt. The delivery may be freed. */
	void (*done)(void *arg, struct err *failure);
	void *arg;
	/* The delivery's own; all zeroes to start with. */
	struct exchange *exchange;
	struct timer retry;
	int attempts; /* that were made */
};

/* Sends the request. `done` is called from the loop, once. */
void delivery_start(struct delivery *);

/* Ends a delivery without a further callback. Does nothing for one that was not started or has ended. */
void delivery_cancel(struct delivery *);

/* Returns true from delivery_start until just before `done` is called. */
bool delivery_is_open(const struct delivery *);
