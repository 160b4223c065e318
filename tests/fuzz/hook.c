/* tests/fuzz/hook.c: a response of a hook that is a router, and records of its state in annotations. */
#include "kube/plan/controller.h"
#include "kube/plan/plugin_declarations.h"
#include "tests/fuzz/fuzz.h"
#include "tests/listed.h"
#include "traffic/hook.h"
#include "traffic/routed.h"

#define NOW 1000000
#define WEIGHT "{\"hook\":\"h\",\"serial\":3,\"weight\":50,\"least\":25,\"most\":75,\"confirmed\":false}"
#define ROUTES "{\"hook\":\"h\",\"serial\":3,\"routes\":[],\"most\":1,\"confirmed\":false}"

static const struct plugin_http http = { .url = "http://x" };
static struct step_plugin hooks[] = { { .name = "h", .http = &http } };
static const struct step_plugins declared = { .routers = { hooks, 1 } };
static const struct settings settings = { .step_plugins = &declared };

/* Reads the state of a Rollout with these annotations, after its hook has responded. */
static void
hook_play(const char *weight, const char *routes, struct response response)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	_cleanup_(json_decrefp) json_t *strategy = json_loads("{\"canary\":{\"canaryService\":\"c\",\"stableService\":"
							      "\"s\",\"trafficRouting\":{\"plugins\":{\"sluice/hook\":"
							      "{\"name\":\"h\"}}}}}",
	    0, NULL);
	_cleanup_(json_decrefp) json_t *j = json_pack("{s:{s:s,s:s,s:s,s:s,s:{}},s:{s:O}}", "metadata", "name", "web",
	    "namespace", "shop", "uid", "u", "resourceVersion", "7", "annotations", "spec", "strategy", strategy);
	json_t *annotations = json_object_get(json_object_get(j, "metadata"), "annotations");
	const struct seen_query calls[] = {
		{ .key = "hook/SetWeight/3/set/0",
		    .sent_at = NOW - 2000,
		    .done = true,
		    .done_at = NOW - 1000,
		    .response = response },
		{ .key = "hook/SetHeaderRoutes/3/set/0",
		    .sent_at = NOW - 2000,
		    .done = true,
		    .done_at = NOW - 1000,
		    .response = response },
		{ .key = "hook/RemoveHeaderRoutes/3/set/0",
		    .sent_at = NOW - 2000,
		    .done = true,
		    .done_at = NOW - 1000,
		    .response = response },
	};
	struct seen seen = { .queries = calls, .n_queries = ARRAY_SIZE(calls) };
	struct pass pass = { .now = NOW, .seen = &seen, .settings = &settings };
	const struct listed none = LISTED;
	struct plan *asks = plan_new(a);
	const struct rollout *r;
	struct routed routed;

	json_object_set_new(annotations, hook_annotations[HOOK_WEIGHT], json_string(weight));
	json_object_set_new(annotations, hook_annotations[HOOK_ROUTES], json_string(routes));
	r = (const struct rollout *)object_decode(&rollout_type, j, a);
	if (routed_read(r, &none.view, a, &routed) != NULL)
		return;
	routed_confirm(r, &routed, &pass, asks);
	/* Weights of a record are those of a Rollout, whoever wrote it. */
	if (routed.by[0].routing.weight < 0 || routed.by[0].routing.weight > 100)
		__builtin_trap();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const char *text = arena_strndup(a, (const char *)data, size);

	hook_play(WEIGHT, ROUTES, (struct response){ .status = 200, .body = { text, size } });
	hook_play(WEIGHT, ROUTES, (struct response){ .status = 500, .body = { text, size } });
	hook_play(text, ROUTES, (struct response){ .status = 200, .body = { "{}", 2 } });
	hook_play(WEIGHT, text, (struct response){ .status = 200, .body = { "{}", 2 } });
	return 0;
}
