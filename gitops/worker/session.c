/* gitops/worker/session.c: a session, one comparison or sync step in the worker process: its stages in order, and
 * its start and end. */
#include "gitops/worker/session.h"
#include "gitops/worker/credentials.h"
#include "gitops/worker/declared_secrets.h"
#include "gitops/worker/dry_run.h"
#include "gitops/worker/flux_source.h"
#include "gitops/worker/list.h"
#include "gitops/worker/session_response.h"
#include "gitops/worker/session_state.h"
#include "io/log.h"

/* A stage makes calls, a few at once, and ends with the last one. */
struct stage {
	const char *name; /* for the log */
	size_t (*prepare)(struct session *); /* returns the number of calls */
	bool (*start)(struct session *, size_t i); /* starts a call; false: it is not needed. NULL: no calls */
	enum session_stage (*finish)(struct session *); /* returns the stage that follows; NULL: it is `next` */
	enum session_stage next;
};

static const struct stage stages[] = {
	[STAGE_SETTINGS] = { .name = "settings",
	    .prepare = credentials_prepare,
	    .start = credentials_start,
	    .next = STAGE_DECLARED },
	[STAGE_DECLARED] = { .name = "declared repositories",
	    .prepare = declared_secrets_prepare,
	    .start = declared_secrets_start,
	    .next = STAGE_SOURCES },
	[STAGE_FLUX_SETTINGS] = { .name = "settings",
	    .prepare = flux_source_prepare,
	    .start = flux_source_start,
	    .finish = flux_source_finish },
	[STAGE_SOURCES] = { .name = "sources", .prepare = sources_prepare, .finish = sources_finish },
	[STAGE_RECORD] = { .name = "record",
	    .prepare = release_record_prepare,
	    .start = release_record_start,
	    .finish = release_record_finish },
	[STAGE_KINDS] = { .name = "kinds",
	    .prepare = desired_prepare,
	    .start = desired_start,
	    .finish = desired_finish },
	[STAGE_ROLLOUTS] = { .name = "rollouts",
	    .prepare = list_prepare_rollouts,
	    .start = list_start_scope,
	    .next = STAGE_OBJECTS },
	[STAGE_OBJECTS] = { .name = "objects",
	    .prepare = list_prepare_objects,
	    .start = list_start_object,
	    .finish = list_finish },
	[STAGE_DRY_RUNS] = { .name = "dry runs",
	    .prepare = dry_run_prepare,
	    .start = dry_run_start,
	    .finish = dry_run_finish },
	[STAGE_PLAN] = { .name = "plan", .prepare = apply_prepare_plan, .finish = apply_next },
	[STAGE_TASKS] = { .name = "tasks",
	    .prepare = apply_prepare_tasks,
	    .start = apply_start,
	    .finish = apply_finish },
	[STAGE_RELEASE] = { .name = "release", .prepare = release_prepare, .finish = release_finish },
	[STAGE_CRDS] = { .name = "definitions",
	    .prepare = release_crds_prepare,
	    .start = release_crds_start,
	    .finish = release_crds_finish },
	[STAGE_ACTION] = { .name = "action",
	    .prepare = release_prepare_action,
	    .start = release_start_mark,
	    .finish = release_finish_action },
	[STAGE_CHECKS] = { .name = "checks", .prepare = checks_prepare, .start = checks_start, .next = STAGE_END },
};
_Static_assert(ARRAY_SIZE(stages) == STAGE_END, "a row for each stage");

static void
session_enter(struct session *s, enum session_stage stage)
{
	struct session_calls *c = &s->calls;

	log_debug("stage", "name", stages[stage].name);
	s->stage = stage;
	*c = (struct session_calls){ .n = stages[stage].prepare(s) };
	c->at = arena_new_array(s->arena, struct session_call, c->n);
	for (size_t i = 0; i < c->n; i++)
		c->at[i] = (struct session_call){ .session = s, .number = i };
}

/* Starts calls until CALLS_MAX are in flight. When the last one has ended, the next stage begins. An error does not
 * end the session before its calls have ended: a write whose response is not awaited could take effect after the
 * response of the session. */
static void
session_continue(struct session *s)
{
	while (s->stage != STAGE_END) {
		const struct stage *stage = &stages[s->stage];
		struct session_calls *c = &s->calls;
		enum session_stage next;

		while (c->in_flight < CALLS_MAX && c->next < c->n && s->error == NULL)
			if (stage->start(s, c->next++))
				c->in_flight++;
		if (c->in_flight > 0)
			return;
		next = s->error != NULL ? STAGE_END : stage->finish != NULL ? stage->finish(s) : stage->next;
		if (s->error != NULL || next == STAGE_END)
			s->stage = STAGE_END;
		else
			session_enter(s, next);
	}
	s->done(s->arg, session_response_text(s));
}

struct session_call *
session_slot(struct session *s, size_t i)
{
	return &s->calls.at[i];
}

void
session_call_end(struct session_call *c)
{
	c->call = NULL;
	c->session->calls.in_flight--;
	session_continue(c->session);
}

void
session_fail(struct session *s, const char *type, const struct err *e)
{
	if (s->error != NULL)
		return;
	s->error_type = type;
	s->error = err_copy(s->arena, e);
}

static bool
session_has_scripts(const struct application *app)
{
	for (size_t i = 0; i < app->spec.ignore_differences.n; i++)
		if (app->spec.ignore_differences.at[i].jq_paths.n > 0)
			return true;
	return false;
}

static void
session_begin(struct timer *t, void *arg)
{
	struct session *s = arg;

	(void)t;
	/* Scripts of the Application run in a child process that is started before any Secret is read: its memory is
	 * a copy of ours. */
	if (s->error == NULL && s->request.app != NULL && session_has_scripts(s->request.app))
		scripts_begin(s->scripts);
	if (s->error != NULL)
		s->stage = STAGE_END;
	else
		session_enter(s, s->request.app != NULL ? STAGE_SETTINGS : STAGE_FLUX_SETTINGS);
	session_continue(s);
}

struct session *
session_start(const struct worker_deps *deps, const char *request, size_t len,
    void (*done)(void *arg, const char *response), void *arg)
{
	struct session *s = mem_alloc(sizeof(*s));
	struct err *e;

	*s = (struct session){ .arena = arena_new(),
		.done = done,
		.arg = arg,
		.soon = { .fire = session_begin, .arg = s },
		.scripts = scripts_new(deps->script_limits),
		.request = { .mark = { .annotation = true } },
		.cluster = { .api = deps->api, .connect = deps->connect, .own = deps->own },
		.sources = {
		    .git = deps->source, .helm = deps->helm, .variables = { .strict = deps->strict_variables } } };
	resources_init(&s->desired.resources, s->arena);
	if ((e = session_request_read(s, request, len)) != NULL)
		session_fail(s, "InvalidSpecError", e);
	loop_timer(s->cluster.api->loop, &s->soon, 0);
	return s;
}

struct session *
session_cancel(struct session *s)
{
	if (s == NULL)
		return NULL;
	loop_timer_stop(s->cluster.api->loop, &s->soon);
	for (size_t i = 0; i < s->calls.n; i++)
		client_cancel(s->calls.at[i].call);
	cluster_leave(s);
	scripts_free(s->scripts);
	release_done(s);
	resources_done(&s->desired.resources);
	sync_results_done(&s->apply.results);
	arena_free(s->arena);
	free(s);
	return NULL;
}
