/* web/oidc/session.c: reads sessions of a Secret, and composes the patches that change them. */
#include "web/oidc/session.h"
#include <string.h>
#include "base/base64.h"
#include "base/json.h"
#include "base/str.h"
#include "kube/api/secret.h"

#define VALUE_MAX (32u << 10) /* bytes of one session in base64 */

const char *
session_key(struct arena *a, const char *id)
{
	char hex[2 * SHA256_SIZE + 1];

	sha256_hex(id, strlen(id), hex);
	return arena_strdup(a, hex);
}

const char *
session_csrf(struct arena *a, const char *id)
{
	char hex[2 * SHA256_SIZE + 1];

	hmac_sha256_hex(id, strlen(id), "csrf", 4, hex);
	return arena_strdup(a, hex);
}

/* Reads one value of the Secret, which any program with access to it could have written. */
static bool
session_decode(struct arena *a, const json_t *data, const char *key, struct session *ret)
{
	_cleanup_(json_decrefp) json_t *doc = NULL;
	const char *text = secret_text(a, data, key);
	const json_t *groups, *group;
	struct session to;
	size_t i;

	if (text == NULL || json_parse(a, text, strlen(text), &doc) != NULL || !json_is_object(doc))
		return false;
	groups = json_object_get(doc, "groups");
	to = (struct session){ .user = arena_strdup(a, json_str(doc, "user")),
		.name = arena_strdup(a, json_str(doc, "name")),
		.groups = { .at = arena_new_array(a, const char *, json_array_size(groups) + 1) },
		.ends_at = json_int(doc, "endsAt", 0) * 1000,
		.attempt = arena_strdup(a, json_str(doc, "attempt")),
		.attempt_ends_at = json_int(doc, "attemptEndsAt", 0) * 1000 };
	json_array_foreach (groups, i, group)
		if (!str_empty(json_string_value(group)))
			to.groups.at[to.groups.n++] = arena_strdup(a, json_string_value(group));
	*ret = to;
	return true;
}

static const char *
session_encode(struct arena *a, const struct session *s)
{
	_cleanup_(json_decrefp) json_t *doc = json_object();
	json_t *groups;
	const char *text;

	if (s->user != NULL) {
		groups = json_array();
		for (size_t i = 0; i < s->groups.n; i++)
			json_array_append_new(groups, json_string(s->groups.at[i]));
		json_object_set_new(doc, "user", json_string(s->user));
		json_object_set_new(doc, "name", json_string(s->name));
		json_object_set_new(doc, "groups", groups);
		json_object_set_new(doc, "endsAt", json_integer(s->ends_at / 1000));
	}
	json_object_set_new(doc, "attempt", json_string(s->attempt));
	json_object_set_new(doc, "attemptEndsAt", json_integer(s->attempt_ends_at / 1000));
	text = json_text(a, doc);
	return base64_encode(a, text, strlen(text));
}

bool
session_find(struct arena *a, const json_t *data, const char *key, int64_t now, struct session *ret)
{
	struct session s;

	if (!session_decode(a, data, key, &s) || str_empty(s.user) || s.ends_at <= now)
		return false;
	if (str_empty(s.name))
		s.name = s.user;
	*ret = s;
	return true;
}

static json_t *
session_patch_new(const json_t *secret, json_t **ret_data)
{
	json_t *patch = json_object(), *meta = json_object();

	json_put(meta, "resourceVersion", json_str(json_object_get(secret, "metadata"), "resourceVersion"));
	json_object_set_new(patch, "metadata", meta);
	json_object_set_new(patch, "data", *ret_data = json_object());
	return patch;
}

/* One stored session, for the limits. */
struct stored {
	const char *key;
	struct session session;
	size_t bytes; /* in base64, with its key */
	bool removed;
};

static size_t
session_list(struct arena *a, const json_t *data, struct stored **ret)
{
	struct stored *list = arena_new_array(a, struct stored, json_object_size(data) + 1);
	const char *key;
	json_t *value;
	size_t n = 0;

	json_object_foreach ((json_t *)data, key, value) {
		list[n].key = key;
		list[n].bytes = strlen(key) + json_string_length(value);
		if (!session_decode(a, data, key, &list[n].session))
			list[n].session = (struct session){ 0 };
		n++;
	}
	*ret = list;
	return n;
}

/* Returns whether it is of no use any more: neither as a session, nor for its attempt. */
static bool
session_has_expired(const struct session *s, int64_t now)
{
	return (s->user == NULL || s->ends_at <= now) && s->attempt_ends_at <= now;
}

static void
session_remove(struct stored *s, json_t *to)
{
	s->removed = true;
	json_object_set_new(to, s->key, json_null());
}

/* Removes the one that ends first, of a user, or of all (NULL). */
static void
session_remove_first(struct stored *list, size_t n, const char *user, json_t *to)
{
	struct stored *first = NULL;

	for (size_t i = 0; i < n; i++)
		if (!list[i].removed && (user == NULL || str_eq(list[i].session.user, user)) &&
		    (first == NULL || list[i].session.ends_at < first->session.ends_at))
			first = &list[i];
	if (first != NULL)
		session_remove(first, to);
}

struct amount {
	size_t n, of_user, bytes, bytes_of_user;
};

static struct amount
session_count(const struct stored *list, size_t n, const char *user)
{
	struct amount all = { 0 };

	for (size_t i = 0; i < n; i++) {
		if (list[i].removed)
			continue;
		all.n++;
		all.bytes += list[i].bytes;
		if (str_eq(list[i].session.user, user)) {
			all.of_user++;
			all.bytes_of_user += list[i].bytes;
		}
	}
	return all;
}

/* Removes sessions until one more, of this user and size, is within the limits. */
static void
session_make_space(struct stored *list, size_t n, const char *user, size_t bytes, json_t *to)
{
	struct amount all = session_count(list, n, user);

	for (; all.of_user > 0 &&
	       (all.of_user >= SESSIONS_OF_USER_MAX || all.bytes_of_user + bytes > SESSIONS_OF_USER_BYTES_MAX);
	     all = session_count(list, n, user))
		session_remove_first(list, n, user, to);
	for (; all.n > 0 && (all.n >= SESSIONS_MAX || all.bytes + bytes > SESSIONS_BYTES_MAX);
	     all = session_count(list, n, user))
		session_remove_first(list, n, NULL, to);
}

struct err *
session_add(struct arena *a, const json_t *secret, const char *key, const struct session *s, int64_t now, json_t **ret)
{
	const json_t *data = json_object_get(secret, "data");
	const char *value = session_encode(a, s);
	struct stored *list;
	size_t n = session_list(a, data, &list);
	json_t *patch, *to;

	if (strlen(value) > VALUE_MAX)
		return err_new(a, ERR_INVALID, "the user's groups are longer than %u bytes", VALUE_MAX);
	for (size_t i = 0; i < n; i++)
		if (str_eq(list[i].session.attempt, s->attempt) && list[i].session.attempt_ends_at > now)
			return err_new(a, ERR_INVALID, "this login was used before: log in again");
	patch = session_patch_new(secret, &to);
	for (size_t i = 0; i < n; i++)
		if (session_has_expired(&list[i].session, now))
			session_remove(&list[i], to);
	session_make_space(list, n, s->user, strlen(key) + strlen(value), to);
	json_object_set_new(to, key, json_string(value));
	*ret = patch;
	return NULL;
}

json_t *
session_end(struct arena *a, const json_t *secret, const char *key, int64_t now)
{
	const json_t *data = json_object_get(secret, "data");
	struct session s;
	json_t *patch, *to;

	if (!session_find(a, data, key, now, &s))
		return NULL;
	patch = session_patch_new(secret, &to);
	s.user = NULL;
	json_object_set_new(to, key, s.attempt_ends_at > now ? json_string(session_encode(a, &s)) : json_null());
	return patch;
}
