/* gitops/held_revision.h: commits that a rollout aborted. Such a commit is not applied to that rollout again, whatever becomes of it, until there is another
 * one, or somebody asks for it. Pure.
 *
 * What is held stands in an annotation (ANNOTATION_HELD) of the Application or Kustomization: {"revision": …, "rollouts": {"NS/NAME": why}}.
 */
#pragma once
#include "base/json.h"
#include "gitops/protocol.h"
#include "kube/api/rollout.h"
#include "kube/plan/controller.h"
#include "kube/plan/plan.h"
#include "kube/plan/view.h"

/* What is held; NULL: nothing, or nothing that can be read. A new reference. */
json_t *held_read(const struct object *);

/* How it is written: a text, or null for nothing. A new reference. */
json_t *held_written(struct arena *, const json_t *held);

/* "NS/NAME" of a Rollout, in the arena. */
const char *held_key(struct arena *, const char *ns, const char *name);

/* What a Rollout says of the update that it aborted; NULL: it did not, or its status is about another spec than it has: that an update was
 * aborted is not said of the next one. Borrowed from it, or static. */
const char *held_why(const struct rollout *);

/* Since when (wall ms) the Rollouts are known to be as `about`, a revision and the spec that it is seen with, has them; 0: they are not, or this
 * process has not seen it. What aborted before that has aborted something else. `resources`: of an answer about it; NULL: there is none in this
 * pass. Those that are held back, `rollouts`, do not count. Keeps notes. */
#define HELD_NOTES "applied", "applied-about"
int64_t held_applied(
    struct plan *, const struct pass *, const char *about, const struct worker_resources *, const json_t *rollouts);

/* Adds those Rollouts among the resources that have aborted what the revision brought, each with an event that says so. The view (NULL: it is of
 * another cluster) knows of it at once, if Rollouts are decided in this process too, and it was after `applied`; a resource, when it was looked at
 * ("aborted": why), and by then somebody may have gone back by hand. True: there were some. */
bool held_add(struct plan *, const struct object *, const struct view *, int64_t applied,
    const struct worker_resources *, const char *revision, json_t *rollouts);

/* Takes those away that have become, and are Healthy as, what the revision has: somebody has tried again, and it went well. `resources`: of an answer
 * about it. An event says so once none is left. True: there were some. */
bool held_drop(
    struct plan *, const struct object *, const struct worker_resources *, const char *revision, json_t *rollouts);

/* For people; NULL: no Rollout is held. In the arena. */
const char *held_text(struct arena *, const char *revision, const json_t *rollouts);
