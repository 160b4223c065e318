/* kube/event_history.h: which Kubernetes Events this process has created, and how often each has happened.
 *
 * An event that happens again, about the same object with the same type, reason and message, raises the count of the
 * first one (as client-go's event correlator does). The history is bounded: an event that was removed from it, the
 * one of its set that was used least recently, is created anew when it happens again.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EVENT_HISTORY_SETS 1024
#define EVENT_HISTORY_WAYS 4

struct event_record {
	uint64_t key[2]; /* a digest of the object, type, reason and message; both 0: a free place */
	uint64_t suffix; /* of the Event's name */
	int64_t first_at; /* wall ms */
	uint64_t used; /* greater: more recently */
	int64_t count;
};

/* All zeros: empty. */
struct event_history {
	struct event_record records[EVENT_HISTORY_SETS][EVENT_HISTORY_WAYS];
	uint64_t uses;
};

/* Sets the key of an event. `subject` identifies the object. */
void event_record_set_key(
    struct event_record *, const char *subject, bool warning, const char *reason, const char *message);

/* Returns the record with this key, borrowed until the next call, or NULL. */
const struct event_record *event_history_find(struct event_history *, const struct event_record *key);

/* Adds a record, or replaces the one with its key. */
void event_history_keep(struct event_history *, const struct event_record *);

/* Removes the record with this key. */
void event_history_forget(struct event_history *, const struct event_record *key);
