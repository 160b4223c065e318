/* web/access/reviews.h: Kubernetes' responses about the permissions of users, kept for a short time. Pure.
 *
 * A permission that is withdrawn ends at the latest after REVIEWS_LIFE_MS. The number of responses has a limit, also
 * for those with the same groups; a new one replaces the oldest. One that has ended is removed by the next call.
 */
#pragma once
#include "base/map.h"
#include "web/access/impersonation.h"

#define REVIEWS_LIFE_MS 30000
#define REVIEWS_MAX 4096
#define REVIEWS_OF_USER_MAX 1100 /* of the same user and groups: a request needs up to 1001 */

enum review { REVIEW_UNKNOWN, REVIEW_DENIED, REVIEW_ALLOWED };

struct review_entry {
	char *key; /* owned */
	bool allowed;
	int64_t ends_at; /* mono ms */
	struct review_entry *next; /* a newer one */
};

/* The initial value is all zeroes. */
struct reviews {
	struct review_entry *first; /* the oldest; NULL: none */
	struct review_entry **last; /* the end of the list; not used without entries */
	struct map by_key;
};

void reviews_done(struct reviews *);

/* Returns the key of a question: may this user with these groups do `verb` with `resource` in the namespace ("": in
 * all). In the arena. */
const char *review_key(
    struct arena *, const struct impersonated *, const char *verb, const char *resource, const char *ns);

enum review reviews_get(struct reviews *, const char *key, int64_t now);

/* Keeps a response until now + REVIEWS_LIFE_MS. */
void reviews_put(struct reviews *, const char *key, bool allowed, int64_t now);
