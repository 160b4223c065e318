/* analysis/graphite.c: a measurement from Graphite's render API: the values of the first target that are not null.
 *
 * The query is that of the render URL (target=…&from=-5min). White space in it is removed, and format=json is added, as
 * by Argo Rollouts.
 */
#include <stdlib.h>
#include <string.h>
#include "analysis/http.h"
#include "analysis/provider.h"
#include "analysis/run_pass.h"
#include "base/json.h"
#include "base/str.h"

#define GRAPHITE_TIMEOUT_MS 10000
#define GRAPHITE_TEXT_MAX (1u << 20) /* bytes of the query, and of the values */

static bool graphite_used(const struct metric *);
static struct err *graphite_check(struct arena *, const struct metric *);
static enum measured graphite_step(
    const struct metric *, const struct query_input *, struct arena *, struct step_result *);

const struct provider graphite_provider = {
	.name = "graphite",
	.metric_name = "Graphite",
	.used = graphite_used,
	.check = graphite_check,
	.measure = measure_by_query,
	.step = graphite_step,
};

static bool
graphite_used(const struct metric *m)
{
	return m->provider.graphite != NULL;
}

/* Returns whether Go parses the address as a URL. */
static bool
graphite_is_url(const char *address)
{
	if (str_empty(address) || address[0] == ':')
		return false;
	for (const char *c = address; *c != '\0'; c++)
		if ((unsigned char)*c <= ' ' || *c == 127)
			return false;
	return true;
}

static struct err *
graphite_check(struct arena *a, const struct metric *m)
{
	const char *address = m->provider.graphite->address;

	if (!graphite_is_url(address))
		return err_new(
		    a, ERR_INVALID, "provider.graphite: Graphite address %s is not a valid URL", address ?: "");
	if (!http_is_address(address))
		return err_new(a, ERR_INVALID,
		    "provider.graphite.address: \"%s\" starts with neither http:// nor https://", address);
	return NULL;
}

/* A parameter of the query. Its members are encoded. */
struct graphite_parameter {
	const char *name, *value;
	size_t place;
};

static int
graphite_by_name(const void *a, const void *b)
{
	const struct graphite_parameter *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order != 0 ? order : (x->place > y->place) - (x->place < y->place);
}

static const char *
graphite_without_blanks(struct arena *a, const char *text)
{
	char *copy = arena_strdup(a, text), *to = copy;

	for (const char *c = copy; *c != '\0'; c++)
		if (strchr(" \t\n\f\r", *c) == NULL)
			*to++ = *c;
	*to = '\0';
	copy[strcspn(copy, "#")] = '\0';
	return copy;
}

/* Returns the query as Go encodes it: sorted by name; parameters that cannot be decoded are left out. */
static const char *
graphite_query_text(struct arena *a, const char *query)
{
	const char *at = graphite_without_blanks(a, query), *text;
	struct graphite_parameter *list = arena_new_array(a, struct graphite_parameter, strlen(at) / 2 + 2);
	size_t n = 0;
	struct str out;

	list[n++] = (struct graphite_parameter){ "format", "json", 0 };
	while (*at != '\0') {
		size_t len = strcspn(at, "&"), name = strcspn(at, "=&"), value = name + (name < len);
		const char *k = http_query_unescape(a, at, name), *v = http_query_unescape(a, at + value, len - value);

		if (len > 0 && memchr(at, ';', len) == NULL && k != NULL && v != NULL && !str_eq(k, "format")) {
			list[n] = (struct graphite_parameter){ k, v, n };
			n++;
		}
		at += len + (at[len] == '&');
	}
	qsort(list, n, sizeof(*list), graphite_by_name);
	str_init(&out, GRAPHITE_TEXT_MAX);
	for (size_t i = 0; i < n; i++)
		str_addf(&out, "%s%s=%s", i > 0 ? "&" : "", http_query_escape(a, list[i].name),
		    http_query_escape(a, list[i].value));
	text = arena_strdup(a, str_text(&out));
	str_done(&out);
	return text;
}

static enum measured
graphite_query(const struct graphite_metric *g, struct arena *a, struct step_result *ret)
{
	const char *query = graphite_query_text(a, g->query ?: "");
	size_t n = strlen(g->address);

	while (n > 0 && g->address[n - 1] == '/')
		n--;
	if (!http_is_address(g->address)) {
		ret->err = err_new(a, ERR_INVALID, "Get \"/%.*s/render?%s\": unsupported protocol scheme \"\"", (int)n,
		    g->address, query);
		return MEASURED_ERROR;
	}
	ret->query.request.method = "GET";
	ret->query.request.url = arena_printf(a, "%.*s/render?%s", (int)n, g->address, query);
	http_confine(&ret->query, GRAPHITE_TIMEOUT_MS);
	return MEASURED_QUERY;
}

/* Reads the number of a point. Returns false for null. */
static bool
graphite_number(const json_t *v, struct arena *a, double *ret, struct err **ret_err)
{
	const char *text = json_string_value(v);
	char *end;

	if (v == NULL || json_is_null(v))
		return false;
	if (json_is_number(v)) {
		*ret = json_number_value(v);
		return true;
	}
	if (text == NULL) {
		*ret_err = err_new(a, ERR_AGAIN, "error unmarshaling value: %s", json_text(a, v));
		return false;
	}
	*ret = strtod(text, &end);
	if (text[0] != '\0' && *end == '\0' && text[strspn(text, "0123456789+-.eEinfINFatyATY")] == '\0')
		return true;
	*ret_err = err_new(
	    a, ERR_AGAIN, "strconv.ParseFloat: parsing %s: invalid syntax", json_quote_go(a, text, strlen(text)));
	return false;
}

/* Checks the points of a target, and adds their values. */
static struct err *
graphite_points(const json_t *points, struct arena *a, double *values, size_t *n)
{
	const json_t *point;
	struct err *e = NULL;
	size_t i;

	json_array_foreach (points, i, point) {
		const json_t *time = json_array_get(point, 1);
		long long seconds;

		if (json_array_size(point) != 2)
			return err_new(a, ERR_AGAIN, "error unmarshaling data point: %s", json_text(a, point));
		if (graphite_number(json_array_get(point, 0), a, &values[*n], &e))
			(*n)++;
		if (e != NULL)
			return e;
		if (json_is_string(time) && !str_int(json_string_value(time), INT64_MIN, INT64_MAX, &seconds))
			return err_new(a, ERR_AGAIN, "strconv.ParseInt: parsing %s: invalid syntax",
			    json_quote_go(a, json_string_value(time), strlen(json_string_value(time))));
	}
	return NULL;
}

static const char *
graphite_text(struct arena *a, const double *values, size_t n)
{
	const char *text;
	struct str out;

	str_init(&out, GRAPHITE_TEXT_MAX);
	str_addc(&out, '[');
	for (size_t i = 0; i < n && !out.overflow; i++)
		str_addf(&out, "%s%f", i > 0 ? "," : "", values[i]);
	str_addc(&out, ']');
	text = arena_strdup(a, str_text(&out));
	str_done(&out);
	return text;
}

static enum measured
graphite_read_targets(const json_t *targets, struct arena *a, struct step_result *ret)
{
	const json_t *target, *points;
	size_t i, n = 0, first = 0;
	double *values = NULL;

	json_array_foreach (targets, i, target) {
		points = json_object_get(target, "datapoints");
		values = arena_new_array(a, double, json_array_size(points));
		n = 0;
		if ((ret->err = graphite_points(points, a, values, &n)) != NULL)
			return MEASURED_ERROR;
		if (i > 0)
			continue;
		first = json_array_size(points);
		ret->value = value_from_floats(a, values, n);
		ret->text = graphite_text(a, values, n);
	}
	if (first == 0) {
		ret->err = err_new(a, ERR_AGAIN, "no values found");
		return MEASURED_ERROR;
	}
	return ret->value.array.n > 0 ? MEASURED_VALUE : MEASURED_NOTHING;
}

static enum measured
graphite_read(const struct response *got, struct arena *a, struct step_result *ret)
{
	_cleanup_(json_decrefp) json_t *doc = NULL;

	if (got->err != NULL)
		ret->err = err_wrap(a, got->err, "graphite");
	else if (got->status >= 400)
		ret->err = err_new(a, ERR_AGAIN, "error response: %s", http_shown(a, got->body));
	else if ((ret->err = http_json(a, got->body, &doc)) == NULL && !json_is_array(doc) && !json_is_null(doc))
		ret->err =
		    err_new(a, ERR_AGAIN, "the response of Graphite is of type %s, not array", http_json_kind(doc));
	return ret->err != NULL ? MEASURED_ERROR : graphite_read_targets(doc, a, ret);
}

static enum measured
graphite_step(const struct metric *m, const struct query_input *in, struct arena *a, struct step_result *ret)
{
	const struct graphite_metric *g = m->provider.graphite;

	if (!graphite_is_url(g->address)) {
		ret->unusable = true;
		ret->err = err_new(a, ERR_INVALID, "Graphite address %s is not a valid URL", g->address ?: "");
		return MEASURED_ERROR;
	}
	return in->n == 0 ? graphite_query(g, a, ret) : graphite_read(in->responses[0], a, ret);
}
