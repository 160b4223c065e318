/* kube/api/rollout_steps.c: the steps of a canary as Argo Rollouts' Go types write them: the step hash is made of this
 * text. */
#include <inttypes.h>
#include <string.h>
#include "base/json_walk.h"
#include "base/str.h"
#include "base/time.h"
#include "kube/api/rollout.h"

#define STEPS_MAX (64u << 20)

static void steps_write_struct(struct arena *, struct str *, const struct type *, const void *, const char *text);

static void
steps_write_string(struct str *s, const char *text)
{
	json_add_quoted_go(s, text, strlen(text));
}

/* A number or a string, as the manifest has it. */
static void
steps_write_raw(struct arena *a, struct str *s, const char *value)
{
	int64_t n;
	size_t len;

	if (json_at_string(value)) {
		const char *text = json_unquote(a, value, &len);

		json_add_quoted_go(s, text, len);
	} else if (json_integer_at(value, &n)) {
		str_addf(s, "%" PRId64, n);
	} else {
		json_add_real(s, json_number_at(value));
	}
}

static int
steps_by_key(const void *a, const void *b)
{
	return strcmp(((const struct string_pair *)a)->key, ((const struct string_pair *)b)->key);
}

static void
steps_write_map(struct arena *a, struct str *s, const struct string_map *m)
{
	struct string_pair *sorted = arena_new_array(a, struct string_pair, m->n);

	memcpy(sorted, m->at, m->n * sizeof(*sorted));
	qsort(sorted, m->n, sizeof(*sorted), steps_by_key);
	str_addc(s, '{');
	for (size_t i = 0; i < m->n; i++) {
		str_adds(s, i > 0 ? "," : "");
		steps_write_string(s, sorted[i].key);
		str_addc(s, ':');
		steps_write_string(s, sorted[i].value);
	}
	str_addc(s, '}');
}

static void
steps_write_strings(struct str *s, const struct strings *list)
{
	str_addc(s, '[');
	for (size_t i = 0; i < list->n; i++) {
		str_adds(s, i > 0 ? "," : "");
		steps_write_string(s, list->at[i]);
	}
	str_addc(s, ']');
}

static void
steps_write_list(struct arena *a, struct str *s, const struct field *f, const void *at, const char *text)
{
	struct json_walk each = json_walk(text);
	struct {
		void *at;
		size_t n;
	} list;

	memcpy(&list, at, sizeof(list));
	str_addc(s, '[');
	for (size_t i = 0; i < list.n; i++) {
		str_adds(s, i > 0 ? "," : "");
		steps_write_struct(
		    a, s, f->of, (const char *)list.at + i * f->of->size, json_walk_next(&each) ? each.value : NULL);
	}
	str_addc(s, ']');
}

/* A value of any form is read as a tree: its keys are sorted. Go's types have none that contains U+0000. */
static void
steps_write_json(struct arena *a, struct str *s, const char *json)
{
	_cleanup_(json_decrefp) json_t *tree = json_loads(json, JSON_DECODE_ANY, NULL);

	if (tree != NULL)
		str_adds(s, json_text_go(a, tree));
}

/* Writes a value, or nothing if Go omits it. */
static void
steps_write_value(struct arena *a, struct str *s, const struct field *f, const void *at, const char *text)
{
	bool always = f->always || f->required;
	const char *string;
	size_t from = s->len;

	switch (f->kind) {
	case KIND_BOOL:
		if (*(const bool *)at || always)
			str_adds(s, *(const bool *)at ? "true" : "false");
		return;
	case KIND_OPT_BOOL:
		if (((const struct opt_bool *)at)->present)
			str_adds(s, ((const struct opt_bool *)at)->value ? "true" : "false");
		return;
	case KIND_INT:
		if (*(const int64_t *)at != 0 || always)
			str_addf(s, "%" PRId64, *(const int64_t *)at);
		return;
	case KIND_OPT_INT:
		if (((const struct opt_int *)at)->present)
			str_addf(s, "%" PRId64, ((const struct opt_int *)at)->value);
		return;
	case KIND_STRING:
		string = *(const char *const *)at;
		if (string != NULL ? string[0] != '\0' || always : f->always)
			steps_write_string(s, string != NULL ? string : "");
		return;
	case KIND_TIME:
		if (*(const int64_t *)at != 0)
			steps_write_string(s, time_format(a, *(const int64_t *)at));
		return;
	case KIND_DURATION:
		if (((const struct duration *)at)->text != NULL)
			steps_write_string(s, ((const struct duration *)at)->text);
		return;
	case KIND_INT_OR_STRING:
		if (*(const char *const *)at != NULL && text != NULL)
			steps_write_raw(a, s, text);
		return;
	case KIND_OBJECT:
		if (*(const void *const *)at != NULL)
			steps_write_struct(a, s, f->of, *(const void *const *)at, text);
		else if (f->always)
			str_adds(s, "{}");
		return;
	case KIND_EMBED:
		steps_write_struct(a, s, f->of, at, text);
		if (s->len - from == 2 && !always)
			str_shorten(s, from);
		return;
	case KIND_LIST:
		if (((const struct strings *)at)->n > 0 || f->always)
			steps_write_list(a, s, f, at, text);
		return;
	case KIND_STRINGS:
		if (((const struct strings *)at)->n > 0)
			steps_write_strings(s, at);
		return;
	case KIND_STRING_MAP:
		if (((const struct string_map *)at)->n > 0)
			steps_write_map(a, s, at);
		return;
	case KIND_JSON:
		if (*(const char *const *)at != NULL)
			steps_write_json(a, s, *(const char *const *)at);
		return;
	case KIND_ENUM: {
		unsigned value;

		memcpy(&value, at, sizeof(value));
		string = value < f->n_names ? f->names[value] : NULL;
		if (!str_empty(string) || f->always)
			steps_write_string(s, string != NULL ? string : "");
		return;
	}
	case KIND_MAX: return;
	}
}

static void
steps_write_struct(struct arena *a, struct str *s, const struct type *t, const void *object, const char *text)
{
	bool first = true;

	str_addc(s, '{');
	for (size_t i = 0; i < t->n_fields; i++) {
		const struct field *f = &t->fields[i];
		size_t from = s->len, begun;

		if (f->not_supported)
			continue;
		str_adds(s, first ? "\"" : ",\"");
		str_adds(s, f->name);
		str_adds(s, "\":");
		begun = s->len;
		steps_write_value(a, s, f, (const char *)object + f->offset, json_find(text, f->name));
		if (s->len == begun)
			str_shorten(s, from);
		else
			first = false;
	}
	str_addc(s, '}');
}

const char *
rollout_steps_text(struct arena *a, const struct canary_strategy *c, const char *text)
{
	static const struct field field = { .of = &canary_step_type };
	_cleanup_(arena_freep) struct arena *scratch = arena_new();
	const char *copy;
	struct str s;

	str_init(&s, STEPS_MAX);
	steps_write_list(scratch, &s, &field, &c->steps, text);
	copy = arena_strndup(a, str_text(&s), s.len);
	str_done(&s);
	return copy;
}
