/* traffic/istio_session.c: session affinity in VirtualServices: a user who was on the canary stays there.
 *
 * While the canary has weight, a response of its destination sets the cookie (a header of the destination), and before
 * each http route that is split there is a copy of it that requests with this cookie match, and whose destination is
 * the canary only. The first route that matches counts in Istio: directly before its original it takes no request of
 * another route. Both are written, and removed, in the patch that sets the weight.
 */
#include <string.h>
#include <strings.h>
#include "base/json.h"
#include "base/str.h"
#include "kube/api/session_affinity.h"
#include "traffic/istio.h"
#include "traffic/session.h"

#define SET_COOKIE "Set-Cookie"

/* --- which routes are those of session affinity --- */

static bool
istio_session_matches(const struct istio_route *r)
{
	_cleanup_(json_decrefp) json_t *matches = r->raw_match != NULL ? json_loads(r->raw_match, 0, NULL) : NULL;
	json_t *match;
	size_t i;

	json_array_foreach (matches, i, match)
		if (!session_is_pattern(json_string_value(json_at(match, "/headers/cookie/regex"))))
			return false;
	return json_array_size(matches) > 0;
}

bool
istio_is_session(const struct rollout *r, const struct istio_route *route)
{
	return session_is_name(r, route->name) && route->route.n == 1 && istio_session_matches(route);
}

/* --- the cookie of a destination --- */

/* Returns the headers of a destination that its responses get: those of the user, and the cookie if `s` has one. A new
 * reference; NULL: none. */
static json_t *
istio_session_headers(struct arena *a, const json_t *destination, const struct session *s)
{
	json_t *headers = json_deep_copy(json_object_get(destination, "headers")) ?: json_object();
	json_t *response = json_object_get(headers, "response"), *add = json_object_get(response, "add");
	bool had = session_is_set_cookie(json_str(add, SET_COOKIE));

	if (s != NULL) {
		if (!json_is_object(response))
			json_object_set_new(headers, "response", response = json_object());
		if (!json_is_object(add))
			json_object_set_new(response, "add", add = json_object());
		json_object_set_new(add, SET_COOKIE, json_string(session_set_cookie(a, s)));
		return headers;
	}
	if (had) {
		json_object_del(add, SET_COOKIE);
		if (json_object_size(add) == 0)
			json_object_del(response, "add");
		if (json_object_size(response) == 0)
			json_object_del(headers, "response");
	}
	if (json_object_size(headers) > 0)
		return headers;
	json_decref(headers);
	return NULL;
}

static void
istio_session_put_headers(struct arena *a, json_t *destination, const struct session *s)
{
	json_t *headers = istio_session_headers(a, destination, s);

	if (headers != NULL)
		json_object_set_new(destination, "headers", headers);
	else
		json_object_del(destination, "headers");
}

json_t *
istio_session_edits(struct arena *a, const struct session *s, const struct istio_split *split)
{
	_cleanup_(json_decrefp) json_t *route = NULL, *want = NULL;
	const json_t *destination, *have;
	const char *path;
	json_t *edits = NULL;

	if (split->kind != ISTIO_HTTP || s == NULL)
		return NULL;
	route = json_loads(split->route->raw_route, 0, NULL);
	destination = json_array_get(route, split->first[SIDE_CANARY]);
	have = json_object_get(destination, "headers");
	want = istio_session_headers(a, destination, s->mode == SESSION_STICKY ? s : NULL);
	path = arena_printf(a, "/spec/http/%u/route/%u/headers", split->index, split->first[SIDE_CANARY]);
	if (want == NULL && have != NULL)
		json_patch_add(json_patch_of(&edits), "remove", path, NULL);
	else if (want != NULL && !json_equal(have, want))
		json_patch_add(json_patch_of(&edits), "add", path, json_incref(want));
	return edits;
}

void
istio_session_keep(const json_t *live, json_t *desired)
{
	const char *cookie = json_string_value(json_at(live, "/headers/response/add/" SET_COOKIE));
	json_t *of = desired;

	if (!session_is_set_cookie(cookie))
		return;
	for (const char *const *key = (const char *const[]){ "headers", "response", "add", NULL }; *key != NULL;
	     key++) {
		if (!json_is_object(json_object_get(of, *key)))
			json_object_set_new(of, *key, json_object());
		of = json_object_get(of, *key);
	}
	json_object_set_new(of, SET_COOKIE, json_string(cookie));
}

/* --- the routes --- */

/* The matches of a route, each with the cookie too. A new reference to a list. */
static json_t *
istio_session_want_matches(struct arena *a, const struct session *s, const struct istio_route *split)
{
	_cleanup_(json_decrefp) json_t *of_route =
	    split->raw_match != NULL ? json_loads(split->raw_match, 0, NULL) : NULL;
	size_t n = json_array_size(of_route) > 0 ? json_array_size(of_route) : 1;
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++) {
		json_t *match = json_deep_copy(json_array_get(of_route, i)) ?: json_object();

		if (!json_is_object(json_object_get(match, "headers")))
			json_object_set_new(match, "headers", json_object());
		json_object_set_new(
		    json_object_get(match, "headers"), "cookie", json_pack("{s:s}", "regex", session_pattern(a, s)));
		json_array_append_new(list, match);
	}
	return list;
}

/* The only destination. A new reference to a list. */
static json_t *
istio_session_want_route(struct arena *a, const struct session *s, const struct istio_split *split)
{
	_cleanup_(json_decrefp) json_t *route = json_loads(split->route->raw_route, 0, NULL);
	enum istio_side side = s->mode == SESSION_STICKY ? SIDE_CANARY : SIDE_STABLE;
	json_t *to = json_deep_copy(json_array_get(route, split->first[side]));

	istio_session_put_headers(a, to, s->mode == SESSION_EXPIRES ? s : NULL);
	json_object_set_new(to, "weight", json_integer(100));
	return json_pack("[o]", to);
}

static bool
istio_raw_equal(const char *raw, const json_t *want)
{
	_cleanup_(json_decrefp) json_t *now = raw != NULL ? json_loads(raw, 0, NULL) : NULL;

	return json_equal(now, want);
}

/* Returns whether a route is the wanted one for a split. */
static bool
istio_session_is_wanted(struct arena *a, const struct session *s, const struct istio_split *split,
    const struct istio_route *r, const char *name)
{
	_cleanup_(json_decrefp) json_t *matches = istio_session_want_matches(a, s, split->route),
				       *route = istio_session_want_route(a, s, split);

	return str_eq(r->name, name) && r->rest_sum == split->route->rest_sum &&
	       istio_raw_equal(r->raw_match, matches) && istio_raw_equal(r->raw_route, route);
}

/* Returns whether the cookie can be added to the route and its destinations. */
static bool
istio_session_fits_match(const json_t *match)
{
	static const char *const lists[] = { "headers", "withoutHeaders" };
	const char *key;
	json_t *value;

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		json_object_foreach (json_object_get(match, lists[i]), key, value)
			if (strcasecmp(key, "cookie") == 0)
				return false;
	return true;
}

static bool
istio_session_fits(const struct istio_route *r)
{
	_cleanup_(json_decrefp) json_t *matches = r->raw_match != NULL ? json_loads(r->raw_match, 0, NULL) : NULL;
	json_t *match;
	size_t i;

	json_array_foreach (matches, i, match)
		if (!istio_session_fits_match(match))
			return false;
	return true;
}

/* Returns the split with this index of an http route; NULL: it is not split, or a step made it. */
static const struct istio_split *
istio_session_split(const struct istio_splits *s, size_t index)
{
	for (size_t k = 0; k < s->n; k++)
		if (s->at[k].kind == ISTIO_HTTP && s->at[k].index == index &&
		    !istio_is_managed(s->canary, s->at[k].route))
			return &s->at[k];
	return NULL;
}

/* Adds the copy of a split before it. */
static void
istio_session_add(const struct istio_splits *s, const struct session *session, const struct istio_split *split,
    const char *name, json_t *ops)
{
	const char *path = arena_printf(s->arena, "/spec/http/%u", split->index);

	json_array_append_new(ops, json_pack("{s:s,s:s,s:s}", "op", "copy", "from", path, "path", path));
	json_patch_add(ops, "add", arena_printf(s->arena, "%s/name", path), json_string(name));
	json_patch_add(ops, "add", arena_printf(s->arena, "%s/match", path),
	    istio_session_want_matches(s->arena, session, split->route));
	json_patch_add(
	    ops, "add", arena_printf(s->arena, "%s/route", path), istio_session_want_route(s->arena, session, split));
}

/* From the last route to the first, so that what is added or removed does not move those that follow. A route that the
 * cookie cannot be added to has none (istio_session_problem): the patch that sets the weight must not fail. */
void
istio_session_patch(const struct istio_splits *s, const struct rollout *r, const struct session *session, json_t **ops)
{
	struct istio_routes http = istio_routes_of(s->vs, ISTIO_HTTP);
	size_t left = 0;
	bool kept = false; /* the route before the current one is the wanted one */

	for (size_t i = 0; i < http.n; i++)
		left += session->mode != SESSION_OFF && istio_session_split(s, i) != NULL &&
			istio_session_fits(&http.at[i]);
	for (size_t i = http.n; i-- > 0;) {
		const struct istio_split *split = session->mode != SESSION_OFF ? istio_session_split(s, i) : NULL;

		if (istio_is_session(r, &http.at[i]) && !istio_is_managed(s->canary, &http.at[i]) && !kept) {
			const char *path = arena_printf(s->arena, "/spec/http/%zu", i);

			json_patch_add(json_patch_of(ops), "test", arena_printf(s->arena, "%s/name", path),
			    json_string(http.at[i].name));
			json_patch_add(json_patch_of(ops), "remove", path, NULL);
		}
		kept = false;
		if (split != NULL && istio_session_fits(split->route)) {
			const char *name = session_name(s->arena, r, --left);

			kept = i > 0 && istio_is_session(r, &http.at[i - 1]) &&
			       istio_session_is_wanted(s->arena, session, split, &http.at[i - 1], name);
			if (!kept)
				istio_session_add(s, session, split, name, json_patch_of(ops));
		}
	}
}

bool
istio_session_concerns(
    struct arena *a, const struct rollout *r, const struct virtual_service *vs, int64_t weight, struct session *ret)
{
	struct istio_routes http = istio_routes_of(vs, ISTIO_HTTP);

	*ret = session_of(a, r, weight);
	if (ret->pair != NULL)
		return true;
	for (size_t i = 0; i < http.n; i++)
		if (istio_is_session(r, &http.at[i]))
			return true;
	return false;
}

/* --- what cannot have it --- */

/* Returns whether the user sets this header of the responses of a destination: there can be one value only. */
static bool
istio_session_is_taken(const json_t *destination)
{
	static const char *const lists[] = { "add", "set" };
	const json_t *response = json_at(destination, "/headers/response");
	const char *key;
	json_t *value;

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		json_object_foreach (json_object_get(response, lists[i]), key, value)
			if (strcasecmp(key, SET_COOKIE) == 0 && !session_is_set_cookie(json_string_value(value)))
				return true;
	return false;
}

static bool
istio_session_has_header(const struct istio_split *split)
{
	_cleanup_(json_decrefp) json_t *route = json_loads(split->route->raw_route, 0, NULL);

	return istio_session_is_taken(json_array_get(route, split->first[SIDE_CANARY])) ||
	       istio_session_is_taken(json_array_get(route, split->first[SIDE_STABLE]));
}

struct err *
istio_session_problem(const struct istio_splits *s, const struct rollout *r)
{
	static const char field[] = "metadata.annotations." ANNOTATION_SESSION_AFFINITY;
	const char *name = s->vs->object.meta.name;
	size_t n = 0;

	if (session_of(s->arena, r, 1).mode != SESSION_STICKY)
		return NULL;
	for (size_t i = 0; i < s->vs->spec.http.n; i++) {
		const struct istio_split *split = istio_session_split(s, i);

		if (split == NULL)
			continue;
		n++;
		if (!istio_session_fits(split->route))
			return err_at(s->arena, field,
			    err_new(s->arena, ERR_INVALID,
				"Invalid value: a split http route of VirtualService %s matches the header cookie, so "
				"that the "
				"cookie of the session cannot be matched too",
				name));
		if (istio_session_has_header(split))
			return err_at(s->arena, field,
			    err_new(s->arena, ERR_INVALID,
				"Invalid value: a destination of a split http route of VirtualService %s has a "
				"header " SET_COOKIE
				" in headers.response, and may have one only; move it to the route",
				name));
	}
	if (n > 0)
		return NULL;
	return err_at(s->arena, field,
	    err_new(s->arena, ERR_INVALID,
		"Invalid value: VirtualService %s has no split http route; only HTTP has cookies", name));
}
