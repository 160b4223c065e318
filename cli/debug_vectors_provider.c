/* cli/debug_vectors_provider.c: debug vectors provider-NAME: measures a metric with recorded responses, and prints what
 * Argo Rollouts reports: the requests, the phase and value of the measurement, and its metadata. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include "analysis/metric_phase.h"
#include "analysis/http.h"
#include "analysis/provider.h"
#include "base/base64.h"
#include "base/cbor.h"
#include "base/json.h"
#include "base/str.h"
#include "base/time.h"
#include "cli/debug_vectors.h"

#define STEPS_MAX 100 /* of one measurement */

/* A measurement in progress. */
struct recorded {
	struct arena *arena;
	const json_t *line;
	json_t *requests;
	size_t responded; /* responses that were returned */
	struct query_input input;
	struct response *responses;
	struct step_result result;
};

/* The name of a header as Go's servers have it: Dd-Api-Key. */
static const char *
recorded_header(struct arena *a, const char *name)
{
	char *text = arena_strdup(a, name);

	for (char *c = text; *c != '\0'; c++)
		*c = (char)(c == text || c[-1] == '-' ? toupper((unsigned char)*c) : tolower((unsigned char)*c));
	return text;
}

static json_t *
recorded_query(struct arena *a, const char *raw)
{
	json_t *query = json_object();

	for (const char *at = raw; *at != '\0';) {
		size_t n = strcspn(at, "&"), name = strcspn(at, "=&");

		json_object_set_new(query, http_query_unescape(a, at, name) ?: "",
		    json_shown(http_query_unescape(a, at + name + (name < n), n - name - (name < n)) ?: ""));
		at += n + (at[n] == '&');
	}
	return query;
}

/* Returns whether a header is of the signature for AWS, which lines do not have. */
static bool
recorded_is_signature(const struct header *h)
{
	return str_starts(h->name, "X-Amz-") || (str_eq(h->name, "Authorization") && str_starts(h->value, "AWS4"));
}

/* A request as its server received it. A new reference. */
static json_t *
recorded_request(struct arena *a, const struct request *r)
{
	json_t *headers = json_object(), *out, *body = NULL;
	const char *host = strstr(r->url, "://"), *path = host != NULL ? strchr(host + 3, '/') : NULL, *raw;

	path = path != NULL ? path : "/";
	raw = strchr(path, '?');
	for (size_t i = 0; i < r->n_headers; i++)
		if (!recorded_is_signature(&r->headers[i]))
			json_object_set_new(
			    headers, recorded_header(a, r->headers[i].name), json_shown(r->headers[i].value));
	if (r->content_type != NULL && r->body != NULL)
		json_object_set_new(headers, "Content-Type", json_shown(r->content_type));
	out = json_pack("{s:s,s:s,s:o}", "method", r->method, "path",
	    arena_strndup(a, path, raw != NULL ? (size_t)(raw - path) : strlen(path)), "headers", headers);
	if (raw != NULL) {
		json_object_set_new(out, "rawQuery", json_shown(raw + 1));
		json_object_set_new(out, "query", recorded_query(a, raw + 1));
	}
	if (r->body_len > 0 && cbor_decode(a, (struct bytes){ r->body, r->body_len }, &body) == NULL)
		json_object_set_new(out, "json", body);
	else if (r->body != NULL && json_parse(a, r->body, strlen(r->body), &body) == NULL)
		json_object_set_new(out, "json", body);
	else if (r->body != NULL)
		json_object_set_new(out, "body", json_shown(r->body));
	return out;
}

/* The Secret of a line that a query names, as the API server returns it. */
static void
recorded_secret(const struct recorded *r, const char *url, struct response *ret)
{
	const json_t *secret, *value;
	const char *key;
	size_t i;

	ret->status = 404;
	json_array_foreach (json_object_get(r->line, "secrets"), i, secret) {
		_cleanup_(json_decrefp) json_t *out = json_object();
		json_t *data = json_object();

		if (strcmp(url,
			arena_printf(r->arena, "/api/v1/namespaces/%s/secrets/%s", json_str(secret, "namespace") ?: "",
			    str_url_escape(r->arena, json_str(secret, "name") ?: ""))) != 0)
			continue;
		json_object_set_new(out, "data", data);
		json_object_foreach (json_object_get(secret, "data"), key, value)
			json_object_set_new(data, key,
			    json_string(
				base64_encode(r->arena, json_string_value(value) ?: "", json_string_length(value))));
		ret->status = 200;
		ret->body.at = json_text(r->arena, out);
		ret->body.len = strlen(ret->body.at);
		return;
	}
}

static void
recorded_respond(struct recorded *r, const struct query *q, struct response *ret)
{
	const json_t *response;

	*ret = (struct response){ .body = { "", 0 } };
	if (q->to == QUERY_OWN) {
		ret->err = err_new(r->arena, ERR_GONE, "recorded lines have no files");
		return;
	}
	if (q->to == QUERY_API_SERVER) {
		recorded_secret(r, q->request.url, ret);
		return;
	}
	json_array_append_new(r->requests, recorded_request(r->arena, &q->request));
	response = json_array_get(json_object_get(r->line, "answers"), r->responded++);
	if (response == NULL)
		ret->err = err_new(r->arena, ERR_AGAIN, "the line has no response to this request");
	ret->status = (int)json_int(response, "status", 200);
	ret->body.at = json_str(response, "body") ?: "";
	ret->body.len = strlen(ret->body.at);
}

/* Measures until the result is known. */
static enum measured
recorded_measure(struct recorded *r, const struct metric *m, int64_t *ret_wait_ms)
{
	const struct provider *provider = provider_of(m);

	for (size_t i = 0; i < STEPS_MAX; i++) {
		enum measured how;

		r->result = (struct step_result){ 0 };
		how = provider->step(m, &r->input, r->arena, &r->result);
		if (how == MEASURED_QUERY && r->input.n < QUERIES_MAX) {
			struct response *got = arena_alloc(r->arena, sizeof(*got));

			recorded_respond(r, &r->result.query, got);
			r->input.responses[r->input.n++] = got;
		} else if (how == MEASURED_RUNNING) {
			struct string_map *kept = arena_alloc(r->arena, sizeof(*kept));

			*kept = r->result.metadata;
			r->input.metadata = kept;
			r->input.n = 0;
			*ret_wait_ms = r->result.wait_ms;
		} else {
			return how;
		}
	}
	return MEASURED_ERROR;
}

static void
recorded_put_map(json_t *to, const char *key, const struct string_map *map)
{
	json_t *out = json_object();

	for (size_t i = 0; i < map->n; i++)
		json_object_set_new(out, map->at[i].key, json_shown(map->at[i].value));
	if (map->n > 0)
		json_object_set(to, key, out);
	json_decref(out);
}

/* Adds the phase, value and message of the measurement. */
static void
recorded_response(struct recorded *r, const struct metric *m, enum measured how, json_t *to)
{
	const struct provider *provider = provider_of(m);
	/* The others drop the value if a condition cannot be evaluated; Sluice shows it. */
	bool shows = str_eq(provider->name, "graphite") || str_eq(provider->name, "cloudWatch");
	enum run_phase phase = RUN_ERROR;
	struct string_pair pair;
	const char *message = NULL;

	if (how == MEASURED_ERROR || how == MEASURED_QUERY)
		message = r->result.err != NULL ? err_text(r->arena, r->result.err) : "too many queries";
	else if (r->result.phase != RUN_NONE)
		phase = r->result.phase;
	else
		phase =
		    measurement_phase(r->arena, m, &r->result.value, how == MEASURED_NOTHING, r->input.now, &message);
	json_object_set_new(to, "phase", json_string(run_phase_name(phase)));
	if ((how == MEASURED_VALUE || how == MEASURED_NOTHING) && (phase != RUN_ERROR || shows))
		json_object_set_new(to, "value",
		    json_shown(r->result.text != NULL ? r->result.text : value_text(r->arena, &r->result.value)));
	json_put(to, "message", message);
	if (phase != RUN_ERROR || shows || how == MEASURED_ERROR || r->result.phase != RUN_NONE)
		recorded_put_map(to, "metadata", &r->result.metadata);
	if (r->result.unusable)
		json_object_set_new(to, "beforeAsking", json_true());
	if (provider->metadata == NULL || r->result.unusable)
		return;
	provider->metadata(m, &pair.key, &pair.value);
	recorded_put_map(to, "metricMetadata", &(struct string_map){ &pair, 1 });
}

/* Lines of CloudWatch without the request as it was sent have its window and the names of the metadata only. */
static void
recorded_shorten(json_t *response)
{
	const json_t *body = json_object_get(json_array_get(json_object_get(response, "requests"), 0), "json"), *value;
	const json_t *end = json_at(body, "/EndTime/value"), *start = json_at(body, "/StartTime/value");
	json_t *keys = json_array(), *metadata = json_object_get(response, "metadata");
	const char *key;

	if (end != NULL)
		json_object_set_new(response, "windowSeconds",
		    json_integer((json_int_t)(json_number_value(end) - json_number_value(start))));
	json_object_foreach (metadata, key, value)
		json_array_append_new(keys, json_string(key));
	if (json_array_size(keys) > 0)
		json_object_set(response, "metadataKeys", keys);
	json_decref(keys);
	json_object_del(response, "metadata");
	json_object_del(response, "requests");
}

static void
recorded_environment(const json_t *line, struct arena *a, struct settings *ret)
{
	static struct string_pair aws[] = { { "AWS_ACCESS_KEY_ID", "ID" }, { "AWS_SECRET_ACCESS_KEY", "SECRET" },
		{ "AWS_REGION", "us-east-1" } };
	const json_t *env = json_object_get(line, "env"), *value;
	const char *key;

	if (env == NULL && str_eq(json_str(line, "provider"), "cloudWatch")) {
		ret->environment = (struct string_map){ aws, ARRAY_SIZE(aws) };
		return;
	}
	ret->environment.at = arena_new_array(a, struct string_pair, json_object_size(env));
	json_object_foreach ((json_t *)env, key, value)
		ret->environment.at[ret->environment.n++] = (struct string_pair){ key, json_string_value(value) ?: "" };
}

void
debug_vectors_provider(struct cli *c, const json_t *line)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	_cleanup_(json_decrefp) json_t *out = json_object();
	struct problems problems = { .arena = a };
	struct settings settings = { 0 };
	struct metric metric = { 0 };
	int64_t now = json_int(line, "now", 0) * 1000, wait = 0;
	struct recorded r = { .arena = a,
		.line = line,
		.requests = json_array(),
		.input = { .now = now, .settings = &settings, .namespace = "shop", .run_started_at = now - 600000 } };
	enum measured how = MEASURED_ERROR;

	(void)c;
	recorded_environment(line, a, &settings);
	json_object_set_new(out, "requests", r.requests);
	decode(&metric_type, json_object_get(line, "metric"), "metric", &problems, &metric);
	if (provider_of(&metric) == NULL || problems.n > 0) {
		json_object_set_new(out, "phase", json_string(run_phase_name(RUN_ERROR)));
		json_put(out, "message",
		    problems.n > 0 ? arena_printf(a, "%s: %s", problems.at[0].path, problems.at[0].text)
				   : "metric: uses no provider that Sluice has");
	} else {
		how = recorded_measure(&r, &metric, &wait);
		recorded_response(&r, &metric, how, out);
	}
	if (wait > 0)
		json_object_set_new(out, "resumeAfter", json_integer(wait / 1000));
	if (str_eq(json_str(line, "provider"), "cloudWatch") && json_object_get(line, "wire") == NULL)
		recorded_shorten(out);
	puts(json_text(a, out));
}
