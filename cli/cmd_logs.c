/* cli/cmd_logs.c: logs: the log of the controller's Pods, as `flux logs` prints it. */
#include <stdio.h>
#include <string.h>
#include "base/str.h"
#include "base/time.h"
#include "cli/cli.h"
#include "io/log.h"
#include "kube/client.h"

#define NAMESPACE "argo-rollouts"
#define PODS_MAX 16
#define LINE_MAX (512u << 10) /* bytes of a line that is compared; the log's own limit is lower */
#define REFUSAL_MAX (64u << 10) /* bytes of an error */

static int logs_run(struct cli *);

const struct command cmd_logs = {
	.name = "logs",
	.args = "",
	.group = GROUP_SEE,
	.summary = "Print the log of the controller",
	.example = "logs --level error --since 1h|logs --follow --tail 50 --name shop",
	.flags =
	    (const struct flag[]){
		{ .name = "follow", .letter = 'f', .text = "Print new lines until interrupted" },
		{ .name = "tail", .value = "N", .text = "Number of lines of each Pod to begin with (default: all)" },
		{ .name = "since", .value = "DURATION", .text = "Only lines newer than this" },
		{ .name = "level",
		    .value = "LEVEL",
		    .choices = "debug|info|warn|error",
		    .text = "Only lines of this level or above" },
		{ .name = "name", .value = "NAME", .text = "Only lines about objects with this name" },
		{ .name = "selector",
		    .letter = 'l',
		    .value = "LABELS",
		    .value_default = "app.kubernetes.io/name=sluice",
		    .text = "Labels of the Pods" },
		{ 0 },
	    },
	.run = logs_run,
};

/* The log of one Pod while it arrives. */
struct pod_log {
	struct cli *cli;
	const char *pod; /* NULL: its name is not printed */
	struct str line;
	struct exchange *exchange;
	size_t *running;
	int code;
};

/* The level of a line, as JSON or text: its second word. */
static enum log_level
logs_level(const char *line)
{
	const char *json = strstr(line, "\"level\":\""), *at = json != NULL ? json + 9 : strchr(line, ' ');
	enum log_level level = LOG_LEVEL_ERROR; /* a line that is no log line may report a crash */
	char word[16] = "";

	if (at == NULL)
		return level;
	at += strspn(at, " ");
	snprintf(word, sizeof(word), "%.*s", (int)strcspn(at, " \"\n"), at);
	log_level_parse(word, &level);
	return level;
}

/* Whether the line is about an object with the name: "name=NAME", or "NS/NAME" as value of another key. */
static bool
logs_is_about(struct arena *a, const char *line, const char *name)
{
	static const char *const forms[] = { "=%s ", "=%s\n", "/%s ", "/%s\n", "\"%s\"", "/%s\"" };

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++)
		if (strstr(line, str_replace(a, forms[i], "%s", name)) != NULL)
			return true;
	return false;
}

static void
logs_print_line(struct pod_log *l)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const char *line = str_text(&l->line), *level = cli_flag(l->cli, "level"), *name = cli_flag(l->cli, "name");
	enum log_level least = LOG_LEVEL_DEBUG;

	if (level != NULL)
		log_level_parse(level, &least);
	if (logs_level(line) >= least && (name == NULL || logs_is_about(a, line, name)))
		printf("%s%s%s", l->pod != NULL ? l->pod : "", l->pod != NULL ? ": " : "", line);
	fflush(stdout);
	str_shorten(&l->line, 0);
}

static void
logs_on_data(void *arg, const char *at, size_t len)
{
	struct pod_log *l = arg;

	while (len > 0) {
		const char *end = memchr(at, '\n', len);
		size_t n = end != NULL ? (size_t)(end - at) + 1 : len;

		str_add_most(&l->line, at, n);
		if (end != NULL) {
			if (l->line.overflow)
				str_adds(&l->line, "\n");
			logs_print_line(l);
			l->line.overflow = false;
		}
		at += n;
		len -= n;
	}
}

static void
logs_on_done(void *arg, const struct err *e, const struct reply *r)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct pod_log *l = arg;
	struct err *wrong = client_error(a, e, r != NULL ? r->status : 0, r != NULL ? r->body : (struct bytes){ 0 });

	if (l->line.len > 0) {
		str_adds(&l->line, "\n");
		logs_print_line(l);
	}
	if (wrong != NULL)
		l->code = cli_fail(l->cli, "log of Pod %s: %s", l->pod ?: "", err_text(a, wrong));
	l->exchange = NULL;
	if (--*l->running == 0)
		loop_stop(l->cli->loop);
}

/* Returns the parameters of a request for a log, or NULL after printing the error. */
static const char *
logs_parameters(struct cli *c)
{
	const char *tail = cli_flag(c, "tail"), *since = cli_flag(c, "since"), *query = "?";
	long long lines;
	int64_t ms;

	if (tail != NULL && !str_int(tail, 0, 1000000000, &lines)) {
		cli_fail(c, "--tail: \"%s\" is not a number of lines", tail);
		return NULL;
	}
	if (since != NULL && (!duration_parse(since, &ms) || ms < 1000)) {
		cli_fail(c, "--since: \"%s\" is not a duration such as 10m", since);
		return NULL;
	}
	if (tail != NULL)
		query = arena_printf(c->arena, "%stailLines=%lld&", query, lines);
	if (since != NULL)
		query = arena_printf(c->arena, "%ssinceSeconds=%lld&", query, (long long)(ms / 1000));
	return cli_on(c, "follow") ? arena_printf(c->arena, "%sfollow=true", query) : query;
}

static int
logs_read(struct cli *c, const json_t *pods, const char *parameters)
{
	static const struct receiver receiver = { .data = logs_on_data, .done = logs_on_done };
	size_t n = json_array_size(pods), running = 0;
	struct pod_log logs[PODS_MAX] = { 0 };
	int code = 0;

	n = n < PODS_MAX ? n : PODS_MAX;
	for (size_t i = 0; i < n; i++) {
		const char *name = json_str(json_object_get(json_array_get(pods, i), "metadata"), "name") ?: "";

		logs[i] = (struct pod_log){ .cli = c, .pod = n > 1 ? name : NULL, .running = &running };
		str_init(&logs[i].line, LINE_MAX);
		running++;
		logs[i].exchange = transport_start(c->transport,
		    &(struct request){ .method = "GET",
			.url = arena_printf(c->arena, "/api/v1/namespaces/%s/pods/%s/log%s",
			    str_url_escape(c->arena, c->namespace), str_url_escape(c->arena, name), parameters),
			.timeout_ms = client_timeout_ms(c->transport),
			.response_max = REFUSAL_MAX,
			.stream = true },
		    &receiver, &logs[i]);
	}
	while (running > 0 && !c->interrupted)
		loop_run(c->loop);
	for (size_t i = 0; i < n; i++) {
		if (logs[i].exchange != NULL)
			transport_cancel(c->transport, logs[i].exchange);
		str_done(&logs[i].line);
		code |= logs[i].code;
	}
	return code;
}

static int
logs_run(struct cli *c)
{
	_cleanup_(json_decrefp) json_t *pods = NULL;
	const char *parameters = logs_parameters(c);
	struct err *e;

	if (parameters == NULL)
		return 1;
	if (c->n_args != 0)
		return cli_fail(c, "usage: sluice logs; --name NAME selects an object");
	if (cli_connect(c) != 0)
		return 1;
	if (cli_flag(c, "namespace") == NULL)
		c->namespace = NAMESPACE;
	e = cli_call_list(c, NULL,
	    arena_printf(c->arena, "/api/v1/namespaces/%s/pods?labelSelector=%s",
		str_url_escape(c->arena, c->namespace), str_url_escape(c->arena, cli_flag(c, "selector"))),
	    &pods);
	if (e != NULL)
		return cli_error(c, e);
	if (json_array_size(json_object_get(pods, "items")) == 0)
		return cli_fail(c,
		    "no Pod with the labels %s in namespace %s; choose another namespace with -n, or other labels with "
		    "-l",
		    cli_flag(c, "selector"), c->namespace);
	if (cli_on(c, "follow"))
		cli_signals(c);
	return logs_read(c, json_object_get(pods, "items"), parameters);
}
