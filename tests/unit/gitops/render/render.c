/* tests/unit/gitops/render/render.c: which files of a directory become which objects. */
#include "base/str.h"
#include "gitops/render/render.h"
#include "tests/files.h"
#include "tests/unit/unit.h"

#define MAP(name) "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: " name "}\n"

static const struct file repository[] = {
	{ "README.md", "not read" },
	{ "app/b.yaml", MAP("b") "---\n" MAP("c") },
	{ "app/a.json", "{\"apiVersion\": \"v1\", \"kind\": \"ConfigMap\", \"metadata\": {\"name\": \"a\"}}" },
	{ "app/d.yml", "-> ../shared/d.yaml" },
	{ "app/list.yaml", "apiVersion: v1\nkind: List\nmetadata: {}\nitems:\n- "
			   "{apiVersion: v1, kind: Secret, metadata: {name: e}}\n" },
	{ "app/sub/f.yaml", MAP("f") },
	{ "app/values.yaml", "image: [unfinished\n" },
	{ "bad/broken.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x\n" },
	{ "links/in.yaml", "-> ../links/out.yaml" },
	{ "links/out.yaml", "-> ../../etc/passwd" },
	{ "loop/a.yaml", "-> b.yaml" },
	{ "loop/b.yaml", "-> a.yaml" },
	{ "nameless/x.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {labels: {a: b}}\n" },
	{ "bare/x.yaml", "apiVersion: v1\nkind: ConfigMap\ndata: {a: b}\n" },
	{ "half/x.yaml", MAP("x") "---\ntitle: notes\n" },
	{ "other/kind.yaml", "kind: DaemonSet\nimage: x\n" },
	{ "other/pipeline.yaml", "apiVersion: 1\nkind: [build]\n---\nx: y\n" },
	{ "other/template.yaml", "apiVersion: v1\n{{ if .Values.x }}\nkind: ConfigMap\n{{ end }}\n" },
	{ "numbers/x.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, labels: {a: 1}}\n" },
	{ "shared/d.yaml", MAP("d") },
	{ "skipped/x.yaml", "# +argocd:skip-file-rendering\n" MAP("x") },
};

/* The names of the objects, or the error. */
static const char *
render(struct arena *a, const char *path, const struct application_directory *options)
{
	struct file sorted[ARRAY_SIZE(repository)];
	struct manifests m = { .arena = a };
	const char *text = "";
	struct tree t;
	struct err *e;

	memcpy(sorted, repository, sizeof(sorted));
	for (size_t i = 1; i < ARRAY_SIZE(sorted); i++)
		for (size_t k = i; k > 0 && strcmp(sorted[k].path, sorted[k - 1].path) < 0; k--) {
			struct file swap = sorted[k];

			sorted[k] = sorted[k - 1];
			sorted[k - 1] = swap;
		}
	t = files(a, sorted, ARRAY_SIZE(sorted));
	if ((e = render_directory(&t, a, path, options, &m)) != NULL)
		return err_text(a, e);
	for (size_t i = 0; i < m.n; i++)
		text = arena_printf(a, "%s%s%s", text, i > 0 ? " " : "", m.at[i].name);
	return text;
}

static void
a_directory_is_read_in_the_order_of_its_files(void **state)
{
	static const struct {
		const char *path;
		struct application_directory options;
		const char *want;
	} cases[] = {
		{ "app", { 0 }, "a b c d e" },
		{ "app", { .recurse = true }, "a b c d e f" },
		{ "app", { .recurse = true, .exclude = "{b,list}.yaml" }, "a d f" },
		{ "app", { .recurse = true, .include = "*/*" }, "f" },
		{ "skipped", { 0 }, "" },
		{ "bad", { 0 }, "bad/broken.yaml: line 4" },
		{ "links", { 0 }, "../../etc/passwd: leads out of the repository" },
		{ "loop", { 0 }, "leads through more than 32 symbolic links" },
		{ "nameless", { 0 }, "nameless/x.yaml: a ConfigMap has no metadata.name" },
		{ "bare", { 0 }, "bare/x.yaml: a ConfigMap has no metadata.name" },
		{ "half", { 0 }, "half/x.yaml: an object has no apiVersion" },
		{ "other", { 0 }, "" },
		{ "numbers", { 0 }, "numbers/x.yaml: ConfigMap x: metadata.labels.a: not a string; put it in quotes" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct arena *a = arena_new();
		const char *got = render(a, cases[i].path, &cases[i].options);

		if (strstr(got, ":") != NULL ? strstr(got, cases[i].want) == NULL : strcmp(got, cases[i].want) != 0)
			fail_msg("%s: got \"%s\", want \"%s\"", cases[i].path, got, cases[i].want);
		arena_free(a);
	}
}

static void
names_lead_nowhere_else(void **state)
{
	static const char *const cases[][2] = {
		{ "{apiVersion: v1, kind: ConfigMap, metadata: {name: ../../secrets/x}}",
		    "metadata.name: \"../../secrets/x\"" },
		{ "{apiVersion: v1, kind: ConfigMap, metadata: {name: ..}}", "metadata.name" },
		{ "{apiVersion: v1, kind: ConfigMap, metadata: {name: a%2fb}}", "metadata.name" },
		{ "{apiVersion: v1, kind: ConfigMap, metadata: {generateName: a/}}", "metadata.generateName" },
		{ "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: ../x}}", "metadata.namespace" },
		{ "{apiVersion: apps/../v1, kind: X, metadata: {name: a}}", "apiVersion" },
		{ "{apiVersion: ../v1, kind: X, metadata: {name: a}}", "apiVersion" },
		{ "{apiVersion: v1, kind: 'X?dryRun', metadata: {name: a}}", "kind" },
		{ "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: 'system:a#b'}}",
		    NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct arena *a = arena_new();
		struct manifests m = { .arena = a };
		json_t *object = yaml(a, cases[i][0]);
		struct err *e = manifests_add(&m, a, object, "file");

		if ((e == NULL) != (cases[i][1] == NULL) || (e != NULL && strstr(err_text(a, e), cases[i][1]) == NULL))
			fail_msg("%s: got %s, want %s", cases[i][0], e != NULL ? err_text(a, e) : "none", cases[i][1]);
		json_decref(object);
		arena_free(a);
	}
}

static void
paths_stay_in_the_repository(void **state)
{
	static const char *const cases[][3] = {
		{ "", ".", "" },
		{ "a/b", "../c", "a/c" },
		{ "a", "./b//c/.", "a/b/c" },
		{ "a", "..", "" },
		{ "a", "../..", NULL },
		{ "", "/etc", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct arena *a = arena_new();
		const char *got = NULL;

		tree_path(a, cases[i][0], cases[i][1], &got);
		if (!str_eq(got, cases[i][2]))
			fail_msg("%s, %s: got %s, want %s", cases[i][0], cases[i][1], got, cases[i][2]);
		arena_free(a);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_directory_is_read_in_the_order_of_its_files),
		cmocka_unit_test(names_lead_nowhere_else),
		cmocka_unit_test(paths_stay_in_the_repository),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
