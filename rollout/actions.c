/* rollout/actions.c: actions of users on a Rollout (promote, pause, abort, retry, undo, restart, set image), as
 * patches. */
#include "rollout/actions.h"
#include <string.h>
#include "base/json.h"
#include "base/str.h"
#include "kube/api/patch.h"
#include "kube/api/replicaset.h"
#include "kube/api/workload.h"
#include "rollout/affinity.h"

/* Adds a patch, which is consumed. */
static struct action_patch *
action_add(struct action *a, const struct type *type, const char *name, json_t *body)
{
	struct action_patch *p = &a->patches[a->n++];

	*p = (struct action_patch){ .type = type, .name = name, .body = body };
	return p;
}

static void
action_add_status(struct action *a, const char *name, json_t *status)
{
	action_add(a, &rollout_type, name, json_pack("{s:o}", "status", status))->status = true;
}

static void
action_add_spec(struct action *a, const char *name, json_t *spec)
{
	action_add(a, &rollout_type, name, json_pack("{s:o}", "spec", spec));
}

void
action_done(struct action *a)
{
	for (size_t i = 0; i < a->n; i++)
		json_decref(a->patches[i].body);
	*a = (struct action){ 0 };
}

/* Returns what PROMOTE_NEXT sets in the status, or NULL. */
static json_t *
action_next(const struct rollout *r, int64_t step, int64_t n_steps)
{
	bool paused = r->status.pause_conditions.n > 0;

	/* The analysis was inconclusive: the promotion is the user's decision to continue. */
	if (paused && r->status.controller_pause && step < n_steps && r->status.canary.step_analysis != NULL &&
	    str_eq(r->status.canary.step_analysis->status, "Inconclusive"))
		return json_pack("{s:n,s:b,s:I}", "pauseConditions", "controllerPause", 0, "currentStepIndex",
		    (json_int_t)(step + 1));
	if (paused)
		return json_pack("{s:n}", "pauseConditions");
	if (step < n_steps)
		return json_pack("{s:n,s:I}", "pauseConditions", "currentStepIndex", (json_int_t)(step + 1));
	return NULL;
}

struct err *
action_promote(struct arena *a, const struct rollout *r, enum promote_mode how, struct action *ret)
{
	int64_t n = r->spec.strategy.canary != NULL ? (int64_t)r->spec.strategy.canary->steps.n : 0;
	int64_t step = r->status.current_step_index.present ? r->status.current_step_index.value : 0;
	const char *name = r->object.meta.name;
	json_t *status = NULL;

	if ((how == PROMOTE_SKIP_STEP || how == PROMOTE_SKIP_ALL) && n == 0)
		return err_new(a, ERR_INVALID, "rollout '%s' has no steps to skip", name);
	switch (how) {
	case PROMOTE_NEXT: status = action_next(r, step, n); break;
	case PROMOTE_SKIP_STEP:
		status = json_pack("{s:I}", "currentStepIndex", (json_int_t)(step < n ? step + 1 : n));
		break;
	case PROMOTE_SKIP_ALL: status = json_pack("{s:I}", "currentStepIndex", (json_int_t)n); break;
	case PROMOTE_FULL:
		if (!str_eq(r->status.current_pod_hash, r->status.stable_rs))
			status = json_pack("{s:b}", "promoteFull", 1);
		break;
	}
	if (status != NULL)
		action_add_status(ret, name, status);
	if (r->spec.paused)
		action_add_spec(ret, name, json_pack("{s:b}", "paused", 0));
	return NULL;
}

void
action_abort(const char *name, struct action *ret)
{
	action_add_status(ret, name, json_pack("{s:b}", "abort", 1));
}

void
action_retry(const char *name, struct action *ret)
{
	action_add_status(ret, name, json_pack("{s:b}", "abort", 0));
}

void
action_pause(const char *name, struct action *ret)
{
	action_add_spec(ret, name, json_pack("{s:b}", "paused", 1));
}

void
action_restart(const char *name, const char *at, struct action *ret)
{
	action_add_spec(ret, name, json_pack("{s:s}", "restartAt", at));
}

struct err *
action_template_owner(struct arena *a, const struct rollout *r, struct template_owner *ret)
{
	const struct workload_ref *ref = r->spec.workload_ref;
	const struct type *t = ref != NULL ? workload_type(ref) : &rollout_type;

	if (t == NULL || (ref != NULL && ref->name == NULL))
		return err_new(a, ERR_INVALID, "rollout '%s' refers to a workload of a kind that is not known",
		    r->object.meta.name);
	ret->type = t;
	ret->name = ref != NULL ? ref->name : r->object.meta.name;
	ret->pointer = t == &pod_template_object_type ? "/template" : "/spec/template";
	return NULL;
}

static int64_t
action_revision(const json_t *rs)
{
	long long n = 0;

	str_int(json_string_value(json_object_get(json_at(rs, "/metadata/annotations"), ANNOTATION_REVISION)), 0,
	    INT32_MAX, &n);
	return n;
}

static bool
action_owns(const struct rollout *r, const json_t *rs)
{
	json_t *owner;
	size_t i;

	json_array_foreach (json_at(rs, "/metadata/ownerReferences"), i, owner)
		if (str_eq(json_str(owner, "uid"), r->object.meta.uid))
			return true;
	return false;
}

/* Returns the Rollout's ReplicaSet of a revision, or with 0 of the second newest; or NULL. */
static const json_t *
action_find_revision(const struct rollout *r, const json_t *replicasets, int64_t revision)
{
	const json_t *newest = NULL, *second = NULL;
	json_t *rs;
	size_t i;

	json_array_foreach (replicasets, i, rs) {
		if (!action_owns(r, rs))
			continue;
		if (revision > 0 && action_revision(rs) == revision)
			return rs;
		if (newest == NULL || action_revision(rs) > action_revision(newest)) {
			second = newest;
			newest = rs;
		} else if (second == NULL || action_revision(rs) > action_revision(second)) {
			second = rs;
		}
	}
	return revision > 0 ? NULL : second;
}

/* Returns the ReplicaSet's template without what the controller put into it: a new reference. */
static json_t *
action_clean_template(const json_t *rs)
{
	static const char *const kinds[] = { "labels", "annotations" };
	const char *text =
	    json_string_value(json_object_get(json_at(rs, "/metadata/annotations"), ANNOTATION_EPHEMERAL_METADATA));
	_cleanup_(json_decrefp) json_t *added = text != NULL ? json_loads(text, 0, NULL) : NULL;
	json_t *template = json_deep_copy(json_at(rs, "/spec/template")), *value;
	const char *key;

	json_object_del(json_at(template, "/metadata/labels"), LABEL_POD_TEMPLATE_HASH);
	affinity_remove(template);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		json_object_foreach (json_object_get(added, kinds[i]), key, value)
			json_object_del(json_object_get(json_object_get(template, "metadata"), kinds[i]), key);
	return template;
}

struct err *
action_undo(struct arena *a, const struct rollout *r, const json_t *replicasets, int64_t revision, struct action *ret)
{
	const json_t *rs = action_find_revision(r, replicasets, revision);
	const char *name = r->object.meta.name;
	struct template_owner owner;
	struct err *e;
	json_t *ops;

	if (rs == NULL)
		return err_new(a, ERR_INVALID, "rollout '%s' has no %s; `sluice get rollout %s` shows its revisions",
		    name, revision > 0 ? arena_printf(a, "revision %lld", (long long)revision) : "earlier revision",
		    name);
	if ((e = action_template_owner(a, r, &owner)) != NULL)
		return e;
	ops = json_array();
	json_patch_add(ops, "replace", owner.pointer, action_clean_template(rs));
	action_add(ret, owner.type, owner.name, ops)->json = true;
	return NULL;
}

/* Sets the image of the containers and init containers of this name ("*": of all). Returns the number of containers. */
static size_t
action_set_images(json_t *pod_spec, const char *container, size_t name_len, const char *image)
{
	static const char *const lists[] = { "containers", "initContainers" };
	size_t i, n = 0;
	json_t *c;

	for (size_t l = 0; l < ARRAY_SIZE(lists); l++)
		json_array_foreach (json_object_get(pod_spec, lists[l]), i, c) {
			const char *name = json_str(c, "name");
			bool named =
			    name != NULL && strlen(name) == name_len && strncmp(name, container, name_len) == 0;

			if (named || (name_len == 1 && container[0] == '*')) {
				json_object_set_new(c, "image", json_string(image));
				n++;
			}
		}
	return n;
}

struct err *
action_set_image(struct arena *a, const struct rollout *r, const json_t *owner, const char *const *images,
    size_t n_images, struct action *ret)
{
	_cleanup_(json_decrefp) json_t *pod_spec = NULL;
	struct template_owner at;
	struct err *e = action_template_owner(a, r, &at);
	json_t *template, *body;

	if (e != NULL)
		return e;
	pod_spec = json_deep_copy(json_object_get(json_at(owner, at.pointer), "spec"));
	for (size_t i = 0; i < n_images; i++) {
		size_t n = strcspn(images[i], "=");

		if (n == 0 || images[i][n] == '\0' || images[i][n + 1] == '\0' ||
		    action_set_images(pod_spec, images[i], n, images[i] + n + 1) == 0)
			return err_new(a, ERR_INVALID,
			    "\"%s\": want CONTAINER=IMAGE, with a container of the rollout's template", images[i]);
	}
	/* The lists are replaced as a whole: the patch has the resourceVersion from which they were read. */
	template = json_pack("{s:{s:O*,s:O*}}", "spec", "containers", json_object_get(pod_spec, "containers"),
	    "initContainers", json_object_get(pod_spec, "initContainers"));
	body = at.type == &pod_template_object_type ? json_pack("{s:o}", "template", template)
						    : json_pack("{s:{s:o}}", "spec", "template", template);
	json_object_set_new(
	    body, "metadata", json_pack("{s:O*}", "resourceVersion", json_at(owner, "/metadata/resourceVersion")));
	action_add(ret, at.type, at.name, body);
	return NULL;
}
