/* cli/backtest/history.c: one query at a time. A record has the body of each query and the text of its response: a
 * replay reads the same bytes, also those that are not JSON. A response that is not UTF-8 is not recorded. */
#include "cli/backtest/history.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "analysis/http.h"
#include "analysis/prometheus.h"
#include "base/str.h"
#include "base/time.h"
#include "io/file.h"
#include "kube/transport_curl.h"

#define HISTORY_RESPONSE_MAX (32u << 20) /* bytes */
#define HISTORY_RECORD_MAX (128u << 20) /* bytes of the file; half for responses, which grow as JSON strings */
#define HISTORY_TIMEOUT_MS 60000
#define HISTORY_LAG_MS 60000 /* all scrapes before that time are stored */

struct history_waiting {
	struct arena *arena;
	struct loop *loop;
	struct response *response;
	bool done;
};

static void
history_on_done(void *arg, const struct err *e, const struct reply *reply)
{
	struct history_waiting *w = arg;

	if (e != NULL)
		w->response->err = err_copy(w->arena, e);
	else
		*w->response = (struct response){ .status = reply->status,
			.body = { arena_strndup(w->arena, reply->body.at, reply->body.len), reply->body.len } };
	w->done = true;
	loop_stop(w->loop);
}

static int
history_open_replay(struct history *h, const char *file)
{
	struct arena *a = h->cli->arena;
	struct bytes text;
	struct err *e = file_read(a, file, HISTORY_RECORD_MAX, &text);

	if (e == NULL && (e = json_parse(a, text.at, text.len, &h->recorded)) != NULL)
		e = err_wrap(a, e, "%s", file);
	if (e != NULL)
		return cli_fail(h->cli, "--replay: %s", err_text(a, e));
	if (!time_parse(json_str(h->recorded, "until") ?: "", &h->until) ||
	    !json_is_array(json_object_get(h->recorded, "exchanges")))
		return cli_fail(h->cli, "--replay: %s was not written by --record", file);
	return 0;
}

int
history_open(struct cli *c, struct history *ret)
{
	const char *replay = cli_flag(c, "replay"), *address = cli_flag(c, "prometheus"), *until = cli_flag(c, "until");
	size_t n = address != NULL ? strlen(address) : 0;

	*ret = (struct history){ .cli = c, .record = cli_flag(c, "record") };
	if (replay != NULL && (address != NULL || ret->record != NULL || until != NULL))
		return cli_fail(c, "--replay excludes --prometheus, --record and --until");
	if (replay != NULL)
		return history_open_replay(ret, replay);
	if (address == NULL)
		return cli_fail(c, "--prometheus URL or --replay FILE is needed");
	if (!http_is_address(address))
		return cli_fail(c, "--prometheus: \"%s\" starts with neither http:// nor https://", address);
	ret->until = time_stored(loop_wall(c->loop) - HISTORY_LAG_MS);
	if (until != NULL && (!time_parse(until, &ret->until) || ret->until < 0 || ret->until > loop_wall(c->loop)))
		return cli_fail(c, "--until: \"%s\" is not a time in the past, such as 2026-11-29T12:00:00Z", until);
	ret->until = time_stored(ret->until);
	while (n > 0 && address[n - 1] == '/')
		n--;
	ret->url = arena_printf(c->arena, "%.*s/api/v1", (int)n, address);
	ret->transport = transport_curl_new(c->loop, NULL);
	if (ret->record != NULL)
		ret->recorded = json_pack("{s:s,s:[]}", "until", time_format(c->arena, ret->until), "exchanges");
	return 0;
}

/* A replay makes the queries of the recording in the same order: the search begins after the last one that was found. A
 * query that is made twice gets its second response then. */
static struct response
history_replay(struct history *h, struct arena *a, const char *body)
{
	const json_t *all = json_object_get(h->recorded, "exchanges");

	for (size_t i = 0, n = json_array_size(all); i < n; i++) {
		const json_t *one = json_array_get(all, (h->next + i) % n), *text = json_object_get(one, "response");

		if (!str_eq(json_str(one, "query"), body) || !json_is_string(text))
			continue;
		h->next = (h->next + i + 1) % n;
		return (struct response){ .status = (int)json_int(one, "status", 0),
			.body = { json_string_value(text), json_string_length(text) } };
	}
	return (struct response){ .err = err_new(a, ERR_INVALID,
				      "the recorded file has no response to this query: it was recorded with other "
				      "options, or another template") };
}

static void
history_record(struct history *h, const char *body, const struct response *r)
{
	json_t *text = r->err == NULL ? json_stringn(r->body.at, r->body.len) : NULL;

	h->recorded_bytes += r->body.len;
	if (text != NULL && h->recorded_bytes <= HISTORY_RECORD_MAX / 2)
		json_array_append_new(json_object_get(h->recorded, "exchanges"),
		    json_pack("{s:s,s:i,s:o}", "query", body, "status", r->status, "response", text));
	else
		json_decref(text);
}

struct response
history_exchange(struct history *h, struct arena *a, const char *path, const char *body)
{
	const struct request request = { .method = "POST",
		.url = arena_printf(a, "%s/%s", h->url != NULL ? h->url : "", path),
		.body = body,
		.content_type = "application/x-www-form-urlencoded",
		.timeout_ms = HISTORY_TIMEOUT_MS,
		.response_max = HISTORY_RESPONSE_MAX };
	struct response r = { 0 };
	struct history_waiting w = { .arena = a, .loop = h->cli->loop, .response = &r };

	h->requests++;
	if (h->transport == NULL)
		return history_replay(h, a, body);
	transport_start(h->transport, &request, &(struct receiver){ .done = history_on_done }, &w);
	while (!w.done)
		loop_run(h->cli->loop);
	if (h->recorded != NULL)
		history_record(h, body, &r);
	return r;
}

struct response
history_query(struct history *h, struct arena *a, const char *query, const struct matrix_grid *g)
{
	return history_exchange(h, a, "query_range",
	    arena_printf(a, "query=%s&start=%s&end=%s&step=%s", str_url_escape(a, query),
		prometheus_seconds(a, g->start), prometheus_seconds(a, g->start + (int64_t)(g->columns - 1) * g->step),
		prometheus_seconds(a, g->step)));
}

struct response
history_query_at(struct history *h, struct arena *a, const char *query, int64_t at)
{
	return history_exchange(
	    h, a, "query", arena_printf(a, "query=%s&time=%s", str_url_escape(a, query), prometheus_seconds(a, at)));
}

int
history_write(const struct history *h)
{
	if (h->record == NULL)
		return 0;
	if (h->recorded_bytes > HISTORY_RECORD_MAX / 2)
		return cli_fail(h->cli,
		    "--record: the responses have %zu bytes; %u are the most: choose a shorter --past",
		    h->recorded_bytes, HISTORY_RECORD_MAX / 2);
	if (json_dump_file(h->recorded, h->record, JSON_INDENT(1)) != 0)
		return cli_fail(h->cli, "--record: cannot write %s: %s", h->record, strerror(errno));
	return 0;
}

void
history_close(struct history *h)
{
	json_decref(h->recorded);
	h->transport = transport_free(h->transport);
}
