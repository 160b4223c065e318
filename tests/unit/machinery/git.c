/* tests/unit/machinery/git.c: the cache of repositories. Those that are fetched are made here, on this machine. */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/quantity.h"
#include "base/rand.h"
#include "base/sha256.h"
#include "gitops/worker/git.h"
#include "gitops/worker/script.h"
#include "io/file.h"
#include "io/program_run.h"
#include "tests/unit/unit.h"

#define FILE_BYTES 300000
#define TIME_MS 600000

struct fixture {
	struct arena *arena;
	const char *dir;
	struct source *source;
};

static const char *
fixture_run(struct fixture *w, const char *const *argv)
{
	static const char *const env[] = { "PATH=/usr/local/bin:/usr/bin:/bin", "HOME=/", "GIT_CONFIG_NOSYSTEM=1",
		"GIT_CONFIG_GLOBAL=/dev/null", "GIT_AUTHOR_NAME=tests", "GIT_AUTHOR_EMAIL=tests@localhost",
		"GIT_COMMITTER_NAME=tests", "GIT_COMMITTER_EMAIL=tests@localhost", NULL };
	struct bytes out = { "", 0 };
	struct err *e = program_run(w->arena,
	    &(struct program){
		.argv = argv, .env = env, .reach = SPAWN_LOCAL, .timeout_ms = TIME_MS, .output_max = 1 << 20 },
	    &out);

	if (e != NULL)
		fail_msg("%s", err_text(w->arena, e));
	return out.at;
}

#define RUN(w, ...) fixture_run((w), (const char *const[]){ __VA_ARGS__, NULL })

/* A new commit of a repository, which is made when it is not there: a file that does not become smaller. Its URL. */
static const char *
fixture_commit(struct fixture *w, const char *name, uint64_t seed)
{
	const char *repository = arena_printf(w->arena, "%s/%s", w->dir, name);
	unsigned char *text = arena_alloc(w->arena, FILE_BYTES);
	struct rand_stream r = rand_stream(seed, name);
	int fd;

	RUN(w, "git", "init", "-q", "-b", "main", "--", repository);
	for (size_t i = 0; i < FILE_BYTES; i++)
		text[i] = (unsigned char)rand_next(&r);
	fd = open(arena_printf(w->arena, "%s/file", repository), O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_int_equal(write(fd, text, FILE_BYTES), FILE_BYTES);
	close(fd);
	RUN(w, "git", "-C", repository, "add", "-A");
	RUN(w, "git", "-C", repository, "commit", "-q", "-m", "more");
	return arena_printf(w->arena, "file://%s", repository);
}

static void
fixture_setup(struct fixture *w, size_t cache_max)
{
	char dir[] = "/tmp/sluice-git-XXXXXX";

	w->arena = arena_new();
	assert_non_null(mkdtemp(dir));
	w->dir = arena_strdup(w->arena, dir);
	w->source = git_source_new(&(struct git_settings){
	    .cache = arena_printf(w->arena, "%s/cache", dir), .files = true, .cache_max = cache_max });
}

static void
fixture_teardown(struct fixture *w)
{
	git_source_free(w->source);
	RUN(w, "rm", "-rf", "--", w->dir);
	arena_free(w->arena);
}

/* Fetches, and reads the file. */
static void
fixture_open(struct fixture *w, struct source *source, const char *url)
{
	struct source_request r = { .url = url, .revision = "main", .timeout_ms = TIME_MS };
	const char *revision, *reference;
	struct bytes text;
	struct tree tree;
	struct err *e = source->open(source, w->arena, &r, &revision, &reference, &tree);

	if (e != NULL)
		fail_msg("%s", err_text(w->arena, e));
	assert_int_equal(tree.n, 1);
	e = tree.read(&tree, w->arena, &tree.entries[0], 1 << 20, &text);
	if (e != NULL)
		fail_msg("%s", err_text(w->arena, e));
	assert_int_equal(text.len, FILE_BYTES);
}

static const char *
fixture_kept(struct fixture *w, const char *url)
{
	char name[2 * SHA256_SIZE + 1];

	sha256_hex(url, strlen(url), name);
	return arena_printf(w->arena, "%s/cache/%s.git", w->dir, name);
}

static bool
is_there(const char *path)
{
	return access(path, F_OK) == 0;
}

static void
the_cache_is_bounded_by_what_it_holds_together(void **state)
{
	struct fixture w;
	const char *urls[4];
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { 0 } };

	(void)state;
	fixture_setup(&w, 2 * FILE_BYTES + FILE_BYTES / 2);
	for (size_t i = 0; i < 4; i++) {
		struct source *own =
		    git_source_new(&(struct git_settings){ .cache = arena_printf(w.arena, "%s/cache", w.dir),
			.files = true,
			.cache_max = 2 * FILE_BYTES + FILE_BYTES / 2 });

		urls[i] = fixture_commit(&w, arena_printf(w.arena, "r%zu", i), i);
		fixture_open(&w, own, urls[i]);
		git_source_free(own);
		times[1].tv_sec = (time_t)(1000 + i);
		assert_int_equal(utimensat(AT_FDCWD, fixture_kept(&w, urls[i]), times, 0), 0);
	}
	/* A fetched repository becomes the newest; the oldest is removed for the next one. */
	fixture_open(&w, w.source, urls[3]);
	assert_false(is_there(fixture_kept(&w, urls[0])));
	assert_false(is_there(fixture_kept(&w, urls[1])));
	assert_true(is_there(fixture_kept(&w, urls[2])));
	assert_true(is_there(fixture_kept(&w, urls[3])));
	fixture_open(&w, w.source, urls[0]);
	fixture_teardown(&w);
}

static void
a_repository_that_is_in_use_is_not_removed(void **state)
{
	struct fixture w;
	const char *first, *second;
	struct source *other;

	(void)state;
	fixture_setup(&w, 1);
	first = fixture_commit(&w, "first", 1);
	second = fixture_commit(&w, "second", 2);
	fixture_open(&w, w.source, first);
	other = git_source_new(
	    &(struct git_settings){ .cache = arena_printf(w.arena, "%s/cache", w.dir), .files = true, .cache_max = 1 });
	fixture_open(&w, other, second);
	assert_true(is_there(fixture_kept(&w, first)));
	w.source = git_source_free(w.source);
	fixture_open(&w, other, second);
	assert_false(is_there(fixture_kept(&w, first)));
	git_source_free(other);
	fixture_teardown(&w);
}

static void
small_commits_are_packs_too(void **state)
{
	struct fixture w;
	const char *url, *kept;

	(void)state;
	fixture_setup(&w, 0);
	for (uint64_t i = 0; i < 3; i++) {
		url = fixture_commit(&w, "r", i);
		fixture_open(&w, w.source, url);
	}
	kept = fixture_kept(&w, url);
	assert_string_equal(RUN(&w, "sh", "-c", "ls \"$1\"/objects/pack/*.pack | wc -l", "sh", kept), "3\n");
	assert_string_equal(RUN(&w, "sh", "-c", "ls \"$1\"/objects", "sh", kept), "info\npack\n");
	fixture_teardown(&w);
}

/* A tenant that may not read a repository, and knows one of its commits. */
static void
a_commit_that_was_fetched_with_credentials_is_not_had_without(void **state)
{
	struct fixture w;
	const char *url, *revision, *reference, *commit;
	struct source_request r = { .revision = "main", .timeout_ms = TIME_MS };
	struct tree tree;

	(void)state;
	fixture_setup(&w, 0);
	r.url = url = fixture_commit(&w, "r", 1);
	r.credentials.password = "secret";
	assert_null(w.source->open(w.source, w.arena, &r, &commit, &reference, &tree));
	RUN(&w, "mv", "--", arena_printf(w.arena, "%s/r", w.dir), arena_printf(w.arena, "%s/elsewhere", w.dir));
	r.revision = commit;
	assert_null(w.source->open(w.source, w.arena, &r, &revision, &reference, &tree));
	r.credentials.password = "guessed";
	assert_non_null(w.source->open(w.source, w.arena, &r, &revision, &reference, &tree));
	r.credentials.password = NULL;
	assert_non_null(w.source->open(w.source, w.arena, &r, &revision, &reference, &tree));
	r.credentials.username = "secret";
	assert_non_null(w.source->open(w.source, w.arena, &r, &revision, &reference, &tree));
	fixture_teardown(&w);
}

/* A git that was killed because its server took too long. */
static void
what_a_killed_git_has_left_is_removed(void **state)
{
	static const char *const left[] = { "shallow.lock", "config.lock", "refs/sluice/fetched.lock",
		"objects/pack/tmp_pack_Xy0z", "objects/pack/tmp_idx_Xy0z" };
	struct fixture w;
	const char *url, *kept;

	(void)state;
	fixture_setup(&w, 0);
	url = fixture_commit(&w, "r", 1);
	fixture_open(&w, w.source, url);
	kept = fixture_kept(&w, url);
	for (size_t i = 0; i < ARRAY_SIZE(left); i++)
		close(open(arena_printf(w.arena, "%s/%s", kept, left[i]), O_WRONLY | O_CREAT, 0600));
	fixture_commit(&w, "r", 2);
	fixture_open(&w, w.source, url);
	for (size_t i = 0; i < ARRAY_SIZE(left); i++)
		if (is_there(arena_printf(w.arena, "%s/%s", kept, left[i])))
			fail_msg("%s is still there", left[i]);
	fixture_teardown(&w);
}

/* The text behind the last occurrence of `before` in the file, to the next space or quote. */
static int64_t
amount_behind(struct arena *a, struct bytes file, const char *before)
{
	const char *at = strstr(file.at, before), *next;
	int64_t bytes;

	assert_non_null(at);
	while ((next = strstr(at + 1, before)) != NULL)
		at = next;
	at += strlen(before);
	if (!quantity_whole(arena_strndup(a, at, strcspn(at, " \n}")), &bytes))
		fail_msg("%s: no amount", before);
	return bytes;
}

/* Else one tenant's repositories would have the kubelet kill the controller, or evict it. */
static void
the_install_has_room_for_all_that_its_workers_may_need(void **state)
{
	struct arena *a = arena_new();
	struct bytes gitops, base;
	int64_t own, workers, memory, limit, volume;

	(void)state;
	assert_null(file_read(a, "deploy/gitops/controller/kustomization.yaml", 1 << 20, &gitops));
	assert_null(file_read(a, "deploy/controller/deployment.yaml", 1 << 20, &base));
	own = amount_behind(a, base, "limits: {memory: ");
	workers = amount_behind(a, gitops, "--gitops-workers=");
	memory = amount_behind(a, gitops, "--gitops-worker-memory=");
	limit = amount_behind(a, gitops, "/limits/memory\n      value: ");
	volume = amount_behind(a, gitops, "sizeLimit: ");
	assert_true(limit >= own + workers * (memory + GIT_MEMORY_MAX + 4 * (int64_t)SCRIPT_MEMORY_MAX));
	assert_true(volume >= (int64_t)GIT_CACHE_BYTES_MAX + workers * (int64_t)GIT_PACK_MAX);
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_cache_is_bounded_by_what_it_holds_together),
		cmocka_unit_test(a_repository_that_is_in_use_is_not_removed),
		cmocka_unit_test(small_commits_are_packs_too),
		cmocka_unit_test(a_commit_that_was_fetched_with_credentials_is_not_had_without),
		cmocka_unit_test(the_install_has_room_for_all_that_its_workers_may_need),
		cmocka_unit_test(what_a_killed_git_has_left_is_removed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
