/* gitops/engine/sync.c: sync phases, waves and hooks, and pruning: decides the next step. worker/apply.c sends its
 * requests. */
#include "gitops/engine/sync.h"
#include <limits.h>
#include <string.h>

#define WAVE_WAIT_MS 2000 /* between two waves, so that controllers see the first */
#define POLL_MS 3000 /* while a sync waits for an object */
#define CONFIRM_MS 600000 /* between passes that wait for a confirmation; it, or a newer commit, causes one at once */
#define REASONS_MAX 3 /* of tasks that failed, in the message of the sync */

struct sync {
	struct arena *arena;
	const struct sync_operation *op;
	struct resources *all;
	struct sync_results *results;
	struct sync_task *tasks; /* all there are, in order */
	size_t n;
};

static const char *
sync_option_in(const char *text, const char *name)
{
	size_t n = strlen(name);

	return text != NULL && strncmp(text, name, n) == 0 && text[n] == '=' ? text + n + 1 : NULL;
}

const char *
sync_option(struct arena *a, const struct sync_operation *op, const struct app_resource *r, enum sync_option option)
{
	const char *name = sync_option_name(option), *value;
	char *save = NULL;

	if (r != NULL && r->options != NULL)
		for (char *o = strtok_r(arena_strdup(a, r->options), ", ", &save); o != NULL;
		     o = strtok_r(NULL, ", ", &save))
			if ((value = sync_option_in(o, name)) != NULL)
				return value;
	for (size_t i = op->options.n; i-- > 0;)
		if ((value = sync_option_in(op->options.at[i], name)) != NULL)
			return value;
	return NULL;
}

static bool
sync_is_on(struct sync *s, const struct app_resource *r, enum sync_option option)
{
	return str_eq(sync_option(s->arena, s->op, r, option), "true");
}

/* Returns the key of a result, "PHASE/…" with the key of the object after it. In the arena. */
static const char *
sync_result_key(
    struct arena *a, const char *group, const char *kind, const char *ns, const char *name, enum phase phase)
{
	return arena_printf(a, "%d/%s", (int)phase, manifest_key(a, group, kind, ns, name));
}

static struct sync_result *
sync_result_at(const struct sync_results *results, const char *key)
{
	size_t i = (size_t)map_get(&results->by_key, key); /* index + 1; 0: no result */

	return i > 0 ? &results->at[i - 1] : NULL;
}

static struct sync_result *
sync_result_of(struct arena *a, const struct sync_results *results, const struct app_resource *r, enum phase phase)
{
	return sync_result_at(results, sync_result_key(a, r->kind.group, r->kind.kind, r->namespace, r->name, phase));
}

void
sync_results_put(struct sync_results *results, const struct sync_result *r)
{
	const char *key = sync_result_key(results->arena, r->group, r->kind, r->namespace, r->name, r->phase);
	struct sync_result *to = sync_result_at(results, key);

	if (to == NULL) {
		if (results->n == results->capacity) {
			struct sync_result *more = arena_new_array(
			    results->arena, struct sync_result, results->capacity = results->capacity * 2 + 64);

			if (results->n > 0)
				memcpy(more, results->at, results->n * sizeof(*more));
			results->at = more;
		}
		to = &results->at[results->n++];
		map_set(&results->by_key, key, (void *)results->n);
	}
	*to = *r;
}

void
sync_results_done(struct sync_results *results)
{
	map_done(&results->by_key);
}

void
sync_record(struct sync_results *results, const struct sync_task *t, enum result_status status,
    enum operation_phase hook_phase, const char *message)
{
	struct arena *a = results->arena;
	bool hook = t->verb == SYNC_HOOK || t->verb == SYNC_DELETE_HOOK;

	sync_results_put(results, &(struct sync_result){ .group = arena_strdup(a, t->resource->kind.group),
				      .version = arena_strdup(a, t->resource->kind.version),
				      .kind = arena_strdup(a, t->resource->kind.kind),
				      .namespace = arena_strdup(a, t->resource->namespace),
				      .name = arena_strdup(a, t->resource->name),
				      .status = status,
				      .message = arena_strdup(a, message),
				      .hook_type = hook ? phase_name(t->phase) : NULL,
				      .hook_phase = hook_phase,
				      .phase = t->phase });
}

static bool
sync_is_selected(const struct sync_operation *op, const struct app_resource *r)
{
	for (size_t i = 0; i < op->n_selected; i++) {
		const struct sync_selection *s = &op->selected[i];

		if (str_eq(s->kind, r->kind.kind) && str_eq(s->group != NULL ? s->group : "", r->kind.group) &&
		    str_eq(s->name, r->name) && (str_empty(s->namespace) || str_eq(s->namespace, r->namespace)))
			return true;
	}
	return op->selected == NULL;
}

/* Returns whether an object that is no longer desired is pruned. */
static bool
sync_is_to_be_pruned(struct sync *s, const struct app_resource *r)
{
	const char *prune = sync_option(s->arena, s->op, r, s->op->deleting ? OPTION_DELETE : OPTION_PRUNE);

	return s->op->prune && !str_eq(prune, "false");
}

/* Returns whether the object may be deleted only after a confirmation. Source: Argo CD's documentation, "Sync
 * Options", "Resource Pruning With Confirmation" and "Resource Deletion With Confirmation". */
static bool
sync_needs_confirmation(struct sync *s, const struct sync_task *t)
{
	return t->verb == SYNC_PRUNE && !s->op->confirmed &&
	       sync_result_of(s->arena, s->results, t->resource, t->phase) == NULL &&
	       str_eq(sync_option(s->arena, s->op, t->resource, s->op->deleting ? OPTION_DELETE : OPTION_PRUNE),
		   "confirm");
}

static void
sync_add(struct sync *s, enum sync_verb verb, struct app_resource *r, enum phase phase, long wave)
{
	const char *propagation = sync_option(s->arena, s->op, r, OPTION_PRUNE_PROPAGATION_POLICY);

	s->tasks[s->n++] = (struct sync_task){ .verb = verb,
		.resource = r,
		.phase = phase,
		.wave = wave,
		.recreate = r->recreate,
		.replace = sync_is_on(s, r, OPTION_REPLACE),
		.propagation = str_eq(propagation, "background") ? "Background"
			       : str_eq(propagation, "orphan")	 ? "Orphan"
								 : "Foreground" };
}

static int
sync_by_order(const void *x, const void *y)
{
	const struct sync_task *s = x, *t = y;

	if (s->phase != t->phase)
		return s->phase < t->phase ? -1 : 1;
	if (s->wave != t->wave)
		return s->wave < t->wave ? -1 : 1;
	if ((s->verb == SYNC_PRUNE) != (t->verb == SYNC_PRUNE))
		return s->verb == SYNC_PRUNE ? -1 : 1;
	return s->verb == SYNC_PRUNE ? -resource_order(s->resource, t->resource)
				     : resource_order(s->resource, t->resource);
}

static int
sync_by_wave(const void *x, const void *y)
{
	long s = *(const long *)x, t = *(const long *)y;

	return s < t ? -1 : s > t;
}

/* Objects are pruned in the reverse order of their creation; with PruneLast after everything else. */
static void
sync_reverse_prune_waves(struct sync *s)
{
	long *waves = arena_new_array(s->arena, long, s->n + 1), last = 0;
	size_t n = 0, distinct = 0;

	for (size_t i = 0; i < s->n; i++) {
		if (s->tasks[i].verb == SYNC_PRUNE)
			waves[n++] = s->tasks[i].wave;
		if (s->tasks[i].phase == PHASE_SYNC && (i == 0 || s->tasks[i].wave > last))
			last = s->tasks[i].wave;
	}
	qsort(waves, n, sizeof(*waves), sync_by_wave);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || waves[i] != waves[i - 1])
			waves[distinct++] = waves[i];
	for (size_t i = 0; i < s->n; i++) {
		struct sync_task *t = &s->tasks[i];
		size_t k = 0;

		if (t->verb != SYNC_PRUNE)
			continue;
		while (k < distinct && waves[k] != t->wave)
			k++;
		t->wave = sync_is_on(s, t->resource, OPTION_PRUNE_LAST) ? last + 1 : waves[distinct - 1 - k];
	}
}

/* Returns whether the object needs `other`: the CustomResourceDefinition (`definition`) of its kind, or its
 * namespace. */
static bool
sync_needs(const struct app_resource *r, const struct app_resource *other, const json_t *definition)
{
	const json_t *spec = json_object_get(definition, "spec");

	if (definition == NULL)
		return str_eq(r->namespace, other->name);
	return str_eq(json_str(spec, "group"), r->kind.group) &&
	       str_eq(json_str(json_object_get(spec, "names"), "kind"), r->kind.kind);
}

/* A namespace or a definition that other objects need comes before the first of them, whatever its own wave. */
static void
sync_hoist_dependencies(struct sync *s)
{
	for (size_t i = 0; i < s->n; i++) {
		struct sync_task *t = &s->tasks[i];
		bool definition = strcmp(t->resource->kind.kind, "CustomResourceDefinition") == 0;
		_cleanup_(json_decrefp) json_t *object = NULL;

		if (t->verb != SYNC_APPLY || (!definition && (strcmp(t->resource->kind.kind, "Namespace") != 0 ||
								 t->resource->kind.group[0] != '\0')))
			continue;
		object = definition ? json_loads(t->resource->text, 0, NULL) : NULL;
		for (size_t k = 0; k < s->n; k++) {
			const struct sync_task *other = &s->tasks[k];

			if (other->verb == SYNC_PRUNE || other->phase == PHASE_SYNC_FAIL ||
			    !sync_needs(other->resource, t->resource, object))
				continue;
			if (other->phase < t->phase || (other->phase == t->phase && other->wave < t->wave)) {
				t->phase = other->phase;
				t->wave = other->wave;
			}
		}
	}
}

static void
sync_list_tasks(struct sync *s)
{
	s->tasks = arena_new_array(s->arena, struct sync_task, s->all->n * PHASE_MAX + 1);
	for (size_t i = 0; i < s->all->n; i++) {
		struct app_resource *r = &s->all->at[i];

		if (r->skip || r->held || !sync_is_selected(s->op, r))
			continue;
		if (r->hooks != 0) {
			for (int p = 0; p < PHASE_MAX; p++)
				if ((r->hooks & (1u << p)) != 0 && !s->op->without_hooks && s->op->selected == NULL)
					sync_add(s, SYNC_HOOK, r, (enum phase)p, r->wave);
		} else if (r->manifest != NULL || r->implicit) {
			if (r->status != SYNC_SYNCED ||
			    sync_result_of(s->arena, s->results, r, r->implicit ? PHASE_PRE_SYNC : PHASE_SYNC) !=
				NULL ||
			    (!r->implicit && !sync_is_on(s, r, OPTION_APPLY_OUT_OF_SYNC_ONLY)))
				sync_add(s, SYNC_APPLY, r, r->implicit ? PHASE_PRE_SYNC : PHASE_SYNC,
				    r->implicit ? LONG_MIN : r->wave);
		} else if (!r->live) {
			continue;
		} else if (sync_is_to_be_pruned(s, r)) {
			sync_add(s, SYNC_PRUNE, r, PHASE_SYNC, r->wave);
		} else if (sync_result_of(s->arena, s->results, r, PHASE_SYNC) == NULL) {
			sync_record(s->results,
			    &(struct sync_task){ .verb = SYNC_PRUNE, .resource = r, .phase = PHASE_SYNC },
			    RESULT_PRUNE_SKIPPED, OPERATION_NONE,
			    s->op->prune ? "ignored (no prune)" : "ignored (requires pruning)");
		}
	}
	sync_reverse_prune_waves(s);
	sync_hoist_dependencies(s);
	qsort(s->tasks, s->n, sizeof(*s->tasks), sync_by_order);
}

/* The phase of a task by the health of its object. A canary that waits for a promotion has been applied: later tasks
 * need not wait for it, unless an option requires it. */
static enum operation_phase
sync_phase_by_health(struct sync *s, const struct app_resource *r, bool hook)
{
	switch (r->health) {
	case HEALTH_NONE:
	case HEALTH_HEALTHY: return OPERATION_SUCCEEDED;
	case HEALTH_SUSPENDED:
		return !hook && strcmp(r->kind.kind, "Rollout") == 0 &&
			       !sync_is_on(s, r, OPTION_WAIT_FOR_PAUSED_ROLLOUTS)
			   ? OPERATION_SUCCEEDED
			   : OPERATION_RUNNING;
	case HEALTH_DEGRADED: return OPERATION_FAILED;
	case HEALTH_UNKNOWN: return hook ? OPERATION_FAILED : OPERATION_RUNNING;
	default: return OPERATION_RUNNING;
	}
}

static bool
sync_is_running(const struct sync_result *r)
{
	return r != NULL && r->hook_phase == OPERATION_RUNNING;
}

static bool
sync_is_failed(const struct sync_result *r)
{
	return r != NULL && (r->hook_phase == OPERATION_FAILED || r->hook_phase == OPERATION_ERROR ||
				r->status == RESULT_SYNC_FAILED);
}

/* Returns the reason of a failure, "Job/shop/migrate failed: …". It names the object, so that a user knows what to
 * fix. In the results' arena. */
static const char *
sync_failure_text(struct sync *s, const struct app_resource *r, const char *what, const char *why)
{
	return arena_printf(s->results->arena, "%s/%s%s%s %s%s%s", r->kind.kind,
	    r->namespace != NULL ? r->namespace : "", r->namespace != NULL ? "/" : "", r->name, what,
	    str_empty(why) ? "" : ": ", str_empty(why) ? "" : why);
}

/* Updates the results of running tasks by the live objects. */
static void
sync_refresh(struct sync *s)
{
	bool *present = arena_new_array(s->arena, bool, s->results->n + 1);

	for (size_t i = 0; i < s->n; i++) {
		struct sync_task *t = &s->tasks[i];
		struct sync_result *is = sync_result_of(s->arena, s->results, t->resource, t->phase);
		const struct app_resource *r = t->resource;

		if (!sync_is_running(is))
			continue;
		present[is - s->results->at] = true;
		if (t->verb == SYNC_PRUNE) {
			is->hook_phase = r->live ? OPERATION_RUNNING : OPERATION_SUCCEEDED;
		} else if (t->verb == SYNC_HOOK && (!r->live || r->deleting)) {
			is->hook_phase = OPERATION_FAILED;
			is->message = sync_failure_text(s, r, "was deleted before its end was seen", NULL);
		} else if (r->live) {
			is->hook_phase = sync_phase_by_health(s, r, t->verb == SYNC_HOOK);
			if (sync_is_failed(is))
				is->message = sync_failure_text(
				    s, r, t->verb == SYNC_HOOK ? "failed" : "is Degraded", r->health_message);
			else if (t->verb == SYNC_HOOK && r->health_message[0] != '\0')
				is->message = arena_strdup(s->results->arena, r->health_message);
		}
	}
	/* A pruned object is no longer among the resources. */
	for (size_t i = 0; i < s->results->n; i++)
		if (sync_is_running(&s->results->at[i]) && !present[i])
			s->results->at[i].hook_phase = OPERATION_SUCCEEDED;
}

const char *
sync_hook_mark(struct arena *a, const struct sync_operation *op, const struct app_resource *r, enum phase phase)
{
	/* The first of its phases has the bare id. */
	return (r->hooks & ((1u << phase) - 1)) == 0 ? op->id : arena_printf(a, "%s/%s", op->id, phase_name(phase));
}

/* Returns whether the task is a hook that has ended, and that its delete policy deletes now. */
static bool
sync_is_over(const struct sync *s, const struct sync_task *t)
{
	const struct sync_result *is = sync_result_of(s->arena, s->results, t->resource, t->phase);
	const struct app_resource *r = t->resource;

	return t->verb == SYNC_HOOK && is != NULL && !sync_is_running(is) && r->live && !r->deleting &&
	       str_eq(r->operation, sync_hook_mark(s->arena, s->op, r, t->phase)) &&
	       (r->hook_delete & (sync_is_failed(is) ? HOOK_FAILED : HOOK_SUCCEEDED)) != 0;
}

static void
sync_end(struct sync_step *ret, enum operation_phase phase, const char *message)
{
	ret->phase = phase;
	ret->message = message;
}

static void
sync_wait_for(struct sync *s, struct sync_step *ret, const struct sync_task *t)
{
	ret->phase = OPERATION_RUNNING;
	ret->wait_ms = POLL_MS;
	ret->message = t->verb == SYNC_HOOK ? arena_printf(s->arena, "waiting for completion of hook %s/%s/%s",
						  t->resource->kind.group, t->resource->kind.kind, t->resource->name)
					    : arena_printf(s->arena, "waiting for %s state of %s/%s/%s",
						  t->verb == SYNC_PRUNE ? "deleted" : "healthy",
						  t->resource->kind.group, t->resource->kind.kind, t->resource->name);
}

/* Waits until a user has confirmed the deletions. Returns false if there is nothing to confirm. */
static bool
sync_wait_for_confirmation(struct sync *s, struct sync_step *ret)
{
	const struct sync_task *first = NULL;
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		if (sync_needs_confirmation(s, &s->tasks[i])) {
			first = first != NULL ? first : &s->tasks[i];
			n++;
		}
	if (first == NULL)
		return false;
	ret->phase = OPERATION_RUNNING;
	ret->wait_ms = CONFIRM_MS;
	ret->unconfirmed = true;
	ret->message = arena_printf(s->arena, "waiting for %s confirmation of %s/%s/%s%s",
	    s->op->deleting ? "deletion" : "pruning", first->resource->kind.group, first->resource->kind.kind,
	    first->resource->name, n > 1 ? arena_printf(s->arena, " and %zu more resources", n - 1) : "");
	return true;
}

/* The failed tasks, as the end of a message: the first REASONS_MAX, and the number of the others. */
struct sync_reasons {
	const char *text; /* NULL: no reason is known */
	size_t n;
};

static void
sync_reasons_add(struct sync *s, struct sync_reasons *to, const char *reason)
{
	if (str_empty(reason) || to->n++ >= REASONS_MAX)
		return;
	to->text = to->text == NULL ? reason : arena_printf(s->arena, "%s; %s", to->text, reason);
}

static void
sync_end_for_reasons(
    struct sync *s, struct sync_step *ret, const char *what, const char *joint, const struct sync_reasons *why)
{
	const char *more = why->n > REASONS_MAX ? arena_printf(s->arena, "; and %zu more", why->n - REASONS_MAX) : "";

	sync_end(ret, OPERATION_FAILED,
	    why->text == NULL ? what : arena_printf(s->arena, "%s%s%s%s", what, joint, why->text, more));
}

/* Ends the sync with the reasons of its failed tasks, "one or more …, reason: …". */
static void
sync_end_failed(struct sync *s, struct sync_step *ret)
{
	struct sync_reasons reasons = { NULL, 0 };

	for (size_t i = 0; i < s->n; i++) {
		const struct sync_result *is =
		    sync_result_of(s->arena, s->results, s->tasks[i].resource, s->tasks[i].phase);

		if (!sync_is_failed(is))
			continue;
		ret->prune_failed |= s->tasks[i].verb == SYNC_PRUNE;
		sync_reasons_add(s, &reasons, is->message);
	}
	sync_end_for_reasons(
	    s, ret, "one or more synchronization tasks completed unsuccessfully", ", reason: ", &reasons);
}

/* Ends the sync if one of the objects cannot be applied, so that nothing is written. Returns false if it has ended. */
static bool
sync_try_dry(struct sync *s, struct sync_step *ret)
{
	struct sync_reasons reasons = { NULL, 0 };
	bool failed = false;

	for (size_t i = 0; i < s->n; i++) {
		const struct sync_task *t = &s->tasks[i];

		if (t->resource->error == NULL)
			continue;
		sync_record(s->results, t, RESULT_SYNC_FAILED, OPERATION_NONE, t->resource->error);
		sync_reasons_add(s, &reasons, t->resource->error);
		failed = true;
	}
	if (failed) {
		sync_end_for_reasons(s, ret, "one or more objects failed to apply (dry run)", ": ", &reasons);
		return false;
	}
	if (!s->op->dry_run)
		return true;
	for (size_t i = 0; i < s->n; i++)
		sync_record(s->results, &s->tasks[i], s->tasks[i].verb == SYNC_PRUNE ? RESULT_PRUNED : RESULT_SYNCED,
		    OPERATION_NONE, s->tasks[i].verb == SYNC_PRUNE ? "pruned (dry run)" : "would be applied (dry run)");
	sync_end(ret, OPERATION_SUCCEEDED, "successfully synced (dry run)");
	return false;
}

static bool
sync_is_of_same_step(const struct sync_task *x, const struct sync_task *y)
{
	return x->phase == y->phase && x->wave == y->wave;
}

/* The first task, in the phases up to `last`, that nothing was done about. */
static struct sync_task *
sync_first_pending(struct sync *s, enum phase from, enum phase last)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->tasks[i].phase >= from && s->tasks[i].phase <= last &&
		    sync_result_of(s->arena, s->results, s->tasks[i].resource, s->tasks[i].phase) == NULL)
			return &s->tasks[i];
	return NULL;
}

static struct sync_task *
sync_first_with(struct sync *s, bool (*is)(const struct sync_result *))
{
	for (size_t i = 0; i < s->n; i++)
		if (is(sync_result_of(s->arena, s->results, s->tasks[i].resource, s->tasks[i].phase)))
			return &s->tasks[i];
	return NULL;
}

/* The pending tasks of one wave. */
static void
sync_take(struct sync *s, struct sync_step *ret, const struct sync_task *first)
{
	bool more = false;

	for (size_t i = 0; i < s->n; i++) {
		struct sync_task *t = &s->tasks[i];

		if (sync_result_of(s->arena, s->results, t->resource, t->phase) != NULL)
			continue;
		if (sync_is_of_same_step(t, first))
			ret->tasks[ret->n++] = *t;
		else
			more |= t->phase != PHASE_SYNC_FAIL;
	}
	ret->phase = OPERATION_RUNNING;
	ret->message =
	    arena_printf(s->arena, "%s, wave %ld", phase_name(first->phase), first->wave == LONG_MIN ? 0 : first->wave);
	ret->wait_ms = more ? WAVE_WAIT_MS : 0;
}

/* An object of another Application is not applied, even if the spec forbids it only since the sync began. */
static void
sync_refuse_shared(struct sync *s)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct sync_task *t = &s->tasks[i];

		if (t->verb == SYNC_APPLY && t->resource->shared &&
		    sync_result_of(s->arena, s->results, t->resource, t->phase) == NULL)
			sync_record(s->results, t, RESULT_SYNC_FAILED, OPERATION_NONE, t->resource->error);
	}
}

void
sync_next(struct arena *a, const struct sync_operation *op, struct resources *all, struct sync_results *results,
    struct sync_step *ret)
{
	struct sync s = { .arena = a, .op = op, .all = all, .results = results };
	bool started = false, several = false;
	struct sync_task *t;

	*ret = (struct sync_step){ 0 };
	for (size_t i = 0; i < all->n; i++)
		if (all->at[i].unreadable) {
			sync_end(ret, OPERATION_FAILED, all->at[i].error);
			return;
		}
	for (size_t i = 0; i < results->n; i++)
		started |= results->at[i].status != RESULT_PRUNE_SKIPPED;
	sync_list_tasks(&s);
	ret->tasks = arena_new_array(a, struct sync_task, s.n * 2 + 1);
	if (!started && !sync_try_dry(&s, ret))
		return;
	sync_refresh(&s);
	sync_refuse_shared(&s);
	for (size_t i = 0; i < s.n; i++) {
		several |= s.tasks[i].verb == SYNC_HOOK || !sync_is_of_same_step(&s.tasks[i], &s.tasks[0]);
		if (sync_is_over(&s, &s.tasks[i])) {
			ret->tasks[ret->n] = s.tasks[i];
			ret->tasks[ret->n++].verb = SYNC_DELETE_HOOK;
		}
	}
	if (several && (t = sync_first_with(&s, sync_is_running)) != NULL) {
		sync_wait_for(&s, ret, t);
		return;
	}
	if (sync_first_with(&s, sync_is_failed) != NULL) {
		t = op->without_hooks ? NULL : sync_first_pending(&s, PHASE_SYNC_FAIL, PHASE_SYNC_FAIL);
		if (t != NULL)
			sync_take(&s, ret, t);
		else
			sync_end_failed(&s, ret);
		return;
	}
	if (sync_wait_for_confirmation(&s, ret))
		return;
	if ((t = sync_first_pending(&s, PHASE_PRE_SYNC, PHASE_POST_SYNC)) != NULL)
		sync_take(&s, ret, t);
	else
		sync_end(ret, OPERATION_SUCCEEDED, "successfully synced (all tasks run)");
}
