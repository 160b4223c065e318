/* tests/bench/routers.c: how many writes a rollout of four weights costs with each router, counted as in requests.c,
 * which has Istio's by kind. Counted are the writes to create the Rollout, and those of the update to the status that
 * says that it has ended, without events. AWS and hooks are no API server: requests to them are not writes.
 */
#include <stdio.h>
#include "io/log.h"
#include "tests/bench/bench.h"

#define WANT "tests/bench/routers.want"
#define STEPS                                                                                                          \
	"{\"spec\":{\"strategy\":{\"canary\":{\"steps\":[{\"setWeight\":20},{\"pause\":{\"duration\":1}},"             \
	"{\"setWeight\":40},{\"pause\":{\"duration\":1}},{\"setWeight\":60},{\"pause\":{\"duration\":1}},"             \
	"{\"setWeight\":80},{\"pause\":{\"duration\":1}}]}}}}"

static const char *const routers_with_objects[] = { "alb", "ambassador", "apisix", "contour", "gateway", "hook",
	"nginx", "smi", "traefik" };

static long writes, created, updated; /* of them, before the update, and to its end */

static void
routers_count(struct cluster *c, const struct request *r, struct fault *f)
{
	(void)c;
	(void)f;
	if (r->url[0] != '/' || strcmp(r->method, "GET") == 0 || strstr(r->url, "/events") != NULL)
		return;
	writes++;
	if (r->body != NULL && strstr(r->body, "\"stableRS\"") != NULL)
		updated = writes;
}

/* Returns false if the update did not end. */
static bool
routers_play(const char *router)
{
	_cleanup_(freep) char *file = mem_printf("tests/data/routers/%s.yaml", router);
	struct cluster *c = cluster_new(1);
	bool ok;

	writes = created = updated = 0;
	cluster_run(c, 1000);
	c->fault = routers_count;
	cluster_apply(c, file);
	cluster_patch(c, false, json_loads(STEPS, 0, NULL));
	ok = cluster_wait(c, "Healthy", 8, 60000);
	created = writes;
	cluster_set_image(c, "myregistry/myapp:v2");
	cluster_run(c, 100);
	ok &= cluster_wait(c, "Healthy", 8, 60000);
	cluster_run(c, 60000);
	cluster_free(c);
	return ok;
}

int
main(void)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const char *got = "";
	bool ok = true;

	log_setup(LOG_LEVEL_ERROR, false);
	for (size_t i = 0; i < ARRAY_SIZE(routers_with_objects); i++) {
		ok &= routers_play(routers_with_objects[i]);
		got = arena_printf(
		    a, "%s%4ld + %ld writes with %s\n", got, created, updated - created, routers_with_objects[i]);
	}
	ok &= strcmp(got, bench_want(a, WANT)) == 0;
	printf("%s%s writes of a rollout of four weights, with every router\n", ok ? "" : got, ok ? "ok" : "not ok");
	return !ok;
}
