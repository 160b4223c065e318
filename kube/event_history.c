/* kube/event_history.c: the Events that were created: sets of a few records each, found by a digest. */
#include "kube/event_history.h"
#include <string.h>
#include "base/arena.h"
#include "base/sha256.h"
#include "base/str.h"

void
event_record_set_key(struct event_record *r, const char *subject, bool warning, const char *reason, const char *message)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const char *text = arena_printf(a, "%s\n%s %s\n%s", subject, warning ? "Warning" : "Normal", reason, message);
	unsigned char digest[SHA256_SIZE];

	sha256(text, strlen(text), digest);
	memcpy(r->key, digest, sizeof(r->key));
}

static bool
event_record_has_key(const struct event_record *r, const struct event_record *key)
{
	return r->key[0] == key->key[0] && r->key[1] == key->key[1];
}

static struct event_record *
event_history_set(struct event_history *h, const struct event_record *key)
{
	return h->records[key->key[0] % EVENT_HISTORY_SETS];
}

static struct event_record *
event_history_place(struct event_history *h, const struct event_record *key)
{
	struct event_record *set = event_history_set(h, key);

	for (size_t i = 0; i < EVENT_HISTORY_WAYS; i++)
		if (event_record_has_key(&set[i], key))
			return &set[i];
	return NULL;
}

const struct event_record *
event_history_find(struct event_history *h, const struct event_record *key)
{
	return event_history_place(h, key);
}

void
event_history_keep(struct event_history *h, const struct event_record *r)
{
	struct event_record *place = event_history_place(h, r), *set = event_history_set(h, r);

	if (place == NULL) {
		place = &set[0];
		for (size_t i = 1; i < EVENT_HISTORY_WAYS; i++)
			if (set[i].used < place->used)
				place = &set[i];
	}
	*place = *r;
	place->used = ++h->uses;
}

void
event_history_forget(struct event_history *h, const struct event_record *key)
{
	struct event_record *place = event_history_place(h, key);

	if (place != NULL)
		*place = (struct event_record){ 0 };
}
