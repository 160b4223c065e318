/* analysis/web.c: a measurement from any HTTP service that answers JSON, or text.
 *
 * The answer's body is the value, or what jsonPath finds in it; one that is no JSON is a string, without a jsonPath. Whoever may write a template decides
 * what is asked, with the controller's place in the network: the question is kept from the machine itself, the link and the API
 * server (kube/plan/query.h: outside_only), and an answer has a size, a time and a number of redirects.
 */
#include <string.h>
#include "analysis/http.h"
#include "analysis/jsonpath.h"
#include "analysis/provider.h"
#include "analysis/run_pass.h"
#include "base/str.h"

#define ANSWER_MAX (1u << 20)
#define TIMEOUT_MS 10000
#define REDIRECTS_MAX 5

static bool web_used(const struct metric *);
static struct err *web_check(struct arena *, const struct metric *);
static enum measured web_step(const struct metric *, const struct query_input *, struct arena *, struct question *,
    struct value *, struct err **);

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

static const struct oauth2 *
oauth2_of(const struct web_metric *w)
{
	return w->authentication != NULL ? oauth2_used(w->authentication->oauth2) : NULL;
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
	else if (w->authentication != NULL && w->authentication->sigv4 != NULL &&
		 strcmp(w->authentication->sigv4, "{}") != 0)
		wrong = "authentication.sigv4: not supported by this version of Sluice";
	else if (oauth2_of(w) != NULL && basic_auth_used(w->authentication) != NULL)
		wrong = "authentication: either basicAuth or oauth2, not both";
	else if (oauth2_of(w) != NULL)
		wrong = oauth2_wrong(oauth2_of(w));
	if (wrong != NULL)
		e = err_new(a, ERR_INVALID, "%s", wrong);
	else if (w->json_path != NULL)
		e = jsonpath_first(a, w->json_path, NULL, &nothing);
	return e != NULL ? err_wrap(a, e, "provider.web") : NULL;
}

static void
confine(const struct web_metric *w, struct question *q)
{
	q->timeout_ms = w->timeout_seconds.set ? w->timeout_seconds.is * 1000 : TIMEOUT_MS;
	q->insecure = w->insecure;
	q->outside_only = true;
}

static enum measured
ask(const struct web_metric *w, const char *authorization, struct arena *a, struct question *ret, struct err **ret_err)
{
	struct header *headers = arena_new_array(a, struct header, w->headers.n + 1);
	bool typed = false;

	*ret = (struct question){ .method = w->method != NULL ? w->method : "GET",
		.url = w->url,
		.body = w->json_body != NULL ? w->json_body : w->body,
		.answer_max = ANSWER_MAX,
		.redirects_max = REDIRECTS_MAX };
	confine(w, ret);
	for (size_t i = 0; i < w->headers.n; i++)
		typed |= strcasecmp(w->headers.at[i].key, "Content-Type") == 0;
	if (ret->body != NULL && !typed)
		ret->content_type = w->json_body != NULL ? "application/json" : "text/plain";
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
read_answer(const struct web_metric *w, const struct answer *got, struct arena *a, struct value *ret_value,
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
		*ret_err = err_new(a, ERR_AGAIN, "web: answered %d: %.*s", got->status,
		    (int)(got->body.len < 200 ? got->body.len : 200), got->body.at);
		return MEASURED_ERROR;
	}
	e = json_parse(a, got->body.at, got->body.len, &doc);
	if (e != NULL && w->json_path != NULL && strcmp(w->json_path, "{$}") != 0) {
		*ret_err = err_wrap(a, e, "web: jsonPath `%s`: the answer is not JSON", w->json_path);
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
		*ret_err = err_new(a, ERR_AGAIN, "web: jsonPath `%s` finds nothing in the answer", w->json_path);
		return MEASURED_ERROR;
	}
	*ret_value = value_from_json(a, found);
	return MEASURED_VALUE;
}

static enum measured
web_step(const struct metric *m, const struct query_input *in, struct arena *a, struct question *ret_ask,
    struct value *ret_value, struct err **ret_err)
{
	const struct web_metric *w = m->provider.web;
	size_t before = oauth2_of(w) != NULL ? 1 : 0;
	const char *bearer = NULL;

	if (before > 0 && in->n == 0) {
		oauth2_ask(oauth2_of(w), a, ret_ask);
		confine(w, ret_ask);
		return MEASURED_QUERY;
	}
	if (before > 0 && in->n == 1 && (bearer = oauth2_read(in->responses[0], a, ret_err)) == NULL)
		return MEASURED_ERROR;
	if (in->n == before)
		return ask(w, bearer, a, ret_ask, ret_err);
	return read_answer(w, in->responses[before], a, ret_value, ret_err);
}
