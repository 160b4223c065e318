/* gitops/held_revision.h: an aborted commit is not applied to its Rollout again (held revision). Pure.
 *
 * It is held until there is another revision, or a user requests a sync, or the Rollout has become healthy with it. It
 * stands in the annotation ANNOTATION_HELD of the Application or Kustomization, so that it survives the process:
 * {"revision": …, "rollouts": {"NS/NAME": why}}. At most one revision is held.
 */
#pragma once
#include "gitops/protocol.h"
#include "kube/api/rollout.h"
#include "kube/plan/controller.h"

struct held_revision {
	const char *revision; /* NULL: nothing is held */
	int64_t generation; /* of the Kustomization, when the revision was applied; 0: of an Application */
	struct string_map rollouts; /* "NS/NAME" → message of the abort; not empty */
};

/* Kept by this process between two passes. */
struct held_memory {
	int64_t
	    applied_at; /* wall ms: since then all Rollouts are known to be as the revision has them; 0: not known */
	int64_t about; /* number of that revision and spec */
};

struct held_input {
	const struct object *object; /* the Application or Kustomization */
	const struct view *view; /* with the Rollouts; NULL: they are in another cluster */
	int64_t now; /* wall ms */
	const char *revision; /* the newest */
	int64_t generation; /* as in struct held_revision */
	int64_t spec; /* a number that differs from that of another spec */
	bool attempted; /* the revision was synced with this spec */
	bool requested; /* a user requests a sync: nothing is held */
	bool compared; /* the resources are those of a comparison in this pass; false: of the status */
	const struct worker_resources *resources;
};

extern const struct type held_revision_type, held_memory_type;

/* Reads the annotation; texts in the arena. An annotation that is missing or malformed holds nothing: users can
 * write it. */
struct held_revision held_revision_read(struct arena *, const struct object *);

/* The annotation's value: a text, or null if nothing is held. A new reference. */
json_t *held_revision_annotation(struct arena *, const struct held_revision *);

/* Returns the key of a Rollout in the list, "NS/NAME". In the arena. */
const char *held_revision_key(struct arena *, const char *ns, const char *name);

/* Returns why the Rollout is not applied, or NULL if it is. Borrowed. */
const char *held_revision_reason(struct arena *, const struct held_revision *, const char *ns, const char *name);

/* Returns the Rollout's abort message, or NULL if its current spec was not aborted. Borrowed from it, or static. */
const char *held_revision_abort(const struct rollout *);

/* Updates what is held, and adds its events to the plan. Returns whether the annotation must be written. */
bool held_revision_update(struct held_revision *, const struct held_input *, struct held_memory *, struct plan *);

/* The message for users; NULL: nothing is held. In the arena. */
const char *held_revision_text(struct arena *, const struct held_revision *);
