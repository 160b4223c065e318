/* tests/unit/gitops/kustomize/edit.c: an image in a kustomization, and nothing else changed. */
#include "gitops/kustomize/edit.h"
#include "tests/unit/unit.h"

static void
only_the_lines_of_the_image_change(void **state)
{
	static const struct {
		const char *text, *image,
		    *want; /* want NULL: the same text; one that begins with "!": an error with this in it */
	} cases[] = {
		{ "# ours\nimages:\n- name: web # the shop\n  newTag: v1 # old\n- name: other\n  newTag: x\nresources: "
		  "[a]\n",
		    "web:v2",
		    "# ours\nimages:\n- name: web # the shop\n  newTag: v2 # old\n- name: other\n  newTag: "
		    "x\nresources: [a]\n" },
		{ "images:\n- name: web\n  newTag: \"1.10\"\n", "web:1.20",
		    "images:\n- name: web\n  newTag: \"1.20\"\n" },
		{ "images:\n- name: web\n  newTag: v1\n", "web:v1", NULL },
		{ "images:\n  - newTag: v1\n    name: r.io:5000/a/web\n", "r.io:5000/a/web:v2",
		    "images:\n  - newTag: v2\n    name: r.io:5000/a/web\n" },
		{ "images:\n- name: web\n", "web:v2", "images:\n- name: web\n  newTag: v2\n" },
		{ "images:\n- {name: web, newTag: v1}\n", "web:v2", "images:\n- {name: web, newTag: v2}\n" },
		{ "images:\n- {name: web}\n", "web:v2", "images:\n- {newTag: v2, name: web}\n" },
		{ "images:\n- name: a\n  newTag: b\n\nresources:\n- x\n", "web:v2",
		    "images:\n- name: a\n  newTag: b\n- name: web\n  newTag: v2\n\nresources:\n- x\n" },
		{ "resources:\n- x", "web=r.io/web:v2",
		    "resources:\n- x\nimages:\n- name: web\n  newName: r.io/web\n  newTag: v2\n" },
		{ "images:\n- name: web\n  newTag: v1\n", "web@sha256:ab",
		    "images:\n- name: web\n  digest: sha256:ab\n" },
		{ "images:\n- name: web\n  newName: r.io/web\n  newTag: v1\n", "web:v2",
		    "images:\n- name: web\n  newName: r.io/web\n  newTag: v2\n" },
		{ "images: [{name: a, newTag: b}]\n", "web:v2", "!file: line 1: images: has its elements in one line" },
		{ "images: []\n", "web:v2", "!images: is there, and empty" },
		{ "images:\n- newTag: v1\n  name: web\n", "web@sha256:ab",
		    "!images[0].newTag cannot be taken out here" },
		{ "a: [b\n", "web:v2", "!file: line" },
		{ "a: b\n", "web", "!has neither a tag nor a digest" },
		{ "images:\n- name: web\n  newTag: &t v1\nnamespace: *t\n", "web:v2", "!file: after the change" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena *a = arena_new();
		const char *got = NULL, *want = cases[i].want != NULL ? cases[i].want : cases[i].text;
		struct err *e = k_edit_image(a, cases[i].text, "file", cases[i].image, &got);

		if (e != NULL)
			got = arena_printf(a, "!%s", err_text(a, e));
		if (want[0] == '!' ? got[0] != '!' || strstr(got, want + 1) == NULL : strcmp(got, want) != 0)
			fail_msg("case %zu:\n%s\nwant\n%s", i, got, want);
		assert_true(cases[i].want != NULL || got == cases[i].text);
		arena_free(a);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_the_lines_of_the_image_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
