/* tests/simulation/ready_count.c: a controller in fifty lines: each Service carries the number of ready pods that it
 * selects.
 *
 * docs/writing-a-controller.md explains it line by line.
 */
#include "tests/simulation/ready_count.h"
#include <inttypes.h>
#include "kube/api/core.h"

#define ANNOTATION "example.org/ready-pods"

struct counting {
	const struct service *service;
	int64_t ready;
};

static bool
selects(const struct service *s, const struct object *pod)
{
	for (size_t i = 0; i < s->spec.selector.n; i++)
		if (!str_eq(object_label(pod, s->spec.selector.at[i].key), s->spec.selector.at[i].value))
			return false;
	return s->spec.selector.n > 0;
}

static void
count(const struct object *o, void *arg)
{
	struct counting *c = arg;

	c->ready += selects(c->service, o) && pod_ready((const struct pod *)o);
}

/* Plans the desired state; the executor makes the requests. */
static void
pass(const struct pass *p, struct plan *plan)
{
	const struct object *o = view_get(p->view, &service_type, p->namespace, p->name);
	struct counting c = { .service = (const struct service *)o };
	const char *text;

	p->view->each(p->view, &pod_type, p->namespace, count, &c);
	text = arena_printf(plan->arena, "%" PRId64, c.ready);
	if (o == NULL || str_eq(object_annotation(o, ANNOTATION), text))
		return;
	plan_apply(plan, o, json_pack("{s:{s:{s:s}}}", "metadata", "annotations", ANNOTATION, text));
	plan_event(plan, o, false, "ReadyPodsChanged", "%" PRId64 " pods are ready", c.ready);
	plan_reason(plan, "%" PRId64 " pods are ready", c.ready);
}

struct pod_mapping {
	const struct object *pod;
	emit_key *emit;
	void *arg;
};

static void
emit_service(const struct object *o, void *arg)
{
	struct pod_mapping *t = arg;

	if (selects((const struct service *)o, t->pod))
		t->emit(o->meta.namespace, o->meta.name, t->arg);
}

/* Emits the Services that select a pod: they get a pass when it changes. */
static void
map_pod(const struct view *v, const struct object *pod, emit_key *emit, void *arg)
{
	struct pod_mapping t = { pod, emit, arg };

	v->each(v, &service_type, pod->meta.namespace, emit_service, &t);
}

static const struct controller_watch watches[] = {
	{ .type = &service_type },
	{ .type = &pod_type, .map = map_pod },
};

const struct controller ready_count_controller = {
	.name = "ready-count",
	.type = &service_type,
	.watches = watches,
	.n_watches = ARRAY_SIZE(watches),
	.pass = pass,
};
