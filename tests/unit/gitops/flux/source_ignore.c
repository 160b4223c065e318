/* tests/unit/gitops/flux/source_ignore.c: which files of a commit Flux leaves out. */
#include "base/str.h"
#include "gitops/flux/source_ignore.h"
#include "tests/files.h"
#include "tests/unit/unit.h"

/* Sorted by path. */
static const struct file repository[] = {
	{ ".circleci/config.yml", "a" },
	{ ".github/workflows/ci.yaml", "a" },
	{ ".gitignore", "a" },
	{ ".gitlab-ci.yml", "a" },
	{ ".sops.yaml", "a" },
	{ "app/.sops.yaml", "a" },
	{ "app/appveyor.yml", "a" },
	{ "app/drafts/x.yaml", "a" },
	{ "app/logo.png", "a" },
	{ "app/x.yaml", "a" },
	{ "drafts/y.yaml", "a" },
	{ "github/z.yaml", "a" },
	{ "release.tar.gz", "a" },
};

/* The paths that are left, of the repository with this .sourceignore in a directory (NULL: none), and this
 * spec.ignore. */
static const char *
left(struct arena *a, const char *in, const char *lines, const char *spec)
{
	struct file all[ARRAY_SIZE(repository) + 1];
	const char *text = "", *own = arena_printf(a, "%s.sourceignore", in);
	struct tree t, rest;
	struct err *e;
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(repository); i++) {
		if (lines != NULL && n == i && strcmp(own, repository[i].path) < 0)
			all[n++] = (struct file){ own, lines };
		all[n++] = repository[i];
	}
	t = files(a, all, n);
	if ((e = source_ignore(a, &t, spec, &rest)) != NULL)
		return err_text(a, e);
	for (size_t i = 0; i < rest.n; i++)
		if (strcmp(rest.entries[i].path, own) != 0)
			text = arena_printf(a, "%s%s%s", text, text[0] != '\0' ? " " : "", rest.entries[i].path);
	return text;
}

static void
check(const char *in, const char *lines, const char *spec, const char *want)
{
	struct arena *a = arena_new();

	assert_string_equal(left(a, in, lines, spec), want);
	arena_free(a);
}

static void
images_archives_and_the_files_of_ci_are_left_out(void **state)
{
	(void)state;
	check("", NULL, NULL, "app/drafts/x.yaml app/x.yaml drafts/y.yaml github/z.yaml");
	check("", NULL, "# a comment alone\n\n", "app/drafts/x.yaml app/x.yaml drafts/y.yaml github/z.yaml");
}

static void
a_sourceignore_says_instead_what_is_left_out(void **state)
{
	(void)state;
	check("", "drafts/\r\n*.tar.gz\n", NULL,
	    ".circleci/config.yml .github/workflows/ci.yaml .gitlab-ci.yml .sops.yaml app/.sops.yaml app/appveyor.yml "
	    "app/logo.png "
	    "app/x.yaml github/z.yaml");
	check("", "/*\n!/app/\n", NULL, "app/.sops.yaml app/appveyor.yml app/drafts/x.yaml app/logo.png app/x.yaml");
	check("app/", "drafts\n/x.yaml\n*.png  \n", NULL,
	    ".circleci/config.yml .github/workflows/ci.yaml .gitlab-ci.yml .sops.yaml app/.sops.yaml app/appveyor.yml "
	    "drafts/y.yaml "
	    "github/z.yaml release.tar.gz");
	check("", "**/x.yaml\n.*\n!app/.sops.yaml\nnothing[\n", NULL,
	    "app/.sops.yaml app/appveyor.yml app/logo.png drafts/y.yaml github/z.yaml release.tar.gz");
	check("", "app/**/x.yaml\n/drafts/**\nx.yaml/\n", NULL,
	    ".circleci/config.yml .github/workflows/ci.yaml .gitlab-ci.yml .sops.yaml app/.sops.yaml app/appveyor.yml "
	    "app/logo.png "
	    "github/z.yaml release.tar.gz");
}

static void
the_spec_has_the_last_word(void **state)
{
	(void)state;
	check("", "/*\n", "!/drafts\n", "drafts/y.yaml");
	check("", NULL, "/*\n!/app\n*.png\n", "app/.sops.yaml app/appveyor.yml app/drafts/x.yaml app/x.yaml");
	check("", NULL, "!.gitignore\n*.yaml\n*.yml\n", ".gitignore app/logo.png release.tar.gz");
}

static void
lines_are_bounded(void **state)
{
	struct arena *a = arena_new();
	struct str many;

	(void)state;
	str_init(&many, 1 << 16);
	for (int i = 0; i <= SOURCE_IGNORE_MAX; i++)
		str_adds(&many, "a\n");
	assert_non_null(strstr(left(a, "", NULL, str_text(&many)), "spec.ignore: more than"));
	str_done(&many);
	arena_free(a);
}

/* As source-controller packs them: also one that leads out of the repository, which would be an error if it were
 * followed. */
static void
symbolic_links_are_left_out(void **state)
{
	static const struct file linked[] = {
		{ "app/a.yaml", "a" },
		{ "app/b.yaml", "-> a.yaml" },
		{ "app/out.yaml", "-> ../../etc/passwd" },
		{ "other", "-> app" },
	};
	struct arena *a = arena_new();
	struct tree t = files(a, linked, ARRAY_SIZE(linked)), rest;

	(void)state;
	assert_null(source_ignore(a, &t, NULL, &rest));
	assert_int_equal(rest.n, 1);
	assert_string_equal(rest.entries[0].path, "app/a.yaml");
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(images_archives_and_the_files_of_ci_are_left_out),
		cmocka_unit_test(a_sourceignore_says_instead_what_is_left_out),
		cmocka_unit_test(the_spec_has_the_last_word),
		cmocka_unit_test(symbolic_links_are_left_out),
		cmocka_unit_test(lines_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
