/* rollout/actions.h: actions of users on a Rollout (promote, abort, retry, undo, restart, set image), as patches.
 *
 * The command line and the dashboard read what an action needs, build its patches here, and send them in order. The
 * patches are those of kubectl-argo-rollouts, so that every controller of this API understands them. An error has the
 * class ERR_INVALID: what the user asks for is not possible.
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

struct action_patch {
	const struct type *type; /* of the object, in the Rollout's namespace */
	const char *name;
	bool status; /* of its status; if the server has no such subresource (404), of the object itself */
	bool json; /* a JSON patch; otherwise a merge patch */
	json_t *body; /* owned by the action */
};

/* The patches in the order in which they are sent; empty: there is nothing to do. Zero it first. */
struct action {
	struct action_patch patches[ACTION_PATCHES_MAX];
	size_t n;
};

/* Frees the patches; for _cleanup_ too. */
void action_done(struct action *);

enum promote_mode { PROMOTE_NEXT, PROMOTE_SKIP_STEP, PROMOTE_SKIP_ALL, PROMOTE_FULL };

/* PROMOTE_NEXT ends the pause or skips the current step; the other modes skip the current step, all steps, or also
 * all pauses and analyses. */
struct err *action_promote(struct arena *, const struct rollout *, enum promote_mode, struct action *ret);

/* Names are borrowed until the action is done. */
void action_abort(const char *name, struct action *ret);
void action_retry(const char *name, struct action *ret);
void action_pause(const char *name, struct action *ret);
void action_restart(const char *name, const char *at, struct action *ret); /* `at` as RFC 3339 */

/* Where the pod template of a Rollout is: in itself, or in the workload that it refers to. */
struct template_owner {
	const struct type *type;
	const char *name; /* of the Rollout's arena */
	const char *pointer; /* to the template: "/spec/template" */
};

struct err *action_template_owner(struct arena *, const struct rollout *, struct template_owner *ret);

/* Sets the template to that of a ReplicaSet of the Rollout, without what the controller added: of the revision, or
 * with 0 of the one before the newest. `replicasets` is an array of objects. */
struct err *action_undo(
    struct arena *, const struct rollout *, const json_t *replicasets, int64_t revision, struct action *ret);

/* Sets the images of containers: "CONTAINER=IMAGE", where * means all containers. `owner` is the template's owner as
 * it was read; if it has changed since, the API server refuses the patch with a conflict. */
struct err *action_set_image(struct arena *, const struct rollout *, const json_t *owner, const char *const *images,
    size_t n_images, struct action *ret);
