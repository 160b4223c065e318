/* kube/plan/plan.c: plans: functions that add steps, events and queries, and print a plan. */
#include "kube/plan/plan.h"
#include "base/utf8.h"
#include <inttypes.h>
#include <string.h>
#include "base/time.h"
#include "kube/api/diff.h"

#define STATUS_MAX (64u << 20) /* bytes; the API server accepts a fraction of it */

static const char *const op_names[] = {
	[PLAN_CREATE] = "create",
	[PLAN_PATCH] = "patch",
	[PLAN_MERGE] = "merge",
	[PLAN_APPLY] = "apply",
	[PLAN_SCALE] = "scale",
	[PLAN_DELETE] = "delete",
	[PLAN_EVICT] = "evict",
	[PLAN_EVENT] = "event",
	[PLAN_QUERY] = "query",
};
_Static_assert(ARRAY_SIZE(op_names) == PLAN_OP_MAX, "a name an operation");

struct plan *
plan_new(struct arena *a)
{
	struct plan *p = arena_alloc(a, sizeof(*p));

	p->arena = a;
	return p;
}

/* A plan outlives the pass that made it, and objects in the cache are replaced: it copies their type, name and
 * version. */
static const struct object *
plan_own(struct plan *p, const struct object *o)
{
	struct object *copy = arena_alloc(p->arena, sizeof(*copy));

	copy->type = o->type;
	copy->meta.name = arena_strdup(p->arena, o->meta.name);
	copy->meta.namespace = arena_strdup(p->arena, o->meta.namespace);
	copy->meta.uid = arena_strdup(p->arena, o->meta.uid);
	copy->meta.resource_version = arena_strdup(p->arena, o->meta.resource_version);
	return copy;
}

/* Returns true if a list of n entries may grow; otherwise the entry is counted as left out. */
static bool
plan_has_room(struct plan *p, size_t n, size_t max)
{
	if (n < max)
		return true;
	p->left_out++;
	return false;
}

/* Adds a step at the end of a list; beyond `max` it returns a step that is in no list. */
static struct plan_step *
plan_append(struct plan *p, struct plan_step **list, size_t *n, size_t *capacity, size_t max, enum plan_op op)
{
	struct plan_step *s;

	if (plan_has_room(p, *n, max)) {
		*list = arena_grow(p->arena, *list, *n, capacity, sizeof(**list));
		s = &(*list)[(*n)++];
	} else {
		s = arena_alloc(p->arena, sizeof(*s));
	}
	*s = (struct plan_step){ .op = op };
	return s;
}

static struct plan_step *
plan_add(struct plan *p, enum plan_op op)
{
	p->step_left_out = p->n_steps == PLAN_STEPS_MAX;
	return plan_append(p, &p->steps, &p->n_steps, &p->capacity, PLAN_STEPS_MAX, op);
}

static struct plan_step *
plan_add_write(struct plan *p, enum plan_op op, const struct object *o, json_t *body)
{
	struct plan_step *s = plan_add(p, op);

	o = plan_own(p, o);
	s->type = o->type;
	s->namespace = o->meta.namespace;
	s->name = o->meta.name;
	s->uid = o->meta.uid;
	s->resource_version = o->meta.resource_version;
	s->body = body != NULL ? json_text(p->arena, body) : NULL;
	json_decref(body);
	return s;
}

void
plan_create(struct plan *p, const struct type *t, const char *ns, const char *name, json_t *body)
{
	struct plan_step *s = plan_add(p, PLAN_CREATE);

	s->type = t;
	s->namespace = arena_strdup(p->arena, ns);
	s->name = arena_strdup(p->arena, name);
	s->body = json_text(p->arena, body);
	json_decref(body);
}

void
plan_patch(struct plan *p, const struct object *o, json_t *ops)
{
	plan_add_write(p, PLAN_PATCH, o, ops);
}

void
plan_merge(struct plan *p, const struct object *o, json_t *patch)
{
	json_t *meta = json_object_get(patch, "metadata");

	if (meta == NULL) {
		meta = json_object();
		json_object_set_new(patch, "metadata", meta);
	}
	json_object_set_new(meta, "resourceVersion", json_string(o->meta.resource_version));
	plan_add_write(p, PLAN_MERGE, o, patch);
}

void
plan_scale(struct plan *p, const struct object *o, int64_t replicas)
{
	plan_add_write(p, PLAN_SCALE, o,
	    json_pack("{s:{s:s}, s:{s:I}}", "metadata", "resourceVersion", o->meta.resource_version, "spec", "replicas",
		(json_int_t)replicas));
}

void
plan_apply(struct plan *p, const struct object *o, json_t *config)
{
	const struct type *t = o->type;
	json_t *meta = json_object_get(config, "metadata");

	if (meta == NULL) {
		meta = json_object();
		json_object_set_new(config, "metadata", meta);
	}
	json_object_set_new(config, "apiVersion",
	    json_string(t->group[0] == '\0' ? t->version : arena_printf(p->arena, "%s/%s", t->group, t->version)));
	json_object_set_new(config, "kind", json_string(t->kind));
	json_object_set_new(meta, "name", json_string(o->meta.name));
	json_object_set_new(meta, "uid", json_string(o->meta.uid));
	plan_add_write(p, PLAN_APPLY, o, config);
}

void
plan_delete(struct plan *p, const struct object *o)
{
	plan_add_write(p, PLAN_DELETE, o, NULL);
}

void
plan_delete_now(struct plan *p, const struct object *o)
{
	plan_add_write(p, PLAN_DELETE, o, NULL)->now = true;
}

void
plan_evict(struct plan *p, const struct object *pod)
{
	plan_add_write(p, PLAN_EVICT, pod, NULL);
}

void
plan_unless_gone(struct plan *p)
{
	if (p->n_steps > 0 && !p->step_left_out)
		p->steps[p->n_steps - 1].unless_gone = true;
}

void
plan_strict(struct plan *p)
{
	if (p->n_steps > 0 && !p->step_left_out)
		p->steps[p->n_steps - 1].strict = true;
}

void
plan_independent(struct plan *p)
{
	if (p->n_steps > 0 && !p->step_left_out)
		p->steps[p->n_steps - 1].independent = true;
}

void
plan_independent_since(struct plan *p, size_t n)
{
	while (n < p->n_steps && (p->steps[n].op == PLAN_EVENT || p->steps[n].op == PLAN_QUERY))
		n++;
	if (n < p->n_steps)
		p->steps[n].independent = true;
}

struct plan_step *
plan_event(struct plan *p, const struct object *about, bool warning, const char *reason, const char *format, ...)
{
	struct plan_step *s = plan_add(p, PLAN_EVENT);
	va_list ap;

	va_start(ap, format);
	s->message = utf8_shown(p->arena, arena_vprintf(p->arena, format, ap), SIZE_MAX);
	va_end(ap);
	s->about = plan_own(p, about);
	s->warning = warning;
	s->reason = reason;
	s->revision = p->revision;
	return s;
}

void
plan_revision(struct plan *p, const char *revision)
{
	p->revision = arena_strdup(p->arena, revision);
}

struct plan_step *
plan_status_event(struct plan *p, const struct object *about, bool warning, const char *reason, const char *format, ...)
{
	struct plan_step *s;
	va_list ap;

	s = plan_append(
	    p, &p->status_events, &p->n_status_events, &p->status_capacity, PLAN_STATUS_EVENTS_MAX, PLAN_EVENT);
	s->about = plan_own(p, about);
	s->warning = warning;
	s->reason = reason;
	s->revision = p->revision;
	va_start(ap, format);
	s->message = utf8_shown(p->arena, arena_vprintf(p->arena, format, ap), SIZE_MAX);
	va_end(ap);
	return s;
}

void
plan_query(struct plan *p, const char *key, const struct query *q)
{
	struct plan_step *s = plan_add(p, PLAN_QUERY);
	struct query *copy = arena_alloc(p->arena, sizeof(*copy));

	*copy = *q;
	s->key = key;
	s->query = copy;
}

void
plan_keep(struct plan *p, const char *key)
{
	if (!plan_has_room(p, p->n_kept, PLAN_KEPT_MAX))
		return;
	p->kept = arena_grow(p->arena, p->kept, p->n_kept, &p->kept_capacity, sizeof(*p->kept));
	p->kept[p->n_kept++] = key;
}

void
plan_status(struct plan *p, const struct object *o, json_t *from, json_t *to)
{
	plan_status_with(p, o, from, to, NULL);
}

void
plan_status_with(struct plan *p, const struct object *o, json_t *from, json_t *to, json_t *more)
{
	json_t *diff = merge_patch_diff(from, to), *patch, *meta;

	json_decref(from);
	json_decref(to);
	if (diff == NULL && json_object_size(more) == 0) {
		json_decref(more);
		return;
	}
	patch = more != NULL ? more : json_object();
	meta = json_object_get(patch, "metadata");
	if (meta == NULL)
		json_object_set_new(patch, "metadata", meta = json_object());
	json_object_set_new(meta, "resourceVersion", json_string(o->meta.resource_version));
	if (diff != NULL)
		json_object_set_new(patch, "status", diff);
	p->status_of = plan_own(p, o);
	p->status = json_text(p->arena, patch);
	json_decref(patch);
}

void
plan_status_rows(struct plan *p, const struct object *o, const struct type *t, const void *from, const void *to)
{
	struct str s;

	str_init(&s, STATUS_MAX);
	str_adds(&s, "{\"metadata\":{");
	if (o->meta.resource_version != NULL) {
		str_adds(&s, "\"resourceVersion\":");
		json_add_string(&s, o->meta.resource_version);
	}
	str_adds(&s, "},\"status\":");
	if (type_diff(&s, t, from, to)) {
		str_addc(&s, '}');
		p->status_of = plan_own(p, o);
		p->status = arena_strdup(p->arena, str_text(&s));
	}
	str_done(&s);
}

void
plan_drop_steps(struct plan *p)
{
	p->n_steps = p->n_kept = 0;
	p->wake_at = 0;
}

void
plan_wake(struct plan *p, int64_t at)
{
	if (at > 0 && (p->wake_at == 0 || at < p->wake_at))
		p->wake_at = at;
}

void
plan_note(struct plan *p, const char *name, int64_t value)
{
	for (size_t i = 0; i < p->n_notes; i++)
		if (strcmp(p->notes[i].name, name) == 0) {
			p->notes[i].value = value;
			return;
		}
	if (!plan_has_room(p, p->n_notes, PLAN_NOTES_MAX))
		return;
	p->notes = arena_grow(p->arena, p->notes, p->n_notes, &p->notes_capacity, sizeof(*p->notes));
	p->notes[p->n_notes++] = (struct note){ name, value };
}

void
plan_status_typed(struct plan *p, const struct object *o, const struct type *type, const char *stored, const void *was,
    const void *to, json_t *more)
{
	_cleanup_(json_decrefp) json_t *before = NULL, *after = NULL, *diff = NULL;
	json_t *from;

	if (json_object_size(more) == 0 && type_equal(type, was, to)) {
		json_decref(more);
		return;
	}
	before = encode(type, was);
	after = encode(type, to);
	diff = merge_patch_diff(before, after);
	from = stored != NULL ? json_loads(stored, 0, NULL) : NULL;
	if (!json_is_object(from)) {
		json_decref(from);
		from = json_object();
	}
	plan_status_with(p, o, json_incref(from),
	    diff != NULL ? merge_patch_apply(json_deep_copy(from), diff) : json_incref(from), more);
	json_decref(from);
}

void
plan_memory(struct plan *p, const struct type *type, const void *memory)
{
	size_t before = arena_used(p->arena);

	p->memory = type_copy(type, memory, p->arena);
	p->memory_size = arena_used(p->arena) - before;
}

void
plan_reason(struct plan *p, const char *format, ...)
{
	va_list ap;

	if (!plan_has_room(p, p->n_reasons, PLAN_REASONS_MAX))
		return;
	p->reasons = arena_grow(p->arena, p->reasons, p->n_reasons, &p->reasons_capacity, sizeof(*p->reasons));
	va_start(ap, format);
	p->reasons[p->n_reasons++] = arena_vprintf(p->arena, format, ap);
	va_end(ap);
}

void
plan_include(struct plan *p, const struct plan *other)
{
	size_t before = p->n_steps;

	for (size_t i = 0; i < other->n_steps; i++)
		*plan_add(p, other->steps[i].op) = other->steps[i];
	plan_independent_since(p, before);
	for (size_t i = 0; i < other->n_kept; i++)
		plan_keep(p, other->kept[i]);
	for (size_t i = 0; i < other->n_notes; i++)
		plan_note(p, other->notes[i].name, other->notes[i].value);
	for (size_t i = 0; i < other->n_reasons; i++)
		plan_reason(p, "%s", other->reasons[i]);
	if (other->wake_at != 0)
		plan_wake(p, other->wake_at);
}

bool
plan_is_quiet(const struct plan *p)
{
	return p->n_steps == 0 && p->status == NULL;
}

/* The URL of a program is the controller's configuration, which no plan shows. */
static const char *
plan_query_shown(const struct query *q)
{
	const char *url = q->to == QUERY_PROGRAM ? "" : q->request.url;

	return q->shown != NULL ? q->shown : url;
}

static void
plan_print_step(struct str *s, const struct plan_step *step)
{
	if (step->op == PLAN_EVENT)
		str_addf(s, "event %s %s%s: %s\n", step->warning ? "Warning" : "Normal", step->reason,
		    step->implied ? " (implied)" : "", step->message);
	else if (step->op == PLAN_QUERY)
		str_addf(s, "query %s %s %s\n", step->key, step->query->request.method, plan_query_shown(step->query));
	else
		str_addf(s, "%s %s %s%s%s\n", op_names[step->op], step->type->kind, step->name,
		    step->body != NULL ? " " : "", step->body != NULL ? step->body : "");
}

const char *
plan_print(const struct plan *p)
{
	struct str s;
	const char *text;

	str_init(&s, 4u << 20);
	for (size_t i = 0; i < p->n_reasons; i++)
		str_addf(&s, "# %s\n", p->reasons[i]);
	if (p->urgent)
		str_adds(&s, "urgent\n");
	for (size_t i = 0; i < p->n_steps; i++)
		plan_print_step(&s, &p->steps[i]);
	if (p->status != NULL)
		str_addf(&s, "status %s %s\n", p->status_of->meta.name, p->status);
	for (size_t i = 0; i < p->n_status_events; i++)
		plan_print_step(&s, &p->status_events[i]);
	if (p->wake_at != 0)
		str_addf(&s, "wake %s.%03d\n", time_format(p->arena, p->wake_at), (int)(p->wake_at % 1000));
	text = arena_strdup(p->arena, str_text(&s));
	str_done(&s);
	return text;
}
