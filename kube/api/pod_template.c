/* kube/api/pod_template.c: pod template hash: the template as the bytes that Go would write, and their hash. The
 * fields are in pod_template_rows.c. */
#include "kube/api/pod_template.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "base/json_walk.h"
#include "base/quantity.h"
#include "base/str.h"
#include "base/time.h"
#include "kube/api/pod_template_rows.h"

#define TEMPLATE_MAX (4u << 20) /* etcd stores at most 1.5 MiB */

struct writer {
	struct arena *arena;
	struct str out;
};

static void go_write_struct(struct writer *, const struct go_type *, const char *, int depth);

static void
go_write_string(struct writer *w, const char *v)
{
	const char *text;
	size_t len;

	if (!json_at_string(v)) {
		str_adds(&w->out, "\"\"");
		return;
	}
	text = json_unquote(w->arena, v, &len);
	json_add_quoted_go(&w->out, text, len);
}

/* A quantity of null is read as 0. */
static void
go_write_quantity(struct writer *w, const char *v)
{
	const char *text;
	size_t len;

	text = v == NULL	   ? "null"
	       : json_at_null(v)   ? "0"
	       : json_at_string(v) ? json_unquote(w->arena, v, &len)
				   : json_compact(w->arena, v);
	text = quantity_canonical(w->arena, text) ?: text;
	json_add_quoted_go(&w->out, text, strlen(text));
}

static double
go_number(const char *v)
{
	return json_at_number(v) ? json_number_at(v) : 0;
}

static int64_t
go_whole(const char *v)
{
	int64_t n;

	return json_at_number(v) && json_integer_at(v, &n) ? n : int_of_double(go_number(v));
}

static void
go_write_time(struct writer *w, const char *v)
{
	size_t len;
	int64_t t;

	if (json_at_string(v) && time_parse(json_unquote(w->arena, v, &len), &t))
		str_addf(&w->out, "\"%s\"", time_format(w->arena, t));
	else
		str_adds(&w->out, "null");
}

/* A value of any form is read as a tree: its keys are sorted. */
static void
go_write_any(struct writer *w, const char *v)
{
	_cleanup_(json_decrefp) json_t *tree = NULL;

	if (v != NULL)
		tree = json_loads(json_compact(w->arena, v), JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	str_adds(&w->out, tree != NULL ? json_text_go(w->arena, tree) : "null");
}

static void
go_write_one(struct writer *w, const struct go_field *f, const char *v, int depth)
{
	switch (f->kind) {
	case GO_STRUCT: go_write_struct(w, f->of, v, depth + 1); return;
	case GO_BOOL: str_adds(&w->out, json_at_true(v) ? "true" : "false"); return;
	case GO_INT: str_addf(&w->out, "%" PRId64, go_whole(v)); return;
	case GO_STRING: go_write_string(w, v); return;
	case GO_QUANTITY: go_write_quantity(w, v); return;
	case GO_INT_OR_STRING:
		if (json_at_string(v))
			go_write_string(w, v);
		else
			str_addf(&w->out, "%" PRId64, go_whole(v));
		return;
	case GO_TIME: go_write_time(w, v); return;
	case GO_ANY: go_write_any(w, v); return;
	}
}

static void
go_write_list(struct writer *w, const struct go_field *f, const char *v, int depth)
{
	struct json_walk each = json_walk(v);

	if (!json_at_list(v)) {
		str_adds(&w->out, "null");
		return;
	}
	str_addc(&w->out, '[');
	for (bool first = true; json_walk_next(&each); first = false) {
		str_adds(&w->out, first ? "" : ",");
		go_write_one(w, f, each.value, depth);
	}
	str_addc(&w->out, ']');
}

struct go_member {
	const char *key, *value;
};

static int
go_by_name(const void *a, const void *b)
{
	return strcmp(((const struct go_member *)a)->key, ((const struct go_member *)b)->key);
}

static void
go_write_map(struct writer *w, const struct go_field *f, const char *v, int depth)
{
	struct json_walk each = json_walk(v);
	struct go_member *members;
	size_t n = 0;

	if (!json_at_object(v)) {
		str_adds(&w->out, "null");
		return;
	}
	members = arena_new_array(w->arena, struct go_member, json_count(v));
	while (json_walk_next(&each))
		members[n++] = (struct go_member){ json_unquote_key(w->arena, each.key, each.key_len), each.value };
	qsort(members, n, sizeof(*members), go_by_name);
	str_addc(&w->out, '{');
	for (size_t i = 0; i < n; i++) {
		str_adds(&w->out, i > 0 ? "," : "");
		json_add_quoted_go(&w->out, members[i].key, strlen(members[i].key));
		str_addc(&w->out, ':');
		go_write_one(w, f, members[i].value, depth);
	}
	str_addc(&w->out, '}');
}

/* Returns whether a string, list or object has nothing in it. */
static bool
go_is_blank(const char *v)
{
	struct json_walk w = json_walk(v);

	return json_at_string(v) ? v[1] == '"' : !json_walk_next(&w);
}

/* Returns whether Go's omitempty omits the value. Structs are never empty. */
static bool
go_is_empty(const struct go_field *f, const char *v)
{
	if (f->shape == GO_LIST)
		return !json_at_list(v) || go_is_blank(v);
	if (f->shape == GO_MAP)
		return !json_at_object(v) || go_is_blank(v);
	if (f->shape == GO_POINTER)
		return v == NULL || json_at_null(v);
	switch (f->kind) {
	case GO_STRING: return !json_at_string(v) || go_is_blank(v);
	case GO_INT: return go_number(v) == 0;
	case GO_BOOL: return !json_at_true(v);
	case GO_TIME: return !json_at_string(v);
	default: return false;
	}
}

/* Finds the value of each row, as the text has the members in any order. */
static void
go_find_members(const struct go_type *t, const char *v, const char **ret)
{
	size_t next = 0;

	if (!json_at_object(v))
		return;
	for (struct json_walk w = json_walk(v); json_walk_next(&w);)
		for (size_t k = 0; k < t->n; k++) {
			size_t i = (next + k) % t->n;

			if (json_walk_is(&w, t->fields[i].name)) {
				ret[i] = w.value;
				next = i + 1;
				break;
			}
		}
}

static void
go_write_struct(struct writer *w, const struct go_type *t, const char *v, int depth)
{
	const char *values[GO_FIELDS_MAX] = { NULL };
	bool first = true;

	if (depth > JSON_DEPTH_MAX) {
		str_adds(&w->out, "null");
		return;
	}
	go_find_members(t, v, values);
	str_addc(&w->out, '{');
	for (size_t i = 0; i < t->n; i++) {
		const struct go_field *f = &t->fields[i];
		const char *e = values[i];

		if (f->omitempty && go_is_empty(f, e))
			continue;
		str_adds(&w->out, first ? "\"" : ",\"");
		str_adds(&w->out, f->name);
		str_adds(&w->out, "\":");
		first = false;
		if (f->shape == GO_LIST)
			go_write_list(w, f, e, depth);
		else if (f->shape == GO_MAP)
			go_write_map(w, f, e, depth);
		else if (f->shape == GO_POINTER && (e == NULL || json_at_null(e)))
			str_adds(&w->out, "null");
		else
			go_write_one(w, f, e, depth);
	}
	str_addc(&w->out, '}');
}

char *
pod_template_canonical(struct arena *a, const char *template)
{
	_cleanup_(arena_freep) struct arena *scratch = arena_new();
	struct writer w = { .arena = scratch };
	char *text;

	str_init(&w.out, TEMPLATE_MAX);
	go_write_struct(&w, &go_PodTemplateSpec, template, 0);
	text = arena_strndup(a, str_text(&w.out), w.out.len);
	str_done(&w.out);
	return text;
}

void
pod_template_default(json_t *template)
{
	static const char *const lists[] = { "/spec/containers", "/spec/initContainers", "/spec/ephemeralContainers" };
	json_t *container, *port;
	size_t i, k;

	for (size_t l = 0; l < ARRAY_SIZE(lists); l++)
		json_array_foreach (json_at(template, lists[l]), i, container)
			json_array_foreach (json_object_get(container, "ports"), k, port)
				if (json_is_object(port) && json_object_get(port, "protocol") == NULL)
					json_object_set_new(port, "protocol", json_string("TCP"));
}

static uint32_t
fnv1a(uint32_t h, const void *data, size_t n)
{
	for (const unsigned char *p = data; n-- > 0; p++)
		h = (h ^ *p) * 16777619u;
	return h;
}

/* The decimal digits of the number, each as a letter. */
static char *
pod_template_safe_encode(struct arena *a, uint32_t h)
{
	static const char alphabet[] = "bcdfghjklmnpqrstvwxz2456789";
	char digits[11], *at = &digits[sizeof(digits) - 1];

	*at = '\0';
	do
		*--at = alphabet[('0' + h % 10) % (sizeof(alphabet) - 1)];
	while ((h /= 10) > 0);
	return arena_strdup(a, at);
}

uint32_t
text_sum(const char *text)
{
	return fnv1a(2166136261u, text, strlen(text));
}

char *
pod_template_hash(struct arena *a, const char *canonical, struct opt_int collision_count)
{
	return sum_hash(a, text_sum(canonical), collision_count);
}

char *
sum_hash(struct arena *a, uint32_t h, struct opt_int collision_count)
{
	if (collision_count.present) {
		unsigned char count[8] = { 0 };

		for (int i = 0; i < 4; i++)
			count[i] = (unsigned char)((uint32_t)collision_count.value >> (8 * i));
		h = fnv1a(h, count, sizeof(count));
	}
	return pod_template_safe_encode(a, h);
}

char *
text_hash(struct arena *a, const char *text)
{
	return pod_template_safe_encode(a, text_sum(text));
}
