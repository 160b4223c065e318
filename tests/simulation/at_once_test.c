/* tests/simulation/at_once_test.c: up to a thousand Rollouts are updated at once, while the API server is slow to
 * create Events: none is lost, and none delays the updates. */
#include <stdio.h>
#include <string.h>
#include "base/map.h"
#include "io/file.h"
#include "io/log.h"
#include "kube/api/yaml.h"
#include "tests/simulation/cluster.h"

#define MANIFESTS "tests/bench/rollout.yaml"
#define ROLLOUTS_MAX 1000
#define EVENTS_EACH 22 /* of the creation and the update of a Rollout with one replica: see tests/bench/requests.want */
#define EVENT_MS 20 /* the time that the creation of an Event takes */
#define UPDATE_MS 30000 /* four pauses of a second, and pods that become ready in between */
#define PATIENCE_MS 600000

struct at_once {
	long reported, completed; /* events: how often they happened; RolloutCompleted of all Rollouts */
	size_t healthy; /* Rollouts with the second version as the stable one */
	bool is_healthy[ROLLOUTS_MAX];
};

static void
at_once_on_change(const char *kind, const char *type, const json_t *o, void *arg)
{
	struct at_once *t = arg;
	const char *name = json_str(json_object_get(o, "metadata"), "name");

	(void)type;
	if (strcmp(kind, "Event") == 0) {
		t->reported++; /* each change of an Event is one more count of it: the queue is in order */
		t->completed += str_eq(json_str(o, "reason"), "RolloutCompleted");
	} else if (strcmp(kind, "Rollout") == 0) {
		const json_t *status = json_object_get(o, "status");
		size_t i = strtoul(name + strlen("app"), NULL, 10);

		if (i < ROLLOUTS_MAX && !t->is_healthy[i] && json_int(status, "currentStepIndex", 0) == 8 &&
		    str_eq(json_str(status, "observedGeneration"), "2") &&
		    str_eq(json_str(status, "stableRS"), json_str(status, "currentPodHash"))) {
			t->is_healthy[i] = true;
			t->healthy++;
		}
	}
}

static void
at_once_slow_events(struct cluster *c, const struct request *r, struct fault *f)
{
	(void)c;
	if (strstr(r->url, "/events") != NULL)
		f->before_ms = EVENT_MS;
}

static void
at_once_create(struct cluster *c, const char *manifests, size_t i)
{
	static const char *const plurals[][2] = {
		{ "Rollout", "/apis/argoproj.io/v1alpha1/namespaces/default/rollouts" },
		{ "VirtualService", "/apis/networking.istio.io/v1beta1/namespaces/default/virtualservices" },
		{ "DestinationRule", "/apis/networking.istio.io/v1beta1/namespaces/default/destinationrules" },
	};
	_cleanup_(arena_freep) struct arena *a = arena_new();
	_cleanup_(json_decrefp) json_t *docs = NULL;
	const char *text = str_replace(a, manifests, "myapp", arena_printf(a, "app%zu", i));
	json_t *doc;
	size_t k;

	if (yaml_parse(a, text, strlen(text), &docs) != NULL)
		return;
	json_array_foreach (docs, k, doc)
		for (size_t p = 0; p < ARRAY_SIZE(plurals); p++)
			if (str_eq(plurals[p][0], json_str(doc, "kind")))
				cluster_do(c, "POST", "application/json", plurals[p][1], json_incref(doc));
}

static void
at_once_update(struct cluster *c, size_t i)
{
	_cleanup_(freep) char *path = mem_printf("/apis/argoproj.io/v1alpha1/namespaces/default/rollouts/app%zu", i);

	cluster_do(c, "PATCH", "application/merge-patch+json", path,
	    json_pack("{s:{s:{s:{s:[{s:s,s:s}]}}}}", "spec", "template", "spec", "containers", "name", "app", "image",
		"myregistry/myapp:v2"));
}

static bool
at_once_wait(struct cluster *c, const size_t *healthy, const long *reported, size_t rollouts, long events)
{
	for (int64_t until = cluster_now(c) + PATIENCE_MS; cluster_now(c) < until;) {
		if (*healthy >= rollouts && *reported >= events)
			return true;
		cluster_run(c, 100);
	}
	return false;
}

bool
at_once_run(size_t rollouts)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct at_once *t = mem_alloc(sizeof(*t));
	struct cluster *c = cluster_new(1);
	struct bytes text = { "", 0 };
	int64_t from, took;
	bool ok;

	file_read(a, MANIFESTS, 1u << 16, &text);
	cluster_observe(c, at_once_on_change, t);
	cluster_run(c, 1000);
	for (size_t i = 0; i < rollouts; i++)
		at_once_create(c, str_replace(a, text.at, "replicas: 4", "replicas: 1"), i);
	ok = at_once_wait(c, &t->healthy, &t->reported, 0, (long)rollouts * 7);
	cluster_run(c, 10000);
	c->fault = at_once_slow_events;
	from = cluster_now(c);
	for (size_t i = 0; i < rollouts; i++)
		at_once_update(c, i);
	ok &= at_once_wait(c, &t->healthy, &t->reported, rollouts, 0);
	took = cluster_now(c) - from;
	ok &= at_once_wait(c, &t->healthy, &t->reported, rollouts, (long)rollouts * EVENTS_EACH);
	cluster_run(c, 10000);
	ok &= took <= UPDATE_MS && t->reported == (long)rollouts * EVENTS_EACH && t->completed == (long)rollouts * 2;
	printf("%s %zu updates at once lose no event, and wait for none: %zu in %d ms, %ld events, %ld of completed "
	       "updates\n",
	    ok ? "ok" : "not ok", rollouts, t->healthy, (int)took, t->reported, t->completed);
	cluster_free(c);
	free(t);
	return ok;
}
