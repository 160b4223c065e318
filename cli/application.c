/* cli/application.c: shared functions of `sluice app`: find, change and watch an Application. */
#include "cli/application.h"
#include <stdio.h>
#include <string.h>
#include "base/time.h"
#include "cli/watched_objects.h"
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

void
application_read(
    struct cli *c, const json_t *app, const struct application **ret, struct application_status *ret_status)
{
	*ret = (const struct application *)object_decode(&application_type, app, c->arena);
	*ret_status = (struct application_status){ 0 };
	decode_text(&application_status_type, (*ret)->status, c->arena, ret_status);
}

const char *
application_health_text(const struct application_status *s)
{
	return health_names[s->health.status != HEALTH_NONE ? s->health.status : HEALTH_UNKNOWN];
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
	struct watched_objects watched;
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
application_report_results(struct waiting *w, struct arena *a, const struct app_sync_result *result)
{
	for (size_t i = 0; result != NULL && i < result->resources.n; i++) {
		const struct worker_sync_result *r = &result->resources.at[i];
		const char *what = arena_printf(a, "%s/%s", r->kind, r->name), *phase = r->sync_phase;

		application_report(w, arena_printf(a, "%s %s", what, phase),
		    arena_printf(a, "  %-8s %-12s %-40s %s", phase ?: "",
			r->status != RESULT_NONE && r->hook_phase != OPERATION_FAILED
			    ? result_status_names[r->status]
			    : operation_phase_names[r->hook_phase],
			what, r->message ?: ""));
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
application_failure(const struct waiting *w, struct arena *a, const struct application_status *status)
{
	const struct app_operation_state *state = &status->operation_state;
	const struct app_sync_result *r = state->result;

	if (r == NULL || !str_eq(app_revision_text(a, r->revision, &r->revisions), w->until->revision))
		return NULL;
	for (size_t i = 0; i < status->conditions.n; i++)
		if (str_eq(status->conditions.at[i].type, "RevisionHeld"))
			return status->conditions.at[i].message;
	return state->phase == OPERATION_FAILED || state->phase == OPERATION_ERROR ? state->message : NULL;
}

static void
application_wait_check(void *arg)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct waiting *w = arg;
	const struct application *app = (const struct application *)view_get(
	    cache_view(w->watched.cache), &application_type, w->cli->namespace, w->name);
	struct application_status status = { 0 };
	const struct app_operation_state *state = &status.operation_state;
	const char *revision, *why;
	bool ours, over;

	if (app == NULL) {
		application_wait_end(w,
		    watched_objects_cannot_read(&w->watched, &application_type, w->name)
			? 1
			: cli_fail(w->cli, "application \"%s\" not found in namespace %s", w->name, w->cli->namespace));
		return;
	}
	decode_text(&application_status_type, app->status, a, &status);
	revision = app_revision_text(a, status.sync.revision, &status.sync.revisions);
	ours = state->started_at >= w->until->started_after;
	over = app->operation == NULL && ours;
	if (state->phase != OPERATION_NONE && ours) {
		application_report(w, "operation",
		    arena_printf(a, "%s: %s", operation_phase_names[state->phase], state->message ?: ""));
		application_report_results(w, a, state->result);
	}
	if (!w->until->operation || over)
		application_report(w, "application",
		    arena_printf(a, "%s, %s, at %s",
			status.sync.status != SYNC_NONE ? sync_status_names[status.sync.status] : "not compared yet",
			application_health_text(&status), short_revision(w->cli, revision)));
	if (w->until->operation && over && state->phase != OPERATION_SUCCEEDED && w->until->started_after != 0) {
		application_wait_end(w, 1);
		return;
	}
	if (w->until->revision != NULL && (why = application_failure(w, a, &status)) != NULL) {
		application_wait_end(w, cli_fail(w->cli, "application \"%s\": %s", w->name, why));
		return;
	}
	if (w->until->revision != NULL && !str_eq(revision, w->until->revision))
		return;
	if ((!w->until->operation || over) && (!w->until->synced || status.sync.status == SYNC_SYNCED) &&
	    (!w->until->healthy || status.health.status == HEALTH_HEALTHY))
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
	watched_objects_start(c, &w.watched, name, types, ARRAY_SIZE(types));
	if (timeout > 0)
		loop_timer(c->loop, &w.deadline, timeout);
	loop_run(c->loop);
	loop_timer_stop(c->loop, &w.deadline);
	watched_objects_stop(&w.watched);
	map_each (&w.printed, slot)
		free(slot->value);
	map_done(&w.printed);
	return w.watched.failed ? 1 : w.code;
}
