/* tests/unit/kube/plan/plan.c: how large a plan grows, and what becomes of what does not fit. */
#include "kube/api/core.h"
#include "kube/plan/plan.h"
#include "tests/unit/unit.h"

static struct plan *
plan_of_many(struct arena *a, size_t n)
{
	static const struct query query = { .request = { .method = "GET", .url = "http://p" } };
	struct object *o = arena_alloc(a, sizeof(*o));
	struct plan *p = plan_new(a);

	*o = (struct object){ .type = &pod_type, .meta = { .name = "x", .namespace = "ns", .uid = "u" } };
	for (size_t i = 0; i < n; i++) {
		const char *name = arena_printf(a, "k%zu", i);

		plan_query(p, name, &query);
		plan_keep(p, name);
		plan_note(p, name, (int64_t)i);
		plan_reason(p, "%s", name);
		plan_status_event(p, o, false, "Reason", "%s", name);
	}
	return p;
}

static void
a_plan_keeps_every_entry_up_to_its_limits(void **state)
{
	struct arena *a = arena_new();
	struct plan *p = plan_of_many(a, 600);

	(void)state;
	assert_int_equal(p->n_steps, 600);
	assert_int_equal(p->n_kept, 600);
	assert_int_equal(p->n_notes, 600);
	assert_int_equal(p->n_reasons, 600);
	assert_int_equal(p->n_status_events, 600);
	assert_int_equal(p->left_out, 0);
	assert_string_equal(p->notes[599].name, "k599");
	assert_int_equal(p->notes[599].value, 599);
	assert_string_equal(p->kept[0], "k0");
	assert_string_equal(p->steps[300].key, "k300");
	plan_note(p, "k7", -1);
	assert_int_equal(p->n_notes, 600);
	assert_int_equal(p->notes[7].value, -1);
	arena_free(a);
}

static void
a_plan_counts_what_it_leaves_out(void **state)
{
	struct arena *a = arena_new();
	struct plan *p = plan_of_many(a, PLAN_STEPS_MAX + 5);

	(void)state;
	assert_int_equal(p->n_steps, PLAN_STEPS_MAX);
	assert_int_equal(p->n_kept, PLAN_KEPT_MAX);
	assert_int_equal(p->n_notes, PLAN_NOTES_MAX);
	assert_int_equal(p->n_reasons, PLAN_REASONS_MAX);
	assert_int_equal(p->n_status_events, PLAN_STATUS_EVENTS_MAX);
	assert_int_equal(p->left_out, 5 * (PLAN_STEPS_MAX + 5) - PLAN_STEPS_MAX - PLAN_KEPT_MAX - PLAN_NOTES_MAX -
					  PLAN_REASONS_MAX - PLAN_STATUS_EVENTS_MAX);
	arena_free(a);
}

/* The last step that fits is another one: it must not become independent of the step before it. */
static void
a_mark_of_a_step_that_does_not_fit_has_no_effect(void **state)
{
	struct arena *a = arena_new();
	struct plan *p = plan_of_many(a, PLAN_STEPS_MAX);
	const struct object o = { .type = &pod_type, .meta = { .name = "x", .namespace = "ns", .uid = "u" } };

	(void)state;
	plan_delete(p, &o);
	plan_independent(p);
	plan_unless_gone(p);
	assert_int_equal(p->n_steps, PLAN_STEPS_MAX);
	assert_false(p->steps[PLAN_STEPS_MAX - 1].independent);
	assert_false(p->steps[PLAN_STEPS_MAX - 1].unless_gone);
	plan_drop_steps(p);
	plan_delete(p, &o);
	plan_independent(p);
	assert_true(p->steps[0].independent);
	arena_free(a);
}

/* A quoted file name or response may have any bytes; an event with them would not be JSON. */
static void
the_message_of_an_event_is_utf_8(void **state)
{
	struct arena *a = arena_new();
	struct plan *p = plan_new(a);
	const struct object o = { .type = &service_type, .meta = { .name = "web" } };

	(void)state;
	plan_event(p, &o, true, "Failed", "caf%c.yaml", 0xe9);
	plan_status_event(p, &o, true, "Failed", "%.4s", "caf\xc3\xa9");
	assert_string_equal(p->steps[0].message, "caf\xef\xbf\xbd.yaml");
	assert_string_equal(p->status_events[0].message, "caf\xef\xbf\xbd");
	arena_free(a);
}

struct light {
	bool on;
	const char *color;
	struct strings rooms;
};
static const struct field light_fields[] = {
	BOOL(light, on, "on"),
	STRING(light, color, "color"),
	STRINGS(light, rooms, "rooms"),
};
static TYPE(light, "light");

/* The status that the plan writes when `stored` is decoded, changed to `to`, and written. NULL: it writes none. */
static const char *
typed_status(struct arena *a, const char *stored, const struct light *to)
{
	const struct object o = { .type = &service_type, .meta = { .name = "web", .resource_version = "5" } };
	struct plan *p = plan_new(a);
	struct light was = { 0 };
	_cleanup_(json_decrefp) json_t *patch = NULL;

	decode_text(&light_type, stored, a, &was);
	plan_status_typed(p, &o, &light_type, stored, &was, to, NULL);
	patch = p->status != NULL ? json_loads(p->status, 0, NULL) : NULL;
	return patch != NULL ? json_text(a, json_object_get(patch, "status")) : NULL;
}

static void
a_typed_status_changes_only_fields_that_differ(void **state)
{
	static const char *rooms[] = { "hall" };
	const struct light on = { .on = true, .color = "red" }, in_hall = { .on = true, .rooms = { rooms, 1 } };
	const struct {
		const char *stored;
		const struct light *to;
		const char *want; /* NULL: nothing is written */
	} cases[] = {
		{ NULL, &on, "{\"on\":true,\"color\":\"red\"}" },
		{ "{\"on\":true,\"color\":\"red\",\"owner\":\"me\"}", &on, NULL },
		{ "{\"owner\":\"me\",\"color\":\"blue\"}", &on, "{\"color\":\"red\",\"on\":true}" },
		{ "{\"on\":true,\"color\":\"red\",\"owner\":\"me\"}", &in_hall,
		    "{\"rooms\":[\"hall\"],\"color\":null}" },
		/* A malformed field is replaced only by a value. */
		{ "{\"on\":true,\"color\":7}", &in_hall, "{\"rooms\":[\"hall\"]}" },
		{ "{\"on\":\"yes\"}", &on, "{\"on\":true,\"color\":\"red\"}" },
		{ "[]", &on, "{\"on\":true,\"color\":\"red\"}" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct arena *a = arena_new();
		const char *got = typed_status(a, cases[i].stored, cases[i].to);

		if (!str_eq(got, cases[i].want))
			fail_msg("case %zu: %s, not %s", i, got != NULL ? got : "nothing",
			    cases[i].want != NULL ? cases[i].want : "nothing");
		arena_free(a);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plan_keeps_every_entry_up_to_its_limits),
		cmocka_unit_test(a_plan_counts_what_it_leaves_out),
		cmocka_unit_test(a_mark_of_a_step_that_does_not_fit_has_no_effect),
		cmocka_unit_test(the_message_of_an_event_is_utf_8),
		cmocka_unit_test(a_typed_status_changes_only_fields_that_differ),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
