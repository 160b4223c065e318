/* tests/unit/kube/tree_decoder.h: the reference of the decoder: objects from jansson's trees, by the same rows, as they
 * were decoded before texts were read where they stand. Tests and fuzz targets compare both.
 */
#pragma once
#include <assert.h>
#include <inttypes.h>
#include <string.h>
#include <strings.h>
#include "base/quantity.h"
#include "base/str.h"
#include "base/time.h"
#include "kube/api/experiment.h"
#include "kube/api/istio.h"
#include "kube/api/pod_template.h"
#include "kube/api/pod_template_rows.h"
#include "kube/api/replicaset.h"
#include "kube/api/rollout.h"
#include "kube/api/workload.h"

static void tree_decode(const struct type *, const json_t *, const char *path, struct problems *, void *ret);

struct tree_decoding {
	struct problems *problems;
	struct arena *arena; /* of values */
	struct arena *scratch; /* of paths and messages */
};

static const char *const kind_wants[] = {
	[KIND_BOOL] = "true or false",
	[KIND_OPT_BOOL] = "true or false",
	[KIND_INT] = "an integer",
	[KIND_OPT_INT] = "an integer",
	[KIND_STRING] = "a string",
	[KIND_TIME] = "an RFC 3339 time",
	[KIND_DURATION] = "a duration such as 30s or 1m30s",
	[KIND_INT_OR_STRING] = "an integer or a string",
	[KIND_OBJECT] = "an object",
	[KIND_EMBED] = "an object",
	[KIND_LIST] = "a list",
	[KIND_STRINGS] = "a list of strings",
	[KIND_STRING_MAP] = "a map of strings",
	[KIND_JSON] = "any value",
	[KIND_ENUM] = "a string",
};
_Static_assert(ARRAY_SIZE(kind_wants) == KIND_MAX, "a text a kind");

static const char *
tree_shown(struct arena *a, const json_t *v)
{
	const char *text = json_text(a, v);

	return strlen(text) > 60 ? arena_printf(a, "%.57s...", text) : text;
}

static bool
tree_one_of(const char *choices, const char *value)
{
	size_t n = strlen(value);

	for (const char *c = choices;; c = strchr(c, '|') + 1) {
		if (strncmp(c, value, n) == 0 && (c[n] == '|' || c[n] == '\0'))
			return true;
		if (strchr(c, '|') == NULL)
			return false;
	}
}

static const char *
tree_enum_choices(struct arena *a, const struct field *f)
{
	const char *all = NULL;

	for (size_t i = 1; i < f->n_names; i++)
		if (f->names[i] != NULL && f->names[i][0] != '\0')
			all = all == NULL ? f->names[i] : arena_printf(a, "%s|%s", all, f->names[i]);
	return all;
}

static bool
tree_list(struct tree_decoding *d, const struct field *f, const json_t *v, const char *path, void *at)
{
	struct {
		void *at;
		size_t n;
	} list = { NULL, json_array_size(v) };

	if (!json_is_array(v))
		return false;
	if (f->items_max > 0 && list.n > f->items_max) {
		problem_add(d->problems, path, "has %zu items; %u are the most", list.n, f->items_max);
		return true;
	}
	list.at = arena_alloc(d->arena, f->of->size * list.n);
	for (size_t i = 0; i < list.n; i++)
		tree_decode(f->of, json_array_get(v, i), arena_printf(d->scratch, "%s[%zu]", path, i), d->problems,
		    (char *)list.at + i * f->of->size);
	memcpy(at, &list, sizeof(list));
	return true;
}

static bool
tree_strings(struct tree_decoding *d, const json_t *v, struct strings *ret)
{
	struct strings s = { .n = json_array_size(v) };

	if (!json_is_array(v))
		return false;
	s.at = arena_new_array(d->arena, const char *, s.n);
	for (size_t i = 0; i < s.n; i++) {
		if (!json_is_string(json_array_get(v, i)))
			return false;
		s.at[i] = arena_strdup(d->arena, json_string_value(json_array_get(v, i)));
	}
	*ret = s;
	return true;
}

static bool
tree_string_map(
    struct tree_decoding *d, const struct field *f, const json_t *v, const char *path, struct string_map *ret)
{
	struct string_map m = { 0 };
	const char *key;
	json_t *value;

	if (!json_is_object(v))
		return false;
	m.at = arena_new_array(d->arena, struct string_pair, json_object_size(v));
	json_object_foreach ((json_t *)v, key, value) {
		if (!json_is_string(value)) {
			problem_add(d->problems, arena_printf(d->scratch, "%s[%s]", path, key), "%s is not a string",
			    tree_shown(d->scratch, value));
			continue;
		}
		if (strlen(json_string_value(value)) != json_string_length(value)) {
			problem_add(d->problems, arena_printf(d->scratch, "%s[%s]", path, key), "contains U+0000");
			continue;
		}
		m.at[m.n++] = (struct string_pair){ arena_strdup(d->arena, key),
			str_eq(key, f->blank) ? "" : arena_strdup(d->arena, json_string_value(value)) };
	}
	*ret = m;
	return true;
}

/* A whole number; 3.0 counts, as YAML writers produce it. */
static bool
tree_integer(const json_t *v, int64_t *ret)
{
	if (json_is_integer(v)) {
		*ret = json_integer_value(v);
		return true;
	}
	if (json_is_real(v) && json_real_value(v) > -9e15 && json_real_value(v) < 9e15 &&
	    (double)(int64_t)json_real_value(v) == json_real_value(v)) {
		*ret = (int64_t)json_real_value(v);
		return true;
	}
	return false;
}

/* False: the value has the wrong type, and nothing was set. */
static bool
tree_value(struct tree_decoding *d, const struct field *f, const json_t *v, const char *path, void *at)
{
	int64_t n;

	assert(f->kind < KIND_MAX);
	switch (f->kind) {
	case KIND_BOOL:
		if (!json_is_boolean(v))
			return false;
		*(bool *)at = json_is_true(v);
		return true;
	case KIND_OPT_BOOL:
		if (!json_is_boolean(v))
			return false;
		*(struct opt_bool *)at = (struct opt_bool){ true, json_is_true(v) };
		return true;
	case KIND_INT:
	case KIND_OPT_INT:
		if (!tree_integer(v, &n))
			return false;
		if (f->min < f->max && (n < f->min || n > f->max)) {
			problem_add(d->problems, path, "%" PRId64 " is not between %" PRId64 " and %" PRId64, n, f->min,
			    f->max);
			return true;
		}
		if (f->kind == KIND_INT)
			*(int64_t *)at = n;
		else
			*(struct opt_int *)at = (struct opt_int){ true, n };
		return true;
	case KIND_STRING:
		if (!json_is_string(v))
			return false;
		if (strlen(json_string_value(v)) != json_string_length(v)) {
			problem_add(d->problems, path, "contains U+0000");
			return true;
		}
		if (f->choices != NULL && !tree_one_of(f->choices, json_string_value(v))) {
			problem_add(d->problems, path, "%s is not one of %s", tree_shown(d->scratch, v), f->choices);
			return true;
		}
		*(const char **)at = arena_strndup(d->arena, json_string_value(v), json_string_length(v));
		return true;
	case KIND_TIME: return json_is_string(v) && time_parse(json_string_value(v), at);
	case KIND_DURATION: {
		struct duration *r = at;

		if (!json_is_string(v) || !duration_parse(json_string_value(v), &n))
			return false;
		*r = (struct duration){ arena_strdup(d->arena, json_string_value(v)), n };
		return true;
	}
	case KIND_INT_OR_STRING:
		if (json_is_string(v))
			*(const char **)at = arena_strdup(d->arena, json_string_value(v));
		else if (tree_integer(v, &n))
			*(const char **)at = arena_printf(d->arena, "%" PRId64, n);
		else
			return false;
		return true;
	case KIND_OBJECT: {
		void *o;

		if (!json_is_object(v))
			return false;
		o = arena_alloc(d->arena, f->of->size);
		tree_decode(f->of, v, path, d->problems, o);
		*(void **)at = o;
		return true;
	}
	case KIND_EMBED:
		if (!json_is_object(v))
			return false;
		tree_decode(f->of, v, path, d->problems, at);
		return true;
	case KIND_LIST: return tree_list(d, f, v, path, at);
	case KIND_STRINGS: return tree_strings(d, v, at);
	case KIND_STRING_MAP: return tree_string_map(d, f, v, path, at);
	case KIND_JSON: *(const char **)at = json_text(d->arena, v); return true;
	case KIND_ENUM: {
		unsigned value;

		if (!json_is_string(v) || strlen(json_string_value(v)) != json_string_length(v))
			return false;
		value = enum_named(f->names, f->n_names, json_string_value(v));
		if (value == 0 && json_string_length(v) > 0)
			problem_add(d->problems, path, "%s is not one of %s", tree_shown(d->scratch, v),
			    tree_enum_choices(d->scratch, f));
		memcpy(at, &value, sizeof(value));
		return true;
	}
	case KIND_MAX: break;
	}
	return false;
}

static const char *
tree_known_names(const struct type *t, struct arena *a)
{
	const char *names = "";

	for (size_t i = 0; i < t->n_fields; i++)
		names = arena_printf(a, "%s%s%s", names, i > 0 ? ", " : "", t->fields[i].name);
	return names;
}

static const struct field *
tree_field_of(const struct type *t, const char *name)
{
	for (size_t i = 0; i < t->n_fields; i++)
		if (t->any_case ? strcasecmp(t->fields[i].name, name) == 0 : strcmp(t->fields[i].name, name) == 0)
			return &t->fields[i];
	return NULL;
}

static bool
tree_is_there(const struct type *t, const json_t *j, const char *name)
{
	const char *key;
	json_t *value;

	if (!t->any_case)
		return !json_is_null(json_object_get(j, name) ?: json_null());
	json_object_foreach ((json_t *)j, key, value)
		if (!json_is_null(value) && strcasecmp(key, name) == 0)
			return true;
	return false;
}

static void
tree_decode(const struct type *t, const json_t *j, const char *path, struct problems *problems, void *ret)
{
	struct arena *scratch = problems->scratch != NULL ? problems->scratch : problems->arena;
	struct tree_decoding d = { problems, problems->arena, scratch };
	const char *dot = path[0] != '\0' ? "." : "", *key;
	json_t *value;

	if (!json_is_object(j)) {
		problem_add(problems, path, "%s is not an object", j != NULL ? tree_shown(d.scratch, j) : "nothing");
		return;
	}
	json_object_foreach ((json_t *)j, key, value) {
		const struct field *f = tree_field_of(t, key);
		const char *at = arena_printf(d.scratch, "%s%s%s", path, dot, key);

		if (json_is_null(value))
			continue;
		if (f == NULL && t->strict)
			problem_add(problems, at, "unknown field; %s %s has %s", str_article(t->name), t->name,
			    tree_known_names(t, d.scratch));
		else if (f == NULL && problems->unknown)
			problem_add(problems, at, "unknown field; it has no effect");
		else if (f != NULL && f->not_supported)
			problem_add(problems, at, "%s",
			    f->default_text != NULL ? f->default_text : "not supported by this version of Sluice");
		else if (f != NULL && !tree_value(&d, f, value, at, (char *)ret + f->offset))
			problem_add(problems, at, "%s is not %s", tree_shown(d.scratch, value), kind_wants[f->kind]);
	}
	for (size_t i = 0; i < t->n_fields; i++)
		if (t->fields[i].required && !tree_is_there(t, j, t->fields[i].name))
			problem_add(problems, arena_printf(d.scratch, "%s%s%s", path, dot, t->fields[i].name),
			    "required, but missing");
}

#define TEMPLATE_MAX (4u << 20) /* etcd stores at most 1.5 MiB */

struct writer {
	struct arena *arena;
	struct str out;
};

static void go_write_struct(struct writer *, const struct go_type *, const json_t *, int depth);

/* A quantity of null is read as 0. */
static const char *
go_number(struct arena *a, const json_t *v)
{
	return json_is_null(v) ? "0" : json_is_string(v) ? json_string_value(v) : json_text(a, v);
}

static int64_t
go_whole(const json_t *v)
{
	return json_is_integer(v) ? json_integer_value(v) : int_of_double(json_number_value(v));
}

static void
go_write_one(struct writer *w, const struct go_field *f, const json_t *v, int depth)
{
	const char *text;
	int64_t t;

	switch (f->kind) {
	case GO_STRUCT: go_write_struct(w, f->of, v, depth + 1); return;
	case GO_BOOL: str_adds(&w->out, json_is_true(v) ? "true" : "false"); return;
	case GO_INT: str_addf(&w->out, "%" PRId64, go_whole(v)); return;
	case GO_STRING:
		str_adds(&w->out, json_quote_go(w->arena, json_string_value(v) ?: "", json_string_length(v)));
		return;
	case GO_QUANTITY:
		text = go_number(w->arena, v);
		text = quantity_canonical(w->arena, text) ?: text;
		str_adds(&w->out, json_quote_go(w->arena, text, strlen(text)));
		return;
	case GO_INT_OR_STRING:
		if (json_is_string(v))
			str_adds(&w->out, json_quote_go(w->arena, json_string_value(v), json_string_length(v)));
		else
			str_addf(&w->out, "%" PRId64, go_whole(v));
		return;
	case GO_TIME:
		if (json_is_string(v) && time_parse(json_string_value(v), &t))
			str_addf(&w->out, "\"%s\"", time_format(w->arena, t));
		else
			str_adds(&w->out, "null");
		return;
	case GO_ANY: str_adds(&w->out, v != NULL ? json_text_go(w->arena, v) : "null"); return;
	}
}

static void
go_write_list(struct writer *w, const struct go_field *f, const json_t *v, int depth)
{
	json_t *e;
	size_t i;

	if (!json_is_array(v)) {
		str_adds(&w->out, "null");
		return;
	}
	str_addc(&w->out, '[');
	json_array_foreach (v, i, e) {
		if (i > 0)
			str_addc(&w->out, ',');
		go_write_one(w, f, e, depth);
	}
	str_addc(&w->out, ']');
}

static int
go_by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void
go_write_map(struct writer *w, const struct go_field *f, const json_t *v, int depth)
{
	const char **keys = arena_new_array(w->arena, const char *, json_object_size(v)), *key;
	size_t n = 0;
	json_t *e;

	if (!json_is_object(v)) {
		str_adds(&w->out, "null");
		return;
	}
	json_object_foreach ((json_t *)v, key, e)
		keys[n++] = key;
	qsort(keys, n, sizeof(*keys), go_by_name);
	str_addc(&w->out, '{');
	for (size_t i = 0; i < n; i++) {
		str_addf(&w->out, "%s%s:", i > 0 ? "," : "", json_quote_go(w->arena, keys[i], strlen(keys[i])));
		go_write_one(w, f, json_object_get(v, keys[i]), depth);
	}
	str_addc(&w->out, '}');
}

/* A value that Go's omitempty omits. Structs are never empty. */
static bool
go_is_empty(const struct go_field *f, const json_t *v)
{
	if (f->shape == GO_LIST)
		return json_array_size(v) == 0;
	if (f->shape == GO_MAP)
		return json_object_size(v) == 0;
	if (f->shape == GO_POINTER)
		return v == NULL || json_is_null(v);
	switch (f->kind) {
	case GO_STRING: return json_string_length(v) == 0;
	case GO_INT: return json_number_value(v) == 0;
	case GO_BOOL: return !json_is_true(v);
	case GO_TIME: return !json_is_string(v);
	default: return false;
	}
}

static void
go_write_struct(struct writer *w, const struct go_type *t, const json_t *v, int depth)
{
	bool first = true;

	if (depth > JSON_DEPTH_MAX) {
		str_adds(&w->out, "null");
		return;
	}
	str_addc(&w->out, '{');
	for (size_t i = 0; i < t->n; i++) {
		const struct go_field *f = &t->fields[i];
		const json_t *e = json_object_get(v, f->name);

		if (f->omitempty && go_is_empty(f, e))
			continue;
		str_addf(&w->out, "%s\"%s\":", first ? "" : ",", f->name);
		first = false;
		if (f->shape == GO_LIST)
			go_write_list(w, f, e, depth);
		else if (f->shape == GO_MAP)
			go_write_map(w, f, e, depth);
		else if (f->shape == GO_POINTER && (e == NULL || json_is_null(e)))
			str_adds(&w->out, "null");
		else
			go_write_one(w, f, e, depth);
	}
	str_addc(&w->out, '}');
}

static char *
tree_canonical(struct arena *a, const json_t *template)
{
	_cleanup_(arena_freep) struct arena *scratch = arena_new();
	struct writer w = { .arena = scratch };
	char *text;

	str_init(&w.out, TEMPLATE_MAX);
	go_write_struct(&w, &go_PodTemplateSpec, template, 0);
	text = arena_strdup(a, str_text(&w.out));
	str_done(&w.out);
	return text;
}

/* Sorts the keys of a map in an object. */
static void
sort_map(json_t *in, const char *key)
{
	char *text = json_dumps(json_object_get(in, key), JSON_SORT_KEYS);

	if (text != NULL)
		json_object_set_new(in, key, json_loads(text, 0, NULL));
	free(text);
}

/* Converts an encoded value to the form of Go: keys of maps are sorted, and numbers and strings are as in `raw`. */
static void
rollout_as_go(const struct type *t, const json_t *raw, json_t *o)
{
	for (size_t i = 0; i < t->n_fields; i++) {
		const struct field *f = &t->fields[i];
		json_t *value = json_object_get(o, f->name), *from = json_object_get(raw, f->name), *one;
		size_t k;

		switch (value != NULL ? f->kind : KIND_MAX) {
		case KIND_STRING_MAP:
		case KIND_JSON: sort_map(o, f->name); break;
		case KIND_INT_OR_STRING: json_object_set(o, f->name, from); break;
		case KIND_OBJECT:
		case KIND_EMBED: rollout_as_go(f->of, from, value); break;
		case KIND_LIST:
			json_array_foreach (value, k, one)
				rollout_as_go(f->of, json_array_get(from, k), one);
			break;
		default: break;
		}
	}
}

/* A step as Argo Rollouts' Go types write it: the step hash is made of it. A new reference. */
static json_t *
step_for_hash(const struct canary_step *s, const json_t *raw)
{
	json_t *o = encode(&canary_step_type, s);

	rollout_as_go(&canary_step_type, raw, o);
	return o;
}

/* A string without a percent sign is percent too. */
static const char *
with_percent(struct arena *a, const char *text, const json_t *raw)
{
	return text != NULL && json_is_string(raw) && strchr(text, '%') == NULL ? arena_printf(a, "%s%%", text) : text;
}

static void
canary_finish(struct canary_strategy *c, const json_t *raw, struct arena *a)
{
	c->max_surge = with_percent(a, c->max_surge, json_object_get(raw, "maxSurge"));
	c->max_unavailable = with_percent(a, c->max_unavailable, json_object_get(raw, "maxUnavailable"));
}

/* Notes which Services the spec names, and sets them for pingPong, whose two Services swap roles after each update. */
static void
take_turns(struct canary_strategy *c, const struct canary_status *st)
{
	bool ping = str_eq(st->stable_ping_pong, "ping");

	c->spec_services = (str_empty(c->canary_service) ? 0 : SPEC_CANARY_SERVICE) |
			   (str_empty(c->stable_service) ? 0 : SPEC_STABLE_SERVICE);
	if (c->spec_services != 0 && str_eq(c->canary_service, c->stable_service))
		c->spec_services |= SPEC_EQUAL_SERVICES;
	if (c->ping_pong == NULL)
		return;
	c->stable_service = ping ? c->ping_pong->ping_service : c->ping_pong->pong_service;
	c->canary_service = ping ? c->ping_pong->pong_service : c->ping_pong->ping_service;
}

static void
rollout_finish(struct object *o, const json_t *j, struct arena *a)
{
	struct rollout *r = (struct rollout *)o;
	const json_t *template = json_at(j, "/spec/template"), *steps = json_at(j, "/spec/strategy/canary/steps");
	const struct canary_strategy *c = r->spec.strategy.canary;

	if (c != NULL)
		canary_finish((struct canary_strategy *)c, json_at(j, "/spec/strategy/canary"), a);
	if (c != NULL)
		take_turns((struct canary_strategy *)c, &r->status.canary);
	r->spec.template = NULL;
	if (r->spec.workload_ref != NULL)
		r->spec.template_and_workload = json_object_size(json_at(template, "/metadata/labels")) > 0 ||
						json_object_size(json_at(template, "/metadata/annotations")) > 0;
	else if (json_is_object(template))
		r->spec.template = tree_canonical(a, template);
	if (c != NULL && c->steps.n > 0) {
		_cleanup_(json_decrefp) json_t *list = json_array();

		for (size_t i = 0; i < c->steps.n; i++)
			json_array_append_new(list, step_for_hash(&c->steps.at[i], json_array_get(steps, i)));
		r->steps_json = json_text_go_struct(a, list);
	} else if (c != NULL || r->spec.strategy.blue_green == NULL) {
		r->steps_json = "null";
	}
	if (r->spec.strategy.blue_green != NULL) {
		struct blue_green_strategy *b = (struct blue_green_strategy *)r->spec.strategy.blue_green;

		b->max_unavailable =
		    with_percent(a, b->max_unavailable, json_at(j, "/spec/strategy/blueGreen/maxUnavailable"));
	}
}

static void
replicaset_finish(struct object *o, const json_t *j, struct arena *a)
{
	((struct replicaset *)o)->spec.template = tree_canonical(a, json_at(j, "/spec/template"));
}

static void
experiment_finish(struct object *o, const json_t *j, struct arena *a)
{
	struct experiment *e = (struct experiment *)o;

	for (size_t i = 0; i < e->spec.templates.n; i++) {
		_cleanup_(json_decrefp) json_t *template =
		    json_deep_copy(json_object_get(json_array_get(json_at(j, "/spec/templates"), i), "template"));

		json_object_del(json_at(template, "/metadata/labels"), LABEL_POD_TEMPLATE_HASH);
		e->spec.templates.at[i].template = json_is_object(template) ? tree_canonical(a, template) : NULL;
	}
}

static void
workload_finish(struct object *o, const json_t *j, struct arena *a)
{
	const json_t *template = json_at(j, "/spec/template") ?: json_object_get(j, "template");

	if (json_is_object(template))
		((struct workload *)o)->template = tree_canonical(a, template);
}

static void
keep_raw(struct istio_route *routes, size_t n, const json_t *list, struct arena *a)
{
	for (size_t i = 0; i < n; i++) {
		const json_t *j = json_array_get(list, i);
		const json_t *match = json_object_get(j, "match"), *route = json_object_get(j, "route");

		routes[i].raw_match = match != NULL ? json_text(a, match) : NULL;
		routes[i].raw_route = route != NULL ? json_text(a, route) : NULL;
		if (json_object_get(j, "mirror") != NULL) {
			_cleanup_(json_decrefp) json_t *mirror =
			    json_pack("[O,O*]", json_object_get(j, "mirror"), json_object_get(j, "mirrorPercentage"));

			routes[i].raw_mirror = json_text(a, mirror);
		}
	}
}

static void
virtual_service_finish(struct object *o, const json_t *j, struct arena *a)
{
	struct virtual_service_spec *spec = &((struct virtual_service *)o)->spec;

	keep_raw(spec->http.at, spec->http.n, json_at(j, "/spec/http"), a);
	keep_raw(spec->tls.at, spec->tls.n, json_at(j, "/spec/tls"), a);
	keep_raw(spec->tcp.at, spec->tcp.n, json_at(j, "/spec/tcp"), a);
}

/* Decodes an object as object_decode does. */
static struct object *
tree_object(const struct type *t, const json_t *j, struct arena *a)
{
	static const struct {
		const struct type *type;
		void (*finish)(struct object *, const json_t *, struct arena *);
	} finishes[] = { { &rollout_type, rollout_finish }, { &replicaset_type, replicaset_finish },
		{ &experiment_type, experiment_finish }, { &deployment_type, workload_finish },
		{ &workload_replicaset_type, workload_finish }, { &pod_template_object_type, workload_finish },
		{ &virtual_service_type, virtual_service_finish } };
	struct object *o = arena_alloc(a, t->size);
	_cleanup_(arena_freep) struct arena *scratch = arena_new();
	struct problems found = { .arena = a, .scratch = scratch };

	tree_decode(t, j, "", &found, o);
	tree_decode(&meta_type, json_object_get(j, "metadata"), "metadata", &found, &o->meta);
	o->type = t;
	for (size_t i = 0; i < ARRAY_SIZE(finishes); i++)
		if (finishes[i].type == t)
			finishes[i].finish(o, j, a);
	if (found.n > 0) {
		struct problems *p = arena_alloc(a, sizeof(*p));

		*p = found;
		o->problems = p;
	}
	return o;
}

static bool tree_equal(const struct type *, const void *a, const void *b);

static bool
tree_strings_equal(const void *a, const void *b)
{
	const struct strings *x = a, *y = b;

	for (size_t i = 0; x->n == y->n && i < x->n; i++)
		if (!str_eq(x->at[i], y->at[i]))
			return false;
	return x->n == y->n;
}

static bool
tree_maps_equal(const void *a, const void *b)
{
	const struct string_map *x = a, *y = b;

	for (size_t i = 0; x->n == y->n && i < x->n; i++)
		if (!str_eq(x->at[i].key, y->at[i].key) || !str_eq(x->at[i].value, y->at[i].value))
			return false;
	return x->n == y->n;
}

static bool
tree_lists_equal(const struct type *t, const void *a, const void *b)
{
	const struct {
		const char *at;
		size_t n;
	} *x = a, *y = b;

	for (size_t i = 0; x->n == y->n && i < x->n; i++)
		if (!tree_equal(t, x->at + i * t->size, y->at + i * t->size))
			return false;
	return x->n == y->n;
}

static bool
tree_value_equal(const struct field *f, const void *a, const void *b)
{
	const void *const *p = a, *const *q = b;

	switch (f->kind) {
	case KIND_BOOL: return *(const bool *)a == *(const bool *)b;
	case KIND_OPT_BOOL:
		return ((const struct opt_bool *)a)->present == ((const struct opt_bool *)b)->present &&
		       ((const struct opt_bool *)a)->value == ((const struct opt_bool *)b)->value;
	case KIND_OPT_INT:
		return ((const struct opt_int *)a)->present == ((const struct opt_int *)b)->present &&
		       ((const struct opt_int *)a)->value == ((const struct opt_int *)b)->value;
	case KIND_INT:
	case KIND_TIME: return *(const int64_t *)a == *(const int64_t *)b;
	case KIND_DURATION:
		return str_eq(((const struct duration *)a)->text, ((const struct duration *)b)->text) &&
		       ((const struct duration *)a)->ms == ((const struct duration *)b)->ms;
	/* A template is derived by the object's type, and of no use without it. */
	case KIND_JSON: return f->pod_template || str_eq(*p, *q);
	case KIND_STRING:
	case KIND_INT_OR_STRING: return str_eq(*p, *q);
	case KIND_OBJECT: return (*p == NULL) == (*q == NULL) && (*p == NULL || tree_equal(f->of, *p, *q));
	case KIND_EMBED: return tree_equal(f->of, a, b);
	case KIND_LIST: return tree_lists_equal(f->of, a, b);
	case KIND_STRINGS: return tree_strings_equal(a, b);
	case KIND_STRING_MAP: return tree_maps_equal(a, b);
	case KIND_ENUM: return memcmp(a, b, sizeof(unsigned)) == 0;
	case KIND_MAX: break;
	}
	return false;
}

static bool
tree_equal(const struct type *t, const void *a, const void *b)
{
	for (size_t i = 0; i < t->n_fields; i++)
		if (!t->fields[i].not_supported &&
		    !tree_value_equal(
			&t->fields[i], (const char *)a + t->fields[i].offset, (const char *)b + t->fields[i].offset))
			return false;
	return true;
}

/* Members without a row. */
static bool
tree_derived_equal(const struct object *a, const struct object *b)
{
	const struct istio_route *p, *q;

	if (a->type == &rollout_type) {
		const struct rollout *x = (const struct rollout *)a, *y = (const struct rollout *)b;
		const struct canary_strategy *c = x->spec.strategy.canary, *d = y->spec.strategy.canary;

		return str_eq(x->steps_json, y->steps_json) && str_eq(x->spec.template, y->spec.template) &&
		       x->spec.template_and_workload == y->spec.template_and_workload &&
		       (c == NULL || c->spec_services == d->spec_services);
	}
	if (a->type == &replicaset_type)
		return str_eq(
		    ((const struct replicaset *)a)->spec.template, ((const struct replicaset *)b)->spec.template);
	if (a->type == &deployment_type || a->type == &workload_replicaset_type || a->type == &pod_template_object_type)
		return str_eq(((const struct workload *)a)->template, ((const struct workload *)b)->template);
	if (a->type == &experiment_type) {
		const struct experiment *x = (const struct experiment *)a, *y = (const struct experiment *)b;

		for (size_t i = 0; i < x->spec.templates.n; i++)
			if (!str_eq(x->spec.templates.at[i].template, y->spec.templates.at[i].template))
				return false;
	}
	if (a->type == &virtual_service_type) {
		const struct virtual_service_spec *x = &((const struct virtual_service *)a)->spec;
		const struct virtual_service_spec *y = &((const struct virtual_service *)b)->spec;

		for (size_t i = 0; i < x->http.n + x->tls.n + x->tcp.n; i++) {
			size_t k = i < x->http.n	      ? i
				   : i - x->http.n < x->tls.n ? i - x->http.n
							      : i - x->http.n - x->tls.n;

			p = i < x->http.n ? &x->http.at[k] : i - x->http.n < x->tls.n ? &x->tls.at[k] : &x->tcp.at[k];
			q = i < x->http.n ? &y->http.at[k] : i - x->http.n < x->tls.n ? &y->tls.at[k] : &y->tcp.at[k];
			if (!str_eq(p->raw_match, q->raw_match) || !str_eq(p->raw_route, q->raw_route) ||
			    !str_eq(p->raw_mirror, q->raw_mirror))
				return false;
		}
	}
	return true;
}

/* Returns NULL if both are the same, with the same problems in the same order, else what differs. */
static const char *
tree_difference(struct arena *a, const struct object *got, const struct object *want)
{
	const struct problems none = { 0 }, *p = got->problems ?: &none, *q = want->problems ?: &none;

	for (size_t i = 0; i < p->n || i < q->n; i++) {
		if (i >= p->n || i >= q->n)
			return arena_printf(
			    a, "%zu problems, want %zu: %s", p->n, q->n, (i < p->n ? p : q)->at[i].text);
		if (!str_eq(p->at[i].path, q->at[i].path) || !str_eq(p->at[i].text, q->at[i].text))
			return arena_printf(a, "problem %s: %s; want %s: %s", p->at[i].path, p->at[i].text,
			    q->at[i].path, q->at[i].text);
	}
	if (!tree_equal(&meta_type, &got->meta, &want->meta))
		return "the metadata differs";
	if (!tree_equal(got->type, got, want))
		return "a row differs";
	return tree_derived_equal(got, want) ? NULL : "a derived member differs";
}
