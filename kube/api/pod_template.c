/* kube/api/pod_template.c: pod template hash: the template as the bytes that Go would write, and their hash. The
 * fields are in pod_template_rows.c. */
#include "kube/api/pod_template.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "base/quantity.h"
#include "base/str.h"
#include "base/time.h"
#include "kube/api/pod_template_rows.h"

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

char *
pod_template_canonical(struct arena *a, const json_t *template)
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

static char *
safe_encode(struct arena *a, uint32_t h)
{
	static const char alphabet[] = "bcdfghjklmnpqrstvwxz2456789";
	char *text = arena_printf(a, "%" PRIu32, h);

	for (char *c = text; *c != '\0'; c++)
		*c = alphabet[(unsigned char)*c % (sizeof(alphabet) - 1)];
	return text;
}

char *
pod_template_hash(struct arena *a, const char *canonical, struct opt_int collision_count)
{
	uint32_t h = fnv1a(2166136261u, canonical, strlen(canonical));

	if (collision_count.set) {
		unsigned char count[8] = { 0 };

		for (int i = 0; i < 4; i++)
			count[i] = (unsigned char)((uint32_t)collision_count.is >> (8 * i));
		h = fnv1a(h, count, sizeof(count));
	}
	return safe_encode(a, h);
}

char *
text_hash(struct arena *a, const char *text)
{
	return safe_encode(a, fnv1a(2166136261u, text, strlen(text)));
}
