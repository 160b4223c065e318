/* cli/application.c: shared functions of `sluice app`: find, change and watch an Application. */
#include "cli/application.h"
#include <stdio.h>
#include <string.h>
#include "base/time.h"
#include "gitops/source/manifests.h"
#include "kube/client.h"

#define DEFAULT_NAMESPACE "argocd"
#define PRINTED_MAX MANIFESTS_MAX /* resources whose last line is remembered */

int
applications_connect(struct cli *c)
{
	if (cli_connect(c) != 0)
		return 1;
	if (cli_flag(c, "namespace") == NULL)
		c->namespace = DEFAULT_NAMESPACE;
	return 0;
}

const char *
application_name(const struct cli *c)
{
	if (c->n_args == 1)
		return c->args[0];
	cli_fail(c, "usage: sluice %s %s", c->command->name, c->command->args);
	return NULL;
}

const char *
short_revision(struct cli *c, const char *revision)
{
	const char *all = NULL, *at = revision;

	/* Comma-separated, one revision for each source. */
	for (; at != NULL && strchr(revision, ',') != NULL; at = strchr(at, ',') != NULL ? strchr(at, ',') + 1 : NULL)
		all = arena_printf(c->arena, "%s%s%.7s", all != NULL ? all : "", all != NULL ? "," : "",
		    arena_strndup(c->arena, at, strcspn(at, ",")));
	if (all != NULL)
		return all;
	return revision == NULL ? "" : strlen(revision) == 40 ? arena_strndup(c->arena, revision, 7) : revision;
}

static const char *
application_path(struct cli *c, const char *name)
{
	return client_path(c->arena, &application_type, c->namespace, name, NULL);
}

json_t *
application_get(struct cli *c, const char *name)
{
	json_t *app = NULL;
	struct err *e = cli_call(c, "GET", application_path(c, name), NULL, NULL, &app);

	if (e != NULL && e->class == ERR_GONE)
		cli_fail(c, "application \"%s\" not found in namespace %s; choose another with --namespace", name,
		    c->namespace);
	else if (e != NULL)
		cli_error(c, e);
	return app;
}

int
application_patch(struct cli *c, const char *name, json_t *patch)
{
	struct err *e = cli_call(c, "PATCH", application_path(c, name), PATCH_MERGE, patch, NULL);

	if (e != NULL && e->class == ERR_GONE)
		return cli_fail(c, "application \"%s\" not found in namespace %s; choose another with --namespace",
		    name, c->namespace);
	return e != NULL ? cli_error(c, e) : 0;
}

int
application_timeout(const struct cli *c, int64_t *ret)
{
	const char *text = cli_flag(c, "timeout");
	long long seconds;

	*ret = 0;
	if (text == NULL)
		return 0;
	if (str_int(text, 0, 1000000000, &seconds))
		*ret = seconds * 1000;
	else if (!duration_parse(text, ret) || *ret < 0)
		return cli_fail(c, "--timeout: \"%s\" is neither a number of seconds nor a duration such as 5m", text);
	return 0;
}

struct waiting {
	struct cli *cli;
	struct watched watched;
	struct timer deadline;
	const char *name;
	const struct application_until *until;
	struct map printed; /* key → its last line, owned */
	int code;
};

/* Prints a line if it differs from the last one that was printed. */
static void
application_report(struct waiting *w, const char *what, const char *line)
{
	const char *last = map_get(&w->printed, what);

	if (str_eq(last, line) || (last == NULL && w->printed.count >= PRINTED_MAX))
		return;
	printf("%s\n", line);
	free(map_set(&w->printed, what, mem_strdup(line)));
}

static void
application_report_results(struct waiting *w, struct arena *a, const json_t *state)
{
	const json_t *r;
	size_t i;

	json_array_foreach (json_object_get(json_object_get(state, "syncResult"), "resources"), i, r) {
		const char *what = arena_printf(a, "%s/%s", json_str(r, "kind"), json_str(r, "name"));
		const char *status = json_str(r, "status"), *phase = json_str(r, "hookPhase");

		application_report(w, arena_printf(a, "%s %s", what, json_str(r, "syncPhase")),
		    arena_printf(a, "  %-8s %-12s %-40s %s", json_str(r, "syncPhase") ?: "",
			status != NULL && !str_eq(phase, "Failed") ? status
			: phase != NULL				   ? phase
								   : "",
			what, json_str(r, "message") ?: ""));
	}
}

static void
application_wait_end(struct waiting *w, int code)
{
	w->code = code;
	loop_stop(w->cli->loop);
}

/* Returns the failure of the awaited revision, or NULL. Borrowed. */
static const char *
application_failure(const struct waiting *w, const json_t *status)
{
	const json_t *state = json_object_get(status, "operationState"),
		     *held = status_condition(status, "RevisionHeld");
	const char *phase = json_str(state, "phase");

	if (!str_eq(application_revision(w->cli->arena, json_object_get(state, "syncResult")), w->until->revision))
		return NULL;
	if (held != NULL)
		return json_str(held, "message");
	return str_eq(phase, "Failed") || str_eq(phase, "Error") ? json_str(state, "message") : NULL;
}

static void
application_wait_check(void *arg)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct waiting *w = arg;
	const struct application *app = (const struct application *)view_get(
	    cache_view(w->watched.cache), &application_type, w->cli->namespace, w->name);
	_cleanup_(json_decrefp) json_t *status =
	    app != NULL && app->status != NULL ? json_loads(app->status, 0, NULL) : NULL;
	const json_t *state = json_object_get(status, "operationState");
	const char *sync = json_str(json_object_get(status, "sync"), "status"),
		   *health = json_str(json_object_get(status, "health"), "status");
	const char *phase = json_str(state, "phase"), *started = json_str(state, "startedAt"), *why;
	const char *revision = application_revision(a, json_object_get(status, "sync"));
	bool ours =
	    w->until->started_after == NULL || (started != NULL && strcmp(started, w->until->started_after) >= 0);
	bool over = app != NULL && app->operation == NULL && ours;

	if (app == NULL) {
		application_wait_end(w,
		    watched_cannot_read(&w->watched, &application_type, w->name)
			? 1
			: cli_fail(w->cli, "application \"%s\" not found in namespace %s", w->name, w->cli->namespace));
		return;
	}
	if (phase != NULL && ours) {
		application_report(w, "operation", arena_printf(a, "%s: %s", phase, json_str(state, "message") ?: ""));
		application_report_results(w, a, state);
	}
	if (!w->until->operation || over)
		application_report(w, "application",
		    arena_printf(a, "%s, %s, at %s", sync != NULL ? sync : "not compared yet",
			health != NULL ? health : "Unknown", short_revision(w->cli, revision)));
	if (w->until->operation && over && !str_eq(phase, "Succeeded") && w->until->started_after != NULL) {
		application_wait_end(w, 1);
		return;
	}
	if (w->until->revision != NULL && (why = application_failure(w, status)) != NULL) {
		application_wait_end(w, cli_fail(w->cli, "application \"%s\": %s", w->name, why));
		return;
	}
	if (w->until->revision != NULL && !str_eq(revision, w->until->revision))
		return;
	if ((!w->until->operation || over) && (!w->until->synced || str_eq(sync, "Synced")) &&
	    (!w->until->healthy || str_eq(health, "Healthy")))
		application_wait_end(w, 0);
}

static void
application_wait_timeout(struct timer *t, void *arg)
{
	struct waiting *w = arg;

	(void)t;
	application_wait_end(w, cli_fail(w->cli, "timed out waiting for application \"%s\"", w->name));
}

int
application_wait(struct cli *c, const char *name, const struct application_until *until)
{
	static const struct type *const types[] = { &application_type };
	struct waiting w = { .cli = c, .name = name, .until = until };
	int64_t timeout;

	if (application_timeout(c, &timeout) != 0)
		return 1;
	w.deadline = (struct timer){ .fire = application_wait_timeout, .arg = &w };
	w.watched.changed = application_wait_check;
	w.watched.arg = &w;
	watched_start(c, &w.watched, name, types, ARRAY_SIZE(types));
	if (timeout > 0)
		loop_timer(c->loop, &w.deadline, timeout);
	loop_run(c->loop);
	loop_timer_stop(c->loop, &w.deadline);
	watched_stop(&w.watched);
	map_each (&w.printed, slot)
		free(slot->value);
	map_done(&w.printed);
	return w.watched.failed ? 1 : w.code;
}
