/* tests/bench/mapping.c: instructions to find the keys that an event of a source or of a project concerns, among 10 and
 * among 10,000 Applications and Kustomizations. Kept in mapping.want, as in passes.c. */
#include <stdio.h>
#include <string.h>
#include "gitops/argocd/application.h"
#include "gitops/flux/flux.h"
#include "io/log.h"
#include "kube/api/app_project.h"
#include "kube/api/application.h"
#include "kube/api/flux.h"
#include "kube/cache.h"
#include "tests/bench/bench.h"

#define WANT "tests/bench/mapping.want"

static const struct mapping_case {
	const char *name;
	const struct controller *controller;
	const struct type *of; /* of the event's object; there is one of each name */
	const char *key; /* path in an object of the controller; its value is the name of the event's object */
} cases[] = {
	{ "an AppProject", &application_controller, &app_project_type, "project" },
	{ "a GitRepository", &flux_kustomization_controller, &git_repository_type, "sourceRef" },
	{ "a Kustomization that others may depend on", &flux_kustomization_controller, &flux_kustomization_type,
	    "dependsOn" },
};

static const int sizes[] = { 10, 10000 };

static void
ignore(const struct object *o, bool deleted, void *arg)
{
	(void)o;
	(void)deleted;
	(void)arg;
}

static void
count_key(const char *ns, const char *name, void *arg)
{
	(void)ns;
	(void)name;
	++*(size_t *)arg;
}

static void
put(struct cache *cache, const struct mapping_case *c, int i)
{
	_cleanup_(freep) char *name = mem_printf("object-%d", i), *of = mem_printf("named-%d", i);
	json_t *value = strcmp(c->key, "project") == 0	   ? json_string(of)
			: strcmp(c->key, "dependsOn") == 0 ? json_pack("[{s:s}]", "name", of)
							   : json_pack("{s:s,s:s}", "kind", c->of->kind, "name", of);
	_cleanup_(json_decrefp) json_t *j = json_pack("{s:{s:s,s:s,s:s,s:s},s:{s:o}}", "metadata", "name", name,
	    "namespace", "default", "uid", name, "resourceVersion", "1", "spec", c->key, value);

	cache_put(cache, c->controller->type, j, NULL);
}

/* valgrind counts this function, whose name is on its command line. Returns the number of keys. */
size_t bench_map(const struct view *, const struct controller *, const struct object *);

__attribute__((noinline)) size_t
bench_map(const struct view *v, const struct controller *c, const struct object *event)
{
	struct controller_watch w;
	size_t n = 0;

	for (size_t k = 0; controller_watch_at(c, k, &w); k++)
		if (w.type == event->type && w.map != NULL)
			w.map(v, event, count_key, &n);
	return n;
}

/* Returns whether the event of the last name concerns one object, and itself if it is of the same type. An index is
 * made when it is used first: valgrind counts the second time. */
static bool
measure(const struct mapping_case *c, int size, bool twice)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct cache *cache = cache_new(ignore, NULL);
	_cleanup_(json_decrefp) json_t *j = json_pack(
	    "{s:{s:s,s:s}}", "metadata", "name", arena_printf(a, "named-%d", size - 1), "namespace", "default");
	const struct object *event = object_decode(c->of, j, a);
	struct controller_watch w;
	size_t n = 0, made = 0;

	for (int i = 0; i < size; i++)
		put(cache, c, i);
	for (size_t k = 0; controller_watch_at(c->controller, k, &w); k++)
		if (w.type == event->type && w.map != NULL)
			w.map(cache_view(cache), event, count_key, &made);
	if (twice)
		n = bench_map(cache_view(cache), c->controller, event);
	cache_free(cache);
	return made == (c->of == c->controller->type ? 2 : 1) && (!twice || n == made);
}

int
main(int argc, char **argv)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const char *want;
	bool ok = true, all = true;

	log_setup(LOG_LEVEL_ERROR, false);
	want = bench_want(a, WANT);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		for (size_t k = 0; k < ARRAY_SIZE(sizes); k++) {
			const char *name = arena_printf(a, "%s, among %d: ", cases[i].name, sizes[k]), *line;
			int64_t count;

			if (argc > 2 && strcmp(argv[2], name) != 0)
				continue;
			ok &= measure(&cases[i], sizes[k], argc > 2);
			if (argc > 2)
				continue;
			count = bench_instructions(argv[0], "bench_map", name);
			line = strstr(want, name);
			if (line != NULL && bench_is_near(count, strtoll(line + strlen(name), NULL, 10)))
				continue;
			all = false;
			printf("%s%" PRId64 " instructions\n", name, count);
		}
	if (argc <= 2)
		printf("%s costs of events of GitOps\n", ok && all ? "ok" : "not ok");
	return !ok || !all;
}
