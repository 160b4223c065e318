/* tests/bench/requests.c: how many API requests a rollout costs: four weights with pauses of a second, from its
 * creation to the end of its first update, and on until the old ReplicaSet is gone. Counted where the controller's
 * transport meets the store; watches are not requests here.
 *
 * The counts are kept in requests.want, each change of which says why. They do not vary: time is virtual.
 */
#include <stdio.h>
#include <string.h>
#include "base/map.h"
#include "io/log.h"
#include "tests/bench/bench.h"

#define WANT "tests/bench/requests.want"
#define MANIFESTS "tests/bench/rollout.yaml"

static struct map counts; /* "PATCH rollouts/status" → how many */
static long writes; /* without events */
static long events; /* writes of events */
static long updated; /* of them, up to the status that says the update has ended */

/* "/apis/G/V/namespaces/NS/PLURAL/NAME/SUB" or "/api/V/…" → "PLURAL/SUB". */
static void
resource(const char *url, char *ret, size_t size)
{
	const char *part[10] = { 0 };
	size_t n = 0, at;

	for (const char *s = url; n < ARRAY_SIZE(part) && s != NULL && *s == '/'; s = strpbrk(s + 1, "/?"))
		part[n++] = s + 1;
	at = strncmp(url, "/apis/", 6) == 0 ? 3 : 2;
	if (at < n && strncmp(part[at], "namespaces/", 11) == 0)
		at += 2;
	snprintf(ret, size, "%.*s%s", (int)strcspn(part[at], "/?"), part[at], n > at + 2 ? "/status" : "");
}

static void
count_one(const char *key)
{
	map_set(&counts, key, (void *)((intptr_t)map_get(&counts, key) + 1));
}

/* Events by reason; one that happened again is a PATCH, and has none. */
static void
count_reason(const char *body)
{
	json_t *j = json_loads(body, 0, NULL);
	char key[140];

	if (json_str(j, "reason") != NULL) {
		snprintf(key, sizeof(key), "POST events %s", json_str(j, "reason"));
		count_one(key);
	}
	json_decref(j);
}

static void
count(struct cluster *c, const struct request *r, struct fault *f)
{
	char what[100], key[140];

	(void)c;
	(void)f;
	if (in_process_is_watch(r) || r->url[0] != '/')
		return;
	resource(r->url, what, sizeof(what));
	snprintf(key, sizeof(key), "%s %s", r->method, what);
	count_one(key);
	if (strcmp(what, "events") == 0 && r->body != NULL)
		count_reason(r->body);
	writes += strcmp(r->method, "GET") != 0 && strcmp(what, "events") != 0;
	events += strcmp(r->method, "GET") != 0 && strcmp(what, "events") == 0;
	if (r->body != NULL && strstr(r->body, "\"stableRS\"") != NULL)
		updated = writes;
}

static int
by_key(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int
main(void)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct cluster *c = cluster_new(1);
	const char *keys[64], *got = "";
	size_t n = 0;
	bool ok;

	log_setup(LOG_LEVEL_ERROR, false);
	cluster_run(c, 1000);
	c->fault = count;
	cluster_apply(c, MANIFESTS);
	ok = cluster_wait(c, "Healthy", 8, 60000);
	cluster_set_image(c, "myregistry/myapp:v2");
	cluster_run(c, 100);
	ok &= cluster_wait(c, "Healthy", 8, 60000);
	cluster_run(c, 60000);
	map_each (&counts, s)
		keys[n++] = s->key;
	qsort(keys, n, sizeof(*keys), by_key);
	for (size_t i = 0; i < n; i++)
		got = arena_printf(a, "%s%4ld %s\n", got, (long)(intptr_t)map_get(&counts, keys[i]), keys[i]);
	got = arena_printf(a,
	    "%s%4ld writes without events, to the status that says the update has ended\n"
	    "%4ld more, for the old ReplicaSet\n"
	    "%4ld writes of events\n",
	    got, updated, writes - updated, events);
	ok &= strcmp(got, bench_want(a, WANT)) == 0;
	printf("%s%s requests of a rollout of four weights\n", ok ? "" : got, ok ? "ok" : "not ok");
	map_done(&counts);
	cluster_free(c);
	return !ok;
}
