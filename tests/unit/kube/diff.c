/* tests/unit/kube/diff.c: the difference of two structs is that of their JSON. */
#include "tests/unit/unit.h"
#include "kube/api/diff.h"
#include "kube/api/analysis.h"
#include "kube/api/application.h"
#include "kube/api/experiment.h"
#include "kube/api/patch.h"
#include "kube/api/replicaset.h"

#define ROUNDS 3000

struct draw {
	struct arena *arena;
	uint64_t state;
};

static size_t
draw_below(struct draw *r, size_t n)
{
	r->state = r->state * 6364136223846793005u + 1442695040888963407u;
	return (size_t)(r->state >> 33) % n;
}

static const char *
draw_text(struct draw *r)
{
	static const char *const texts[] = { NULL, "", "a", "b", "\xc3\xa9", "\xff", "\xfe", "\"\\/\n\x01\x7f" };

	return texts[draw_below(r, ARRAY_SIZE(texts))];
}

static struct string_map
draw_map(struct draw *r)
{
	struct string_map m = { arena_new_array(r->arena, struct string_pair, 2), draw_below(r, 3) };
	size_t first = draw_below(r, 2);

	for (size_t i = 0; i < m.n; i++)
		m.at[i] = (struct string_pair){ (i + first) % 2 == 0 ? "x" : "y", draw_text(r) ?: "" };
	return m;
}

static void draw_fill(struct draw *, const struct type *, void *, size_t share, int depth);

static void
draw_list(struct draw *r, const struct field *f, void *at, int depth)
{
	struct {
		void *at;
		size_t n;
	} list = { NULL, depth < 4 ? draw_below(r, 3) : 0 };

	list.at = arena_alloc(r->arena, f->of->size * list.n);
	for (size_t i = 0; i < list.n; i++)
		draw_fill(r, f->of, (char *)list.at + i * f->of->size, 1, depth + 1);
	memcpy(at, &list, sizeof(list));
}

static void
draw_value(struct draw *r, const struct field *f, void *at, int depth)
{
	static const int64_t times[] = { 0, 1, 999, 1000, 1500, -5, 1700000000000, 253402300800000 };
	static const char *const either[] = { NULL, "", "5", "05", "25%" };
	static const char *const values[] = { NULL, "{}", "{\"a\":1,\"b\":0.1}", "{\"b\":0.1,\"a\":1}", "[1]", "0.1" };
	static const char *const durations[] = { NULL, "1s", "1m" };

	switch (f->kind) {
	case KIND_BOOL: *(bool *)at = draw_below(r, 2) == 1; break;
	case KIND_OPT_BOOL:
		*(struct opt_bool *)at = (struct opt_bool){ draw_below(r, 2) == 1, draw_below(r, 2) == 1 };
		break;
	case KIND_INT: *(int64_t *)at = (int64_t)draw_below(r, 3) - 1; break;
	case KIND_OPT_INT:
		*(struct opt_int *)at = (struct opt_int){ draw_below(r, 2) == 1, (int64_t)draw_below(r, 2) };
		break;
	case KIND_STRING: *(const char **)at = draw_text(r); break;
	case KIND_TIME: *(int64_t *)at = times[draw_below(r, ARRAY_SIZE(times))]; break;
	case KIND_DURATION: ((struct duration *)at)->text = durations[draw_below(r, ARRAY_SIZE(durations))]; break;
	case KIND_INT_OR_STRING: *(const char **)at = either[draw_below(r, ARRAY_SIZE(either))]; break;
	case KIND_OBJECT: {
		void *o = depth < 4 && draw_below(r, 3) > 0 ? arena_alloc(r->arena, f->of->size) : NULL;

		if (o != NULL)
			draw_fill(r, f->of, o, 1, depth + 1);
		*(void **)at = o;
		break;
	}
	case KIND_EMBED: draw_fill(r, f->of, at, 1 + draw_below(r, 3), depth + 1); break;
	case KIND_LIST: draw_list(r, f, at, depth); break;
	case KIND_STRINGS: {
		struct strings s = { arena_new_array(r->arena, const char *, 2), draw_below(r, 3) };

		for (size_t i = 0; i < s.n; i++)
			s.at[i] = draw_text(r) ?: "c";
		*(struct strings *)at = s;
		break;
	}
	case KIND_STRING_MAP: *(struct string_map *)at = draw_map(r); break;
	case KIND_JSON: *(const char **)at = values[draw_below(r, ARRAY_SIZE(values))]; break;
	case KIND_ENUM: {
		unsigned value = (unsigned)draw_below(r, f->n_names);

		memcpy(at, &value, sizeof(value));
		break;
	}
	case KIND_MAX: break;
	}
}

/* Sets one in `share` of the fields. */
static void
draw_fill(struct draw *r, const struct type *t, void *at, size_t share, int depth)
{
	for (size_t i = 0; i < t->n_fields; i++)
		if (!t->fields[i].not_supported && draw_below(r, share) == 0)
			draw_value(r, &t->fields[i], (char *)at + t->fields[i].offset, depth);
}

static void
check_difference(struct arena *a, const struct type *t, const void *from, const void *to)
{
	json_t *was = encode(t, from), *is = encode(t, to), *patch = merge_patch_diff(was, is);
	struct str text;
	bool differs;

	str_init(&text, 1u << 20);
	str_adds(&text, "{");
	differs = type_diff(&text, t, from, to);
	if (differs != (patch != NULL) || type_equal(t, from, to) == differs)
		fail_msg("%s: %s, not %s", t->name, str_text(&text), json_text(a, patch));
	assert_string_equal(str_text(&text) + 1, patch != NULL ? json_text(a, patch) : "");
	str_done(&text);
	json_decref(was);
	json_decref(is);
	json_decref(patch);
}

static void
structs_differ_as_their_json_does(void **state)
{
	static const struct type *const types[] = { &rollout_type, &rollout_status_type, &analysis_run_type,
		&experiment_type, &replicaset_type, &application_type };
	struct draw r = { .state = 1 };

	(void)state;
	for (size_t i = 0; i < ROUNDS; i++) {
		const struct type *t = types[i % ARRAY_SIZE(types)];
		void *from, *to;

		r.arena = arena_new();
		from = arena_alloc(r.arena, t->size);
		to = arena_alloc(r.arena, t->size);
		draw_fill(&r, t, from, 1 + draw_below(&r, 3), 0);
		memcpy(to, from, t->size);
		check_difference(r.arena, t, from, to);
		draw_fill(&r, t, to, 1 + draw_below(&r, 20), 0);
		check_difference(r.arena, t, from, to);
		arena_free(r.arena);
	}
}

static void
an_absent_value_equals_an_empty_one_that_is_not_written(void **state)
{
	struct rollout_status a = { .message = NULL }, b = { .message = "" };

	(void)state;
	assert_true(type_equal(&rollout_status_type, &a, &b));
	b.current_step_index.present = true;
	assert_false(type_equal(&rollout_status_type, &a, &b));
	b.current_step_index.present = false;
	b.aborted_at = 1999;
	a.aborted_at = 1000;
	assert_true(type_equal(&rollout_status_type, &a, &b));
	a.aborted_at = 0;
	assert_false(type_equal(&rollout_status_type, &a, &b));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(structs_differ_as_their_json_does),
		cmocka_unit_test(an_absent_value_equals_an_empty_one_that_is_not_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
