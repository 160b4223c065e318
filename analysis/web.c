/* analysis/web.c: a measurement from any HTTP service that returns JSON or text.
 *
 * The value is the body, or the first value that jsonPath finds in it. A body that is not JSON is a string, if there is
 * no jsonPath. A user who may write a template chooses the URL, but the controller sends the query: it may not reach
 * the controller's machine, its link or the API server (kube/plan/query.h: outside_only), and its size, time and
 * redirects have limits.
 */
#include <string.h>
#include "analysis/http.h"
#include "analysis/jsonpath.h"
#include "analysis/provider.h"
#include "analysis/run_pass.h"
#include "base/str.h"

#define WEB_RESPONSE_MAX (1u << 20) /* bytes */
#define WEB_TIMEOUT_MS 10000
#define WEB_REDIRECTS_MAX 5

static bool web_used(const struct metric *);
static struct err *web_check(struct arena *, const struct metric *);
static enum measured web_step(const struct metric *, const struct query_input *, struct arena *, struct step_result *);

const struct provider web_provider = {
	.name = "web",
	.metric_name = "WebMetric",
	.used = web_used,
	.check = web_check,
	.measure = measure_by_query,
	.step = web_step,
};

static bool
web_used(const struct metric *m)
{
	return m->provider.web != NULL;
}

static struct err *
web_check(struct arena *a, const struct metric *m)
{
	const struct web_metric *w = m->provider.web;
	const json_t *nothing;
	const char *wrong = NULL;
	struct err *e = NULL;

	if (!http_is_address(w->url))
		wrong = arena_printf(a, "url: \"%s\" starts with neither http:// nor https://", w->url);
	else if (w->body != NULL && w->json_body != NULL)
		wrong = "body: either body or jsonBody, not both";
	else if ((w->body != NULL || w->json_body != NULL) && (w->method == NULL || str_eq(w->method, "GET")))
		wrong = "body: a GET has none; method is POST or PUT";
	else
		wrong = authentication_problem(w->authentication);
	if (wrong != NULL)
		e = err_new(a, ERR_INVALID, "%s", wrong);
	else if (w->json_path != NULL)
		e = jsonpath_first(a, w->json_path, NULL, &nothing);
	return e != NULL ? err_wrap(a, e, "provider.web") : NULL;
}

static void
web_confine(const struct web_metric *w, struct query *q)
{
	q->request.timeout_ms = w->timeout_seconds.present ? w->timeout_seconds.value * 1000 : WEB_TIMEOUT_MS;
	q->request.insecure = w->insecure;
	q->request.outside_only = true;
}

static enum measured
web_query(
    const struct web_metric *w, const char *authorization, struct arena *a, struct query *ret, struct err **ret_err)
{
	struct header *headers = arena_new_array(a, struct header, w->headers.n + 1);
	bool typed = false;

	*ret = (struct query){ .request = { .method = w->method != NULL ? w->method : "GET",
				   .url = w->url,
				   .body = w->json_body != NULL ? w->json_body : w->body,
				   .response_max = WEB_RESPONSE_MAX,
				   .redirects_max = WEB_REDIRECTS_MAX } };
	web_confine(w, ret);
	for (size_t i = 0; i < w->headers.n; i++)
		typed |= strcasecmp(w->headers.at[i].key, "Content-Type") == 0;
	if (ret->request.body != NULL && !typed)
		ret->request.content_type = w->json_body != NULL ? "application/json" : "text/plain";
	if ((*ret_err = http_headers(a, w->headers.at, w->headers.n, headers, ret)) != NULL) {
		*ret_err = err_wrap(a, *ret_err, "provider.web");
		return MEASURED_ERROR;
	}
	if (authorization == NULL && basic_auth_used(w->authentication) != NULL)
		authorization =
		    http_basic(a, w->authentication->basic_auth->username, w->authentication->basic_auth->password);
	if (authorization != NULL)
		http_add_header(ret, headers, "Authorization", authorization);
	return MEASURED_QUERY;
}

static enum measured
web_read(const struct web_metric *w, const struct response *got, struct arena *a, struct value *ret_value,
    struct err **ret_err)
{
	_cleanup_(json_decrefp) json_t *doc = NULL;
	const json_t *found;
	struct err *e;

	if (got->err != NULL) {
		*ret_err = err_wrap(a, got->err, "web");
		return MEASURED_ERROR;
	}
	if (got->status < 200 || got->status > 299) {
		*ret_err = err_new(a, ERR_AGAIN, "web: status %d: %.*s", got->status,
		    (int)(got->body.len < 200 ? got->body.len : 200), got->body.at);
		return MEASURED_ERROR;
	}
	e = json_parse(a, got->body.at, got->body.len, &doc);
	if (e != NULL && w->json_path != NULL && strcmp(w->json_path, "{$}") != 0) {
		*ret_err = err_wrap(a, e, "web: jsonPath `%s`: the response is not JSON", w->json_path);
		return MEASURED_ERROR;
	}
	if (e != NULL) {
		*ret_value = value_string(arena_strndup(a, got->body.at, got->body.len));
		return MEASURED_VALUE;
	}
	found = doc;
	if (w->json_path != NULL && (*ret_err = jsonpath_first(a, w->json_path, doc, &found)) != NULL)
		return MEASURED_ERROR;
	if (found == NULL) {
		*ret_err = err_new(a, ERR_AGAIN, "web: jsonPath `%s` finds nothing in the response", w->json_path);
		return MEASURED_ERROR;
	}
	*ret_value = value_from_json(a, found);
	return MEASURED_VALUE;
}

static enum measured
web_step(const struct metric *m, const struct query_input *in, struct arena *a, struct step_result *ret)
{
	const struct web_metric *w = m->provider.web;
	size_t before = oauth2_used(w->authentication) != NULL ? 1 : 0;
	const char *bearer = NULL;

	if (before > 0 && in->n == 0) {
		oauth2_query(oauth2_used(w->authentication), a, &ret->query);
		web_confine(w, &ret->query);
		return MEASURED_QUERY;
	}
	if (before > 0 && in->n == 1 && (bearer = oauth2_read(in->responses[0], a, &ret->err)) == NULL)
		return MEASURED_ERROR;
	if (in->n == before)
		return web_query(w, bearer, a, &ret->query, &ret->err);
	return web_read(w, in->responses[before], a, &ret->value, &ret->err);
}
