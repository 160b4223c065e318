/* tests/unit/rollout/plans.c: worlds and the plans that are decided on them: tests/data/plans.
 *
 * A case is a folder. Its input.yaml holds what differs from base.yaml, as merge patches by kind and name, and a
 * first document of kind Case with `now` (RFC 3339) and what this process has seen: `failure: {kind, name, create,
 * text}`. Its `want` is the plan, as plan_print writes it. A new case: write input.yaml, run with PLANS_WRITE=1, and
 * read the plan.
 */
#include "tests/unit/unit.h"
#include <dirent.h>
#include <stdio.h>
#include "analysis/decide.h"
#include "base/str.h"
#include "base/time.h"
#include "kube/api/analysis.h"
#include "kube/api/core.h"
#include "kube/api/istio.h"
#include "kube/api/patch.h"
#include "kube/api/replicaset.h"
#include "kube/plan/controller.h"
#include "rollout/controller.h"
#include "tests/listed.h"

#define FOLDER "tests/data/plans"

static const struct type *const types[] = { &rollout_type, &replicaset_type, &analysis_run_type,
	&analysis_template_type, &virtual_service_type, &destination_rule_type, &service_type };

static char *
read_file(struct arena *a, const char *path)
{
	char *text = NULL, *copy;
	size_t room = 0;
	FILE *f = fopen(path, "r");
	ssize_t n = f != NULL ? getdelim(&text, &room, '\0', f) : -1;

	if (f != NULL)
		fclose(f);
	copy = n > 0 ? arena_strndup(a, text, (size_t)n) : NULL;
	free(text);
	return copy;
}

static json_t *
documents(struct arena *a, const char *path)
{
	const char *text = read_file(a, path);
	json_t *docs = NULL;
	struct err *e =
	    text != NULL ? yaml_parse(a, text, strlen(text), &docs) : err_new(a, ERR_GONE, "cannot be read");

	if (e != NULL)
		fail_msg("%s: %s", path, err_text(a, e));
	return docs;
}

static const char *
name_of(const json_t *o)
{
	return json_str(json_object_get(o, "metadata"), "name");
}

/* Merges the case's documents onto the base's; those of a new kind or name are added. */
static void
merge(json_t *base, const json_t *changes)
{
	json_t *change, *o;
	size_t i, k;

	json_array_foreach (changes, i, change) {
		bool found = false;

		json_array_foreach (base, k, o)
			if (str_eq(json_str(o, "kind"), json_str(change, "kind")) &&
			    str_eq(name_of(o), name_of(change))) {
				json_array_set_new(base, k, merge_patch_apply(json_deep_copy(o), change));
				found = true;
			}
		if (!found)
			json_array_append(base, change);
	}
}

static const struct type *
type_of(const char *kind)
{
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (str_eq(types[i]->kind, kind))
			return types[i];
	return NULL;
}

/* The plan of the rollout "myapp", printed. The analysis runs are decided on too, for what may go wrong there. */
static const char *
decided(struct arena *a, const json_t *objects)
{
	struct listed l = LISTED;
	struct seen_failure failure;
	struct seen seen = { 0 };
	struct pass p = { .view = &l.view, .namespace = "default", .name = "myapp", .seen = &seen };
	struct plan *plan = plan_new(a);
	json_t *o;
	size_t i;

	json_array_foreach (objects, i, o) {
		const json_t *failed = json_object_get(o, "failure");

		if (str_eq(json_str(o, "kind"), "Case")) {
			assert_true(time_parse(json_str(o, "now"), &p.now));
			failure = (struct seen_failure){ type_of(json_str(failed, "kind")), json_str(failed, "name"),
				json_is_true(json_object_get(failed, "create")), ERR_INVALID,
				json_str(failed, "text") };
			seen.failure = failed != NULL ? &failure : NULL;
			continue;
		}
		assert_non_null(type_of(json_str(o, "kind")));
		json_object_set_new(json_object_get(o, "metadata"), "namespace", json_string("default"));
		l.at[l.n++] = object_decode(type_of(json_str(o, "kind")), o, a);
	}
	for (size_t k = 0; k < l.n; k++)
		if (l.at[k]->type == &analysis_run_type && l.at[k]->meta.name != NULL) {
			struct pass run = { .view = &l.view,
				.namespace = "default",
				.name = l.at[k]->meta.name,
				.now = p.now,
				.seen = &seen };

			analysis_controller.pass(&run, plan_new(a));
		}
	rollout_controller.pass(&p, plan);
	return plan_print(plan);
}

/* False when the plan is another. */
static bool
play(const char *name)
{
	struct arena *a = arena_new();
	json_t *objects = documents(a, FOLDER "/base.yaml");
	json_t *changes = documents(a, arena_printf(a, FOLDER "/%s/input.yaml", name));
	const char *path = arena_printf(a, FOLDER "/%s/want", name), *want = read_file(a, path), *got;
	bool same;

	merge(objects, changes);
	got = decided(a, objects);
	if (getenv("PLANS_WRITE") != NULL) {
		FILE *f = fopen(path, "w");

		assert_non_null(f);
		fputs(got, f);
		fclose(f);
		want = got;
	}
	same = strcmp(got, want != NULL ? want : "") == 0;
	if (!same)
		print_error("%s: got\n%s--- want\n%s---\n", name, got, want != NULL ? want : "(no want)\n");
	json_decref(objects);
	json_decref(changes);
	arena_free(a);
	return same;
}

static void
worlds_are_decided_as_written(void **state)
{
	DIR *d = opendir(FOLDER);
	size_t n = 0, wrong = 0;

	(void)state;
	assert_non_null(d);
	for (struct dirent *e; (e = readdir(d)) != NULL;) {
		if (e->d_name[0] == '.' || strchr(e->d_name, '.') != NULL)
			continue;
		n++;
		wrong += !play(e->d_name);
	}
	closedir(d);
	assert_true(n > 10);
	assert_int_equal(wrong, 0);
}

/* Replaces every value of a world, one at a time, and decides. A user may write any value into an object; any plan
 * may be the result, but there is one. */
static void
spoil(json_t *objects, json_t *at)
{
	static const char *const values[] = { "null", "true", "-1", "1e300", "\"\"", "\"x.y\"", "[]", "[null,{}]", "{}",
		"{\"x\":[]}" };
	size_t n = json_is_object(at) ? json_object_size(at) : json_array_size(at), k;

	for (size_t i = 0; i < n; i++) {
		const char *key = NULL;
		json_t *old, *member;

		k = 0;
		json_object_foreach (at, key, member)
			if (k++ == i)
				break;
		/* Fields that the API server sets are valid; and the case's own document is ours. */
		if (key != NULL && (strcmp(key, "kind") == 0 || strcmp(key, "now") == 0 || strcmp(key, "uid") == 0 ||
				       strcmp(key, "resourceVersion") == 0 || strcmp(key, "name") == 0 ||
				       strcmp(key, "metadata") == 0))
			continue;
		old = json_incref(key != NULL ? json_object_get(at, key) : json_array_get(at, i));
		for (size_t v = 0; v < ARRAY_SIZE(values); v++) {
			json_t *value = json_loads(values[v], JSON_DECODE_ANY, NULL);
			struct arena *a = arena_new();

			if (key != NULL)
				json_object_set_new(at, key, value);
			else
				json_array_set_new(at, i, value);
			decided(a, objects);
			arena_free(a);
		}
		if (key != NULL)
			json_object_set(at, key, old);
		else
			json_array_set(at, i, old);
		spoil(objects, old);
		json_decref(old);
	}
}

static void
no_value_is_too_strange(void **state)
{
	static const char *const names[] = { "analysis_starts_with_the_update",
		"a_failed_analysis_takes_the_weight_first", "a_strange_step_index_is_the_first" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct arena *a = arena_new();
		json_t *objects = documents(a, FOLDER "/base.yaml"), *o;
		json_t *changes = documents(a, arena_printf(a, FOLDER "/%s/input.yaml", names[i]));
		size_t k;

		merge(objects, changes);
		json_array_foreach (objects, k, o)
			spoil(objects, o);
		json_decref(objects);
		json_decref(changes);
		arena_free(a);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(worlds_are_decided_as_written),
		cmocka_unit_test(no_value_is_too_strange),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
