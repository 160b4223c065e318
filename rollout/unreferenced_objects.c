/* rollout/unreferenced_objects.c: cleanup of Services and routers' objects that the rollout wrote to and does not name
 * any more.
 *
 * A Service that selects the hash of a version without pods has no endpoints: the hash and the annotation are
 * removed. Only objects that the annotation assigns to this rollout and that no other rollout names are changed, and
 * only hashes of its ReplicaSets are removed.
 */
#include "rollout/unreferenced_objects.h"
#include "kube/api/core.h"
#include "kube/api/replicaset.h"
#include "kube/plan/controller.h"
#include "rollout/gather.h"
#include "rollout/pass.h"
#include "traffic/owns.h"
#include "traffic/router.h"

#define UNREFERENCED_AGAIN_MS 30000
#define RELEASED "released" /* a note: the generation for which all objects are released */

struct unreferenced {
	struct rollout_pass *p;
	size_t n;
};

static void
unreferenced_service(const struct object *o, void *arg)
{
	struct unreferenced *r = arg;
	const struct rollout_world *w = r->p->w;
	const char *hash = string_map_get(&((const struct service *)o)->spec.selector, LABEL_POD_TEMPLATE_HASH);
	json_t *ops;

	if (!owns_is_left(w->rollout, w->view, o) || world_replicaset(w, hash) == NULL)
		return;
	ops = json_array();
	json_patch_add(ops, "test", "/spec/selector/" LABEL_POD_TEMPLATE_HASH, json_string(hash));
	json_patch_add(ops, "remove", "/spec/selector/" LABEL_POD_TEMPLATE_HASH, NULL);
	object_patch_annotation(r->p->arena, ops, o, ANNOTATION_MANAGED_BY, NULL);
	plan_patch(r->p->plan, o, ops);
	plan_independent(r->p->plan);
	plan_reason(
	    r->p->plan, "Service %s is no longer referenced: removing %s from its selector", o->meta.name, hash);
	r->n++;
}

/* An unreadable object is left to a later pass; its annotation shows that it needs one. */
static void
unreferenced_await_service(const struct object *o, void *arg)
{
	struct unreferenced *r = arg;

	if (!owns_is_left(r->p->w->rollout, r->p->w->view, o))
		return;
	plan_wake(r->p->plan, r->p->w->now + UNREFERENCED_AGAIN_MS);
	r->n++;
}

static const char *const *
unreferenced_hashes(const struct rollout_pass *p, size_t *ret_n)
{
	const char **list = arena_new_array(p->arena, const char *, p->w->n_replicasets);

	for (size_t i = 0; i < p->w->n_replicasets; i++)
		list[i] = object_label(&p->w->replicasets[i]->object, LABEL_POD_TEMPLATE_HASH);
	*ret_n = p->w->n_replicasets;
	return list;
}

static void
unreferenced_found_unreadable(const struct object *o, void *arg)
{
	(void)o;
	*(bool *)arg = true;
}

/* Only a change of the spec releases objects. Therefore those that name the rollout are read once for each
 * generation, and once after a restart of the controller. */
void
unreferenced_release(struct rollout_pass *p)
{
	const struct object *o = &p->w->rollout->object;
	struct unreferenced r = { .p = p };
	const char *const *hashes;
	bool names_unknown = false;
	char key[VIEW_KEY_SIZE];
	size_t n;

	if (seen_note(p->w->seen, RELEASED, -1) != o->meta.generation) {
		/* An unreadable Rollout may name any object in its namespace. */
		view_each_unreadable(
		    p->w->view, &rollout_type, o->meta.namespace, unreferenced_found_unreadable, &names_unknown);
		if (names_unknown) {
			plan_reason(p->plan, "cannot read a Rollout: keeping everything that it may refer to");
			plan_wake(p->plan, p->w->now + UNREFERENCED_AGAIN_MS);
			return;
		}
		view_find(p->w->view, &service_type, &owns_by_manager,
		    view_key(key, o->meta.namespace, o->meta.name, NULL), unreferenced_service, &r);
		view_each_unreadable(p->w->view, &service_type, o->meta.namespace, unreferenced_await_service, &r);
		hashes = unreferenced_hashes(p, &n);
		for (const struct router *const *router = routers; *router != NULL; router++)
			if ((*router)->release != NULL)
				r.n += (*router)->release(p->w->rollout, p->w->view, hashes, n, p->plan);
	}
	if (r.n == 0)
		plan_note(p->plan, RELEASED, o->meta.generation);
}
