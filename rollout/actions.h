/* rollout/actions.h: actions of users on a Rollout (promote, pause, abort, retry, undo, restart, set image), as
 * patches.
 *
 * The command line and the dashboard read what an action needs, build its patches here, and send them in order. The
 * patches are those of kubectl-argo-rollouts, so that every controller of this API understands them. Only `set image`
 * differs: kubectl-argo-rollouts replaces the whole object. An error has the
 * class ERR_INVALID: the Rollout does not allow the action.
 */
#pragma once
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct err;
struct rollout;
struct type;

#define ACTION_PATCHES_MAX 2

/* One request of an action. */
struct action_patch {
	const struct type *type; /* the type of the object, which is in the Rollout's namespace */
	const char *name;
	bool status; /* it patches the status; if the server has no status subresource (404), the object itself */
	bool json; /* it is a JSON patch, not a merge patch */
	json_t *body; /* owned by the action */
};

/* The patches of an action, in the order in which they are sent; without any, there is nothing to do. The initial value
 * is all zeroes. */
struct action {
	struct action_patch patches[ACTION_PATCHES_MAX];
	size_t n;
};

/* Frees the patches; for _cleanup_ too. */
void action_done(struct action *);

enum promote_mode { PROMOTE_NEXT, PROMOTE_SKIP_STEP, PROMOTE_SKIP_ALL, PROMOTE_FULL };

/* Promotes a Rollout. PROMOTE_NEXT ends the pause, or skips the current step if nothing is paused; PROMOTE_SKIP_STEP
 * skips the current step, PROMOTE_SKIP_ALL all steps, and PROMOTE_FULL also all pauses and analyses. */
struct err *action_promote(struct arena *, const struct rollout *, enum promote_mode, struct action *ret);

/* Abort, retry, pause or restart the Rollout of this name, which is borrowed until action_done(). `at` is a time in
 * RFC 3339. */
void action_abort(const char *name, struct action *ret);
void action_retry(const char *name, struct action *ret);
void action_pause(const char *name, struct action *ret);
void action_restart(const char *name, const char *at, struct action *ret);

/* The object that has the pod template of a Rollout: the Rollout itself, or the workload that it refers to. */
struct template_owner {
	const struct type *type;
	const char *name; /* borrowed from the Rollout */
	const char *pointer; /* JSON pointer to the template, such as "/spec/template" */
};

/* Sets *ret to the object that has the pod template. Returns an error if the kind of the workload is not supported. */
struct err *action_template_owner(struct arena *, const struct rollout *, struct template_owner *ret);

/* Sets the template to that of the ReplicaSet with this revision, without the fields that the controller added.
 * Revision 0 is the one before the newest. `replicasets` is an array of all ReplicaSets of the Rollout. */
struct err *action_undo(
    struct arena *, const struct rollout *, const json_t *replicasets, int64_t revision, struct action *ret);

/* Sets the images of containers: "CONTAINER=IMAGE", where * means all containers. `owner` is the object that has
 * the template, as it was read; if it has changed since, the API server refuses the patch with a conflict. */
struct err *action_set_image(struct arena *, const struct rollout *, const json_t *owner, const char *const *images,
    size_t n_images, struct action *ret);
