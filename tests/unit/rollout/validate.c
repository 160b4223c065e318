/* tests/unit/rollout/validate.c: a valid spec is validated again when it, or what it refers to, has changed. */
#include "tests/unit/unit.h"
#include "kube/api/analysis.h"
#include "kube/api/rollout.h"
#include "kube/plan/controller.h"
#include "rollout/controller.h"
#include "tests/listed.h"

#define ROLLOUT                                                                                                        \
	"metadata: {name: web, namespace: default, uid: u1, resourceVersion: '%d', generation: %d}\n"                  \
	"spec:\n"                                                                                                      \
	"  selector: {matchLabels: {app: web}}\n"                                                                      \
	"  template: {metadata: {labels: {app: web}}, spec: {containers: [{name: a, image: a}]}}\n"                    \
	"  strategy: {canary: {maxSurge: '%s', analysis: {templates: [{templateName: errors}]}}}\n"                    \
	"status: {stableRS: abc}\n"
#define TEMPLATE                                                                                                       \
	"metadata: {name: errors, namespace: default, uid: u2, resourceVersion: '%d'}\n"                               \
	"spec: {metrics: [{name: m, successCondition: \"%s\", provider: {prometheus: {address: 'http://x', query: "    \
	"y}}}]}\n"

struct world {
	struct arena *arena;
	struct seen seen;
	struct listed listed;
};

/* The plan of a pass over this Rollout and its template; the next pass finds its notes. */
static struct plan *
passed(struct world *w, const char *rollout, const char *template)
{
	json_t *r = yaml(w->arena, rollout), *t = yaml(w->arena, template);
	struct plan *plan = plan_new(w->arena);

	w->listed = (struct listed)LISTED;
	w->listed.at[w->listed.n++] = object_decode(&rollout_type, r, w->arena);
	w->listed.at[w->listed.n++] = object_decode(&analysis_template_type, t, w->arena);
	rollout_controller.pass(&(struct pass){ .view = &w->listed.view,
				    .namespace = "default",
				    .name = "web",
				    .now = 1700000000000,
				    .seen = &w->seen },
	    plan);
	w->seen.notes = plan->notes;
	w->seen.n_notes = plan->n_notes;
	json_decref(r);
	json_decref(t);
	return plan;
}

static bool
is_invalid(const struct plan *p)
{
	return p->status != NULL && strstr(p->status, "InvalidSpec") != NULL;
}

static void
a_spec_is_validated_again_when_it_or_its_template_has_changed(void **state)
{
	static const struct {
		int version, generation;
		const char *surge;
		int template_version;
		const char *condition;
		bool invalid;
	} cases[] = {
		{ 1, 1, "1", 1, "result[0] < 1", false },
		{ 2, 1, "1", 1, "result[0] < 1", false },
		{ 2, 1, "1", 2, "result[0] <", true },
		{ 2, 1, "1", 3, "result[0] < 2", false },
		{ 3, 2, "many", 3, "result[0] < 2", true },
		{ 3, 2, "many", 3, "result[0] < 2", true },
		{ 4, 3, "2", 3, "result[0] < 2", false },
	};
	struct world w = { .arena = arena_new() };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct plan *p =
		    passed(&w, arena_printf(w.arena, ROLLOUT, cases[i].version, cases[i].generation, cases[i].surge),
			arena_printf(w.arena, TEMPLATE, cases[i].template_version, cases[i].condition));

		if (is_invalid(p) != cases[i].invalid)
			fail_msg("case %zu: %s", i, p->status != NULL ? p->status : "no status");
	}
	arena_free(w.arena);
}

/* Without a generation it is not known whether the spec has changed. */
static void
a_spec_without_a_generation_is_always_validated(void **state)
{
	struct world w = { .arena = arena_new() };
	const char *template = arena_printf(w.arena, TEMPLATE, 1, "result[0] < 1");

	(void)state;
	assert_false(is_invalid(passed(&w, arena_printf(w.arena, ROLLOUT, 1, 0, "1"), template)));
	assert_true(is_invalid(passed(&w, arena_printf(w.arena, ROLLOUT, 1, 0, "many"), template)));
	arena_free(w.arena);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_spec_is_validated_again_when_it_or_its_template_has_changed),
		cmocka_unit_test(a_spec_without_a_generation_is_always_validated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
