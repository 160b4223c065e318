/* web/access/reviews.c: a bounded store of permissions: a list in the order of their age. */
#include "web/access/reviews.h"
#include <string.h>
#include "base/json.h"
#include "base/sha256.h"

#define WHO_LEN ((size_t)(2 * SHA256_SIZE)) /* the beginning of a key, which stands for user and groups */

/* Removes the entry at this place of the list. */
static void
reviews_remove(struct reviews *r, struct review_entry **at)
{
	struct review_entry *e = *at;

	*at = e->next;
	if (r->last == &e->next)
		r->last = at;
	map_remove(&r->by_key, e->key);
	free(e->key);
	free(e);
}

void
reviews_done(struct reviews *r)
{
	while (r->first != NULL)
		reviews_remove(r, &r->first);
	map_done(&r->by_key);
	*r = (struct reviews){ 0 };
}

/* Those that have ended are the first ones. */
static void
reviews_expire(struct reviews *r, int64_t now)
{
	while (r->first != NULL && now >= r->first->ends_at)
		reviews_remove(r, &r->first);
}

/* The parts are strings of JSON, so that no part can be mistaken for two. The groups are hashed, so that a key is
 * short. */
const char *
review_key(struct arena *a, const struct impersonated *who, const char *verb, const char *resource, const char *ns)
{
	_cleanup_(json_decrefp) json_t *names = json_pack("[s]", who->user),
				       *parts = json_pack("[s,s,s]", verb, resource, ns);
	char hex[2 * SHA256_SIZE + 1];
	const char *text;

	for (size_t i = 0; i < who->groups.n; i++)
		json_array_append_new(names, json_string(who->groups.at[i]));
	text = json_text(a, names);
	sha256_hex(text, strlen(text), hex);
	return arena_printf(a, "%s%s", hex, json_text(a, parts));
}

enum review
reviews_get(struct reviews *r, const char *key, int64_t now)
{
	const struct review_entry *e;

	reviews_expire(r, now);
	e = map_get(&r->by_key, key);
	if (e == NULL)
		return REVIEW_UNKNOWN;
	return e->allowed ? REVIEW_ALLOWED : REVIEW_DENIED;
}

/* Removes the entry that is replaced, and the oldest ones beyond the limits. */
static void
reviews_make_space(struct reviews *r, const char *key)
{
	struct review_entry **oldest = NULL;
	size_t n = 0;

	for (struct review_entry **at = &r->first; *at != NULL; at = &(*at)->next) {
		if (strcmp((*at)->key, key) == 0) {
			reviews_remove(r, at);
			return;
		}
		if (strncmp((*at)->key, key, WHO_LEN) == 0 && n++ == 0)
			oldest = at;
	}
	if (n >= REVIEWS_OF_USER_MAX)
		reviews_remove(r, oldest);
	else if (r->first != NULL && r->by_key.count >= REVIEWS_MAX)
		reviews_remove(r, &r->first);
}

void
reviews_put(struct reviews *r, const char *key, bool allowed, int64_t now)
{
	struct review_entry *e = mem_alloc(sizeof(*e));

	reviews_expire(r, now);
	reviews_make_space(r, key);
	*e = (struct review_entry){ .key = mem_strdup(key), .allowed = allowed, .ends_at = now + REVIEWS_LIFE_MS };
	map_set(&r->by_key, key, e);
	*(r->first != NULL ? r->last : &r->first) = e;
	r->last = &e->next;
}
