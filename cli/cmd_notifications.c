/* cli/cmd_notifications.c: notifications template|trigger: the ConfigMap's templates and triggers, tried with a
 * Rollout. */
#include <stdio.h>
#include <string.h>
#include "base/base64.h"
#include "base/str.h"
#include "cli/cli.h"
#include "io/file.h"
#include "kube/api/workload.h"
#include "kube/api/yaml.h"
#include "kube/client.h"
#include "kube/transport_curl.h"
#include "notify/config.h"
#include "notify/services/services.h"
#include "notify/subscriptions.h"
#include "notify/templates.h"
#include "notify/triggers.h"

#define FILE_MAX (4u << 20)

static int notifications_template_run(struct cli *);
static int notifications_trigger_run(struct cli *);

#define FLAG_CONFIG_MAP                                                                                                \
	{                                                                                                              \
		.name = "config-map", .value = "FILE",                                                                 \
		.text = "File with the ConfigMap of notifications, instead of the one in the cluster"                  \
	}
#define FLAG_SECRET                                                                                                    \
	{                                                                                                              \
		.name = "secret", .value = "FILE",                                                                     \
		.text = "File with the Secret of notifications, instead of the one in the cluster (:empty: no Secret)" \
	}

const struct command cmd_notifications_template = {
	.name = "notifications template",
	.aliases = "notification template|notifications templates",
	.args = "get [NAME] | notify NAME ROLLOUT",
	.group = GROUP_CHECK,
	.summary = "Show templates, or send one",
	.example = "notifications template get|notifications template notify on-done web --recipient console:stdout",
	.flags =
	    (const struct flag[]){
		FLAG_OUTPUT,
		{ .name = "recipient",
		    .value = "SERVICE:NAME",
		    .text = "Recipient (console:stdout prints the notification)" },
		FLAG_CONFIG_MAP,
		FLAG_SECRET,
		{ 0 },
	    },
	.run = notifications_template_run,
};

const struct command cmd_notifications_trigger = {
	.name = "notifications trigger",
	.aliases = "notification trigger|notifications triggers",
	.args = "get [NAME] | run NAME ROLLOUT",
	.group = GROUP_CHECK,
	.summary = "Show triggers, or evaluate one",
	.example = "notifications trigger get|notifications trigger run on-done web",
	.flags =
	    (const struct flag[]){
		FLAG_OUTPUT,
		FLAG_CONFIG_MAP,
		FLAG_SECRET,
		{ 0 },
	    },
	.run = notifications_trigger_run,
};

/* The configuration that a command uses. */
struct trying {
	struct cli *cli;
	struct notify_config config;
	json_t *secret; /* its data; NULL: without a Secret */
};

static void
notifications_done(struct trying *t)
{
	notify_config_done(&t->config);
	json_decref(t->secret);
}

/* The first document of a file. Returns 0, or 1 after printing the error. */
static int
notifications_read_file(struct cli *c, const char *file, json_t **ret)
{
	_cleanup_(json_decrefp) json_t *docs = NULL;
	struct bytes text;
	struct err *e = file_read(c->arena, file, FILE_MAX, &text);

	if (e == NULL && (e = yaml_parse(c->arena, text.at, text.len, &docs)) != NULL)
		e = err_wrap(c->arena, e, "%s", file);
	if (e != NULL)
		return cli_fail(c, "%s", err_text(c->arena, e));
	*ret = json_incref(json_array_get(docs, 0));
	return 0;
}

/* Reads an object of the namespace, or from the file that a flag names. If it does not exist, *ret is NULL, or
 * `needed` makes it an error. */
static int
notifications_read_object(
    struct trying *t, const char *flag, const char *plural, const char *name, bool needed, json_t **ret)
{
	struct cli *c = t->cli;
	const char *file = cli_flag(c, flag);
	struct err *e;

	*ret = NULL;
	if (file != NULL && strcmp(file, ":empty") == 0)
		return 0;
	if (file != NULL)
		return notifications_read_file(c, file, ret);
	if (c->transport == NULL && cli_connect(c) != 0)
		return 1;
	e = cli_call(c, "GET", arena_printf(c->arena, "/api/v1/namespaces/%s/%s/%s", c->namespace, plural, name), NULL,
	    NULL, ret);
	if (e != NULL && (needed || e->class != ERR_GONE))
		return cli_error(c, e);
	return 0;
}

/* A Secret's data; stringData of a file counts too. A new reference. */
static json_t *
notifications_data(struct cli *c, const json_t *secret)
{
	json_t *data = json_deep_copy(json_object_get(secret, "data")) ?: json_object(), *v;
	const char *key;

	json_object_foreach (json_object_get(secret, "stringData"), key, v)
		json_object_set_new(data, key,
		    json_string(
			base64_encode(c->arena, json_string_value(v) ?: "", strlen(json_string_value(v) ?: ""))));
	return data;
}

/* Returns 0, or 1 after printing the error. */
static int
notifications_start(struct cli *c, struct trying *t)
{
	_cleanup_(json_decrefp) json_t *map = NULL, *secret = NULL;
	json_t *problem;
	size_t i;

	*t = (struct trying){ .cli = c };
	if (notifications_read_object(t, "config-map", "configmaps", NOTIFY_CONFIG_MAP, true, &map) != 0)
		return 1;
	notify_config_read(c->arena, json_object_get(map, "data"), &t->config);
	json_array_foreach (t->config.problems, i, problem)
		fprintf(stderr, "warning: %s\n", json_string_value(problem));
	if (notify_needs_secret(&t->config) &&
	    notifications_read_object(t, "secret", "secrets", NOTIFY_SECRET, false, &secret) != 0) {
		notifications_done(t);
		return 1;
	}
	t->secret = notifications_data(c, secret);
	return 0;
}

/* The workload's template is its Rollout's. NULL after printing the error. */
static json_t *
notifications_with_workload(struct cli *c, json_t *ro)
{
	_cleanup_(json_decrefp) json_t *workload = NULL;
	const char *name;
	const struct type *t = workload_missing(ro, &name);
	struct err *e;

	if (t == NULL)
		return ro;
	e = cli_call(c, "GET", client_path(c->arena, t, c->namespace, name, NULL), NULL, NULL, &workload);
	if (e != NULL) {
		cli_error(c, e);
		json_decref(ro);
		return NULL;
	}
	workload_fill(ro, workload);
	return ro;
}

/* A rollout of the namespace, or of a file. A new reference; NULL after printing the error. */
static json_t *
notifications_rollout(struct trying *t, const char *what)
{
	json_t *ro = NULL;

	if (strchr(what, '/') != NULL || str_ends(what, ".yaml") || str_ends(what, ".json"))
		return notifications_read_file(t->cli, what, &ro) == 0 ? ro : NULL;
	if (t->cli->transport == NULL && cli_connect(t->cli) != 0)
		return NULL;
	ro = cli_get_rollout(t->cli, what);
	return ro != NULL ? notifications_with_workload(t->cli, ro) : NULL;
}

/* The requested ones, by name: all, or one. */
static int
notifications_print(struct cli *c, const json_t *all, const char *kind, const char *head,
    void (*print)(const char *name, const json_t *value))
{
	const char *only = c->n_args > 1 ? c->args[1] : NULL, *key;
	_cleanup_(json_decrefp) json_t *chosen = json_object();
	enum output output;
	json_t *v;

	if (cli_output(c, &output) != 0)
		return 1;
	json_object_foreach ((json_t *)all, key, v)
		if (only == NULL || strcmp(key, only) == 0)
			json_object_set(chosen, key, v);
	if (only != NULL && json_object_size(chosen) == 0)
		return cli_fail(c, "there is no %s.%s in the ConfigMap %s", kind, only, NOTIFY_CONFIG_MAP);
	if (output == OUTPUT_JSON || output == OUTPUT_YAML) {
		cli_print(c, output, &rollout_type, chosen);
		return 0;
	}
	if (output != OUTPUT_NAME)
		puts(head);
	json_object_foreach (chosen, key, v) {
		if (output == OUTPUT_NAME)
			puts(key);
		else
			print(key, v);
	}
	return 0;
}

static void
notifications_print_template(const char *name, const json_t *template)
{
	const char *message = json_str(template, "message") ?: "";

	printf("%-40s %.*s\n", name, (int)strcspn(message, "\n"), message);
}

struct sending {
	struct cli *cli;
	struct response response;
	bool over; /* the response has arrived, or the request failed */
};

static void
notifications_on_sent(void *arg, const struct err *e, const struct reply *reply)
{
	struct sending *s = arg;
	struct arena *a = s->cli->arena;

	s->response = (struct response){ e != NULL ? err_copy(a, e) : NULL, reply->status,
		{ arena_strndup(a, reply->body.at, reply->body.len), reply->body.len }, reply->retry_after_ms };
	s->over = true;
	loop_stop(s->cli->loop);
}

static struct err *
notifications_send(struct trying *t, const struct destination *to, const json_t *notification)
{
	static const struct receiver receiver = { .done = notifications_on_sent };
	struct cli *c = t->cli;
	struct sending s = { .cli = c };
	struct query q;
	struct transport *outside;
	struct err *e = notify_compose(c->arena, &t->config, t->secret, to, notification, loop_wall(c->loop), &q);

	if (e != NULL)
		return e;
	outside = transport_curl_new(c->loop, NULL);
	transport_start(outside, &q.request, &receiver, &s);
	while (!s.over)
		loop_run(c->loop);
	transport_free(outside);
	return notify_check_response(c->arena, &t->config, to, &s.response);
}

/* To the recipient "SERVICE:NAME"; "console:stdout" is shown. */
static int
notifications_notify(struct trying *t, const char *recipient)
{
	struct cli *c = t->cli;
	const char *colon = strchr(recipient, ':');
	struct destination to = { colon != NULL ? arena_strndup(c->arena, recipient, (size_t)(colon - recipient))
						: recipient,
		colon != NULL ? colon + 1 : "" };
	json_t *ro = notifications_rollout(t, c->args[2]);
	_cleanup_(json_decrefp) json_t *vars = ro != NULL ? notify_vars(&t->config, ro, t->secret, &to) : NULL;
	_cleanup_(json_decrefp) json_t *names = json_pack("[s]", c->args[1]), *notification = NULL;
	struct err *e;

	if (ro == NULL)
		return 1;
	e = notify_render(c->arena, &t->config, names, vars, &notification);
	if (e == NULL && strcmp(to.service, "console") == 0) {
		fputs(yaml_text(c->arena, notification), stdout);
		return 0;
	}
	if (e == NULL)
		e = notifications_send(t, &to, notification);
	if (e != NULL)
		return cli_fail(c, "%s", err_text(c->arena, e));
	printf("sent to %s\n", recipient);
	return 0;
}

static int
notifications_template_run(struct cli *c)
{
	const char *recipient = cli_flag(c, "recipient");
	struct trying t;
	int code;

	if (c->n_args >= 1 && c->n_args <= 2 && strcmp(c->args[0], "get") == 0) {
		if (notifications_start(c, &t) != 0)
			return 1;
		code = notifications_print(c, t.config.templates, "template",
		    "NAME                                     MESSAGE", notifications_print_template);
	} else if (c->n_args == 3 && strcmp(c->args[0], "notify") == 0) {
		if (notifications_start(c, &t) != 0)
			return 1;
		code = notifications_notify(&t, recipient != NULL ? recipient : "console:stdout");
	} else {
		return cli_fail(c, "usage: sluice %s %s", c->command->name, c->command->args);
	}
	notifications_done(&t);
	return code;
}

static void
notifications_print_trigger(const char *name, const json_t *conditions)
{
	json_t *one, *template;
	size_t i, k;

	json_array_foreach (conditions, i, one) {
		printf("%-40s %s\n", i == 0 ? name : "", json_str(one, "when") ?: "(the event)");
		json_array_foreach (json_object_get(one, "send"), k, template)
			printf("%-40s   sends %s\n", "", json_string_value(template) ?: "");
	}
}

static int
notifications_evaluate(struct trying *t)
{
	struct cli *c = t->cli;
	json_t *ro = notifications_rollout(t, c->args[2]);
	_cleanup_(json_decrefp) json_t *vars = ro != NULL ? notify_vars(&t->config, ro, t->secret, NULL) : NULL;
	struct notify_condition *conditions;
	size_t n;

	if (ro == NULL)
		return 1;
	if (json_object_get(t->config.triggers, c->args[1]) == NULL)
		return cli_fail(c,
		    "there is no trigger.%s in the ConfigMap; `sluice notifications trigger get` lists them",
		    c->args[1]);
	n = notify_conditions(&t->config, c->args[1], vars, loop_wall(c->loop), c->arena, &conditions);
	printf("%-60s RESULT\n", "CONDITION");
	for (size_t i = 0; i < n; i++)
		printf("%-60s %s\n", conditions[i].when[0] != '\0' ? conditions[i].when : "(the event)",
		    conditions[i].err != NULL ? err_text(c->arena, conditions[i].err)
		    : conditions[i].holds     ? "true"
					      : "false");
	return 0;
}

static int
notifications_trigger_run(struct cli *c)
{
	struct trying t;
	int code;

	if (c->n_args >= 1 && c->n_args <= 2 && strcmp(c->args[0], "get") == 0) {
		if (notifications_start(c, &t) != 0)
			return 1;
		code = notifications_print(c, t.config.triggers, "trigger",
		    "NAME                                     CONDITION", notifications_print_trigger);
	} else if (c->n_args == 3 && strcmp(c->args[0], "run") == 0) {
		if (notifications_start(c, &t) != 0)
			return 1;
		code = notifications_evaluate(&t);
	} else {
		return cli_fail(c, "usage: sluice %s %s", c->command->name, c->command->args);
	}
	notifications_done(&t);
	return code;
}
