/* web/rollout_action.c: actions of the dashboard (promote, abort, retry, ...): the requests to the API server that one
 * action makes, in order.
 *
 * An action reads the Rollout and the other objects that it needs, sends its patches in order, and reads the Rollout
 * again. If the object changed after it was read, the action is retried from the start, a few times.
 */
#include "web/rollout_action.h"
#include "base/json.h"
#include "base/time.h"
#include "io/loop.h"
#include "kube/api/replicaset.h"
#include "kube/api/rollout.h"
#include "kube/client.h"

#define ATTEMPTS_MAX 5

struct web_action {
	struct web_action_settings settings;
	struct arena *arena;
	struct call *call; /* in flight */
	json_t *rollout, *owner; /* as read */
	json_t *replicasets; /* array */
	struct action action;
	size_t sent; /* patches that were sent */
	int attempts;
	bool whole; /* the server has no status subresource: the status is patched as a part of the object */
};

static void web_action_read(struct web_action *);
static void web_action_send(struct web_action *);

static void
web_action_forget(struct web_action *w)
{
	json_decref(w->rollout);
	json_decref(w->owner);
	json_decref(w->replicasets);
	w->rollout = w->owner = w->replicasets = NULL;
	action_done(&w->action);
	w->sent = 0;
	w->whole = false;
}

static struct web_action *
web_action_free(struct web_action *w)
{
	web_action_forget(w);
	arena_free(w->arena);
	free(w);
	return NULL;
}

static void
web_action_end(struct web_action *w, const struct err *e, const json_t *rollout)
{
	w->settings.done(w->settings.arg, e, rollout);
	web_action_free(w);
}

/* An error ends the action. After a conflict it starts again, because the object has changed. */
static void
web_action_fail(struct web_action *w, const struct err *e)
{
	if (e->class == ERR_CONFLICT && ++w->attempts < ATTEMPTS_MAX) {
		web_action_forget(w);
		web_action_read(w);
	} else {
		web_action_end(w, e, NULL);
	}
}

static const char *
web_action_path(const struct web_action *w, const struct type *t, const char *name, const char *sub)
{
	return client_path(w->arena, t, w->settings.namespace, name, sub);
}

static void
web_action_get(struct web_action *w, const struct type *t, const char *name, client_done *done)
{
	w->call = client_call(w->settings.api, "GET", web_action_path(w, t, name, NULL), NULL, NULL, done, w);
}

/* The patches have succeeded, whether or not the result can be read. */
static void
web_action_on_result(void *arg, const struct err *e, const json_t *rollout)
{
	struct web_action *w = arg;

	w->call = NULL;
	web_action_end(w, NULL, e == NULL ? rollout : NULL);
}

static void
web_action_on_sent(void *arg, const struct err *e, const json_t *body)
{
	struct web_action *w = arg;

	(void)body;
	w->call = NULL;
	if (e != NULL && e->class == ERR_GONE && w->action.patches[w->sent].status && !w->whole) {
		w->whole = true;
	} else if (e != NULL) {
		web_action_fail(w, e);
		return;
	} else {
		w->sent++;
	}
	web_action_send(w);
}

/* Sends the next patch, or after the last one reads the Rollout. */
static void
web_action_send(struct web_action *w)
{
	const struct action_patch *p = &w->action.patches[w->sent];

	if (w->sent == w->action.n)
		web_action_get(w, &rollout_type, w->settings.name, web_action_on_result);
	else
		w->call = client_call(w->settings.api, "PATCH",
		    web_action_path(w, p->type, p->name, p->status && !w->whole ? "status" : NULL),
		    p->json ? PATCH_JSON : PATCH_MERGE, json_text(w->arena, p->body), web_action_on_sent, w);
}

/* Builds the patches from the objects that were read. */
static void
web_action_build(struct web_action *w)
{
	const struct rollout *r =
	    w->rollout != NULL ? (const struct rollout *)object_decode(&rollout_type, w->rollout, w->arena) : NULL;
	const struct web_action_settings *s = &w->settings;
	struct err *e = NULL;

	switch (s->verb) {
	case VERB_PROMOTE: e = action_promote(w->arena, r, s->promote, &w->action); break;
	case VERB_ABORT: action_abort(s->name, &w->action); break;
	case VERB_RETRY: action_retry(s->name, &w->action); break;
	case VERB_RESTART: action_restart(s->name, time_format(w->arena, loop_wall(s->api->loop)), &w->action); break;
	case VERB_UNDO: e = action_undo(w->arena, r, w->replicasets, s->revision, &w->action); break;
	case VERB_SET_IMAGE: e = action_set_image(w->arena, r, w->owner, &s->image, 1, &w->action); break;
	case VERB_MAX: break;
	}
	if (e != NULL)
		web_action_fail(w, e);
	else
		web_action_send(w);
}

/* A ReplicaSet that cannot be read is left out. */
static void
web_action_on_replicaset(void *arg, const json_t *item, const struct unreadable *unreadable)
{
	struct web_action *w = arg;

	if (unreadable == NULL)
		json_array_append(w->replicasets, (json_t *)item);
}

static void
web_action_on_replicasets(void *arg, const struct err *e, const json_t *list)
{
	struct web_action *w = arg;

	(void)list;
	w->call = NULL;
	if (e != NULL)
		web_action_fail(w, e);
	else
		web_action_build(w);
}

static void
web_action_on_owner(void *arg, const struct err *e, const json_t *owner)
{
	struct web_action *w = arg;

	w->call = NULL;
	if (e != NULL) {
		web_action_fail(w, e);
		return;
	}
	w->owner = json_incref((json_t *)owner);
	web_action_build(w);
}

static void
web_action_read_owner(struct web_action *w)
{
	struct template_owner at;
	struct err *e = action_template_owner(
	    w->arena, (const struct rollout *)object_decode(&rollout_type, w->rollout, w->arena), &at);

	if (e != NULL)
		web_action_fail(w, e);
	else
		web_action_get(w, at.type, at.name, web_action_on_owner);
}

static void
web_action_on_rollout(void *arg, const struct err *e, const json_t *rollout)
{
	struct web_action *w = arg;

	w->call = NULL;
	if (e != NULL) {
		web_action_fail(w, e);
		return;
	}
	w->rollout = json_incref((json_t *)rollout);
	if (w->settings.verb == VERB_SET_IMAGE) {
		web_action_read_owner(w);
	} else if (w->settings.verb == VERB_UNDO) {
		w->replicasets = json_array();
		w->call = client_list(w->settings.api, web_action_path(w, &replicaset_type, NULL, NULL),
		    web_action_on_replicaset, web_action_on_replicasets, w);
	} else {
		web_action_build(w);
	}
}

/* The first step: reads the Rollout, if the patches depend on it. */
static void
web_action_read(struct web_action *w)
{
	static const bool needs_rollout[] = {
		[VERB_PROMOTE] = true, [VERB_UNDO] = true, [VERB_SET_IMAGE] = true, [VERB_MAX] = false
	};

	if (needs_rollout[w->settings.verb])
		web_action_get(w, &rollout_type, w->settings.name, web_action_on_rollout);
	else
		web_action_build(w);
}

struct web_action *
web_action_start(const struct web_action_settings *s)
{
	struct web_action *w = mem_alloc(sizeof(*w));

	*w = (struct web_action){ .settings = *s, .arena = arena_new() };
	web_action_read(w);
	return w;
}

struct web_action *
web_action_cancel(struct web_action *w)
{
	if (w == NULL)
		return NULL;
	client_cancel(w->call);
	return web_action_free(w);
}
