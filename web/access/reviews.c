/* web/access/reviews.c: a bounded store of permissions. */
#include "web/access/reviews.h"
#include "base/json.h"
#include "base/str.h"

void
reviews_done(struct reviews *r)
{
	for (size_t i = 0; r->entries != NULL && i < REVIEWS_MAX; i++)
		free(r->entries[i].key);
	free(r->entries);
	map_done(&r->by_key);
	*r = (struct reviews){ 0 };
}

/* The parts are strings of JSON, so that no part can be mistaken for two. */
const char *
review_key(struct arena *a, const struct impersonated *who, const char *verb, const char *resource, const char *ns)
{
	_cleanup_(json_decrefp) json_t *parts = json_pack("[s,s,s,s]", who->user, verb, resource, ns);

	for (size_t i = 0; i < who->groups.n; i++)
		json_array_append_new(parts, json_string(who->groups.at[i]));
	return json_text(a, parts);
}

enum review
reviews_get(const struct reviews *r, const char *key, int64_t now)
{
	const struct review_entry *e = map_get(&r->by_key, key);

	if (e == NULL || now >= e->ends_at)
		return REVIEW_UNKNOWN;
	return e->allowed ? REVIEW_ALLOWED : REVIEW_DENIED;
}

/* Returns a free entry: that of the oldest response. */
static struct review_entry *
reviews_take(struct reviews *r)
{
	struct review_entry *e;

	if (r->entries == NULL)
		r->entries = mem_alloc(sizeof(*r->entries) * REVIEWS_MAX);
	e = &r->entries[r->next];
	r->next = (r->next + 1) % REVIEWS_MAX;
	if (e->key != NULL)
		map_remove(&r->by_key, e->key);
	free(e->key);
	return e;
}

void
reviews_put(struct reviews *r, const char *key, bool allowed, int64_t now)
{
	struct review_entry *e = map_get(&r->by_key, key);

	if (e == NULL) {
		e = reviews_take(r);
		e->key = mem_strdup(key);
		map_set(&r->by_key, e->key, e);
	}
	e->allowed = allowed;
	e->ends_at = now + REVIEWS_LIFE_MS;
}
