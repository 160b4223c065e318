/* cli/debug_vectors_validation.c: debug vectors validation: the errors that the controller finds in recorded canary
 * strategies. Errors of objects that they refer to are left out: the lines have none. */
#include <stdio.h>
#include <string.h>
#include "base/str.h"
#include "cli/debug_vectors.h"
#include "kube/api/rollout.h"
#include "kube/plan/controller.h"
#include "rollout/gather.h"
#include "rollout/validate.h"
#include "rollout/world.h"

#define CANARY "spec.strategy.canary."

static const struct object *
validation_get(const struct view *v, const struct type *t, const char *ns, const char *name)
{
	(void)v;
	(void)t;
	(void)ns;
	(void)name;
	return NULL;
}

static void
validation_each(
    const struct view *v, const struct type *t, const char *ns, void (*visit)(const struct object *, void *), void *arg)
{
	(void)v;
	(void)t;
	(void)ns;
	(void)visit;
	(void)arg;
}

/* The Rollout that the recorded strategies are a part of. A new reference. */
static json_t *
validation_rollout(const json_t *canary)
{
	return json_pack("{s:{s:s,s:s},s:{s:i,s:{s:{s:s}},s:{s:{s:{s:s}},s:{s:[{s:s,s:s}]}},s:{s:O}}}", "metadata",
	    "name", "web", "namespace", "shop", "spec", "replicas", 1, "selector", "matchLabels", "app", "web",
	    "template", "metadata", "labels", "app", "web", "spec", "containers", "name", "web", "image", "web",
	    "strategy", "canary", (json_t *)canary);
}

/* Argo Rollouts leaves `canary` out of the paths. */
static const char *
validation_field(struct arena *a, const char *path)
{
	return str_starts(path, CANARY) ? arena_printf(a, "spec.strategy.%s", path + strlen(CANARY)) : path;
}

void
debug_vectors_validation(struct cli *c, const json_t *line)
{
	static const struct view nothing = { .get = validation_get, .each = validation_each };
	_cleanup_(arena_freep) struct arena *a = arena_new();
	_cleanup_(json_decrefp) json_t *rollout = validation_rollout(json_object_get(line, "canary")),
				       *out = json_array();
	struct pass pass = { .view = &nothing, .namespace = "shop", .name = "web", .seen = &(struct seen){ 0 } };
	struct problems found = { .arena = a };
	struct rollout_world w;

	(void)c;
	world_gather(&pass, (const struct rollout *)object_decode(&rollout_type, rollout, a), a, &w);
	validate_problems(&w, &found);
	for (size_t i = 0; i < found.n; i++) {
		const char *field = validation_field(a, found.at[i].path);

		if (!found.at[i].reference)
			json_array_append_new(out, json_pack("{s:s,s:o}", "field", field, "text",
						       json_shown(arena_printf(a, "%s: %s", field, found.at[i].text))));
	}
	puts(json_text_go(a, out));
}
