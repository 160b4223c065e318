/* tests/bench/kustomize.c: the cost of an object of a kustomization: bytes that stay until the end of the build, and
 * instructions.
 *
 * Kept in kustomize.want, for an object of five hundred and for one of a thousand: the cost of an object must not
 * grow with their number.
 */
#include <stdio.h>
#include "gitops/kustomize/build.h"
#include "tests/bench/bench.h"
#include "tests/files.h"

#define WANT "tests/bench/kustomize.want"

/* ConfigMaps, and as many Deployments that name them. In the arena. */
static const char *
objects(struct arena *a, int n)
{
	const char *text;
	struct str out;

	str_init(&out, 1u << 20);
	for (int i = 0; i < n / 2; i++)
		str_addf(&out,
		    "---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: c%d}, data: {a: b}}\n"
		    "---\n{apiVersion: apps/v1, kind: Deployment, metadata: {name: d%d}, spec: {template: {spec: "
		    "{containers: "
		    "[{name: a, image: a, envFrom: [{configMapRef: {name: c%d}}]}]}}}}\n",
		    i, i, i);
	text = arena_strdup(a, str_text(&out));
	str_done(&out);
	return text;
}

/* valgrind counts this function, whose name is on its command line. */
struct err *bench_build(const struct tree *, struct arena *, struct manifests *);

__attribute__((noinline)) struct err *
bench_build(const struct tree *t, struct arena *a, struct manifests *ret)
{
	return k_build(t, a, "", NULL, ret);
}

/* A kustomization of n objects. Returns the bytes of the arena that it needed, 0 when it failed. */
static size_t
measure(int n)
{
	static const char file[] = "resources: [all.yaml]\nnamePrefix: shop-\nnamespace: shop\ncommonLabels: {a: b}\n"
				   "images: [{name: a, newTag: \"2\"}]\n";
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const char *text = objects(a, n);
	const struct file list[] = { { "all.yaml", text }, { "kustomization.yaml", file } };
	const struct tree t = files(a, list, ARRAY_SIZE(list));
	struct manifests made = { .arena = a };
	size_t before = arena_used(a);

	if (bench_build(&t, a, &made) != NULL || made.n != (size_t)n)
		return 0;
	return arena_used(a) - before;
}

int
main(int argc, char **argv)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const char *want = bench_want(a, WANT);
	bool all = true;
	long long given;

	if (argc > 2)
		return !str_int(argv[2], 2, 10000, &given) || measure((int)given) == 0;
	for (int n = 500; n <= 1000; n += 500) {
		const char *what = arena_printf(a, "one of %d objects: %zu bytes, ", n, measure(n) / (size_t)n);
		const char *line = strstr(want, what);
		int64_t count = bench_instructions(argv[0], "bench_build", arena_printf(a, "%d", n)) / n;

		if (line != NULL && bench_is_near(count, strtoll(line + strlen(what), NULL, 10)))
			continue;
		all = false;
		printf("%s%" PRId64 " instructions\n", what, count);
	}
	printf("%s costs of a kustomization's object\n", all ? "ok" : "not ok");
	return !all;
}
