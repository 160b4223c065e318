/* tests/unit/gitops/render/post_render.c: a HelmRelease changes what its chart renders. */
#include "gitops/render/post_render.h"
#include "tests/unit/unit.h"

#define CHART                                                                                                          \
	"---\n# Source: shop/templates/b.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\ndata: {size: "    \
	"'1'}\n"                                                                                                       \
	"---\n# nothing\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a, labels: {team: x, app: a}}\n" \
	"spec: {template: {spec: {containers: [{name: a, image: 'web:v1'}]}}}\n"

/* Returns what becomes of CHART; an error begins with "error: ". */
static const char *
rendered(struct arena *a, const char *spec_text)
{
	json_t *spec_json = yaml(a, spec_text);
	struct helm_release_spec spec = { 0 };
	struct problems problems = { .arena = a, .scratch = a };
	const char *wanted, *out = NULL;
	struct err *e;

	decode(&helm_release_spec_type, spec_json, "spec", &problems, &spec);
	json_decref(spec_json);
	wanted = post_render_wanted(a, &spec);
	if (wanted == NULL)
		return "unchanged";
	e = post_render(a, wanted, CHART, strlen(CHART), &out);
	return e != NULL ? arena_printf(a, "error: %s", err_text(a, e)) : out;
}

#define SPEC "interval: 1m\nchartRef: {kind: HelmChart, name: x}\n"

static void
a_spec_without_changes_needs_no_program(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	assert_string_equal(rendered(a, SPEC "postRenderers: []\ncommonMetadata: {}\n"), "unchanged");
	arena_free(a);
}

static void
objects_keep_their_order_and_get_the_metadata(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	assert_string_equal(rendered(a, SPEC "commonMetadata: {labels: {team: y}, annotations: {owner: us}}\n"),
	    "---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: b\n  labels:\n    team: \"y\"\n  annotations:\n"
	    "    owner: us\ndata:\n  size: \"1\"\n"
	    "---\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: a\n  labels:\n    team: \"y\"\n    app: a\n"
	    "  annotations:\n    owner: us\nspec:\n  template:\n    spec:\n      containers:\n      - name: a\n"
	    "        image: web:v1\n");
	arena_free(a);
}

static void
entries_change_one_after_the_other(void **state)
{
	static const char *const forms[] = {
		"{patches: [{target: {kind: ConfigMap}, patch: '[{op: replace, path: /data/size, value: \"2\"}]'}]}",
		"{patchesStrategicMerge: [{apiVersion: v1, kind: ConfigMap, metadata: {name: b}, data: {size: '2'}}]}",
		"{patchesJson6902: [{target: {version: v1, kind: ConfigMap, name: b}, patch: [{op: replace, path: "
		"/data/size, "
		"value: '2'}]}]}",
	};
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		const char *out = rendered(
		    a, arena_printf(a,
			   SPEC
			   "postRenderers: [{kustomize: %s}, {kustomize: {images: [{name: web, newName: r/web, newTag: "
			   "v2}]}}, {kustomize: {images: [{name: r/web, newTag: v3}]}}]\n",
			   forms[i]));

		assert_string_equal(out,
		    "---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: b\ndata:\n  size: \"2\"\n"
		    "---\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: a\n  labels:\n    team: x\n    "
		    "app: a\n"
		    "spec:\n  template:\n    spec:\n      containers:\n      - name: a\n        image: r/web:v3\n");
	}
	arena_free(a);
}

static void
an_entry_that_fails_is_named(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	assert_string_equal(
	    rendered(a,
		SPEC "postRenderers: [{kustomize: {}}, {kustomize: {patches: [{target: {kind: ConfigMap}, patch: "
		     "'[{op: remove, path: /data/none}]'}]}}]\n"),
	    "error: spec.postRenderers[1].kustomize: kustomization.yaml: patches[0]: ConfigMap b: /data/none: nothing "
	    "to "
	    "remove");
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_spec_without_changes_needs_no_program),
		cmocka_unit_test(objects_keep_their_order_and_get_the_metadata),
		cmocka_unit_test(entries_change_one_after_the_other),
		cmocka_unit_test(an_entry_that_fails_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
