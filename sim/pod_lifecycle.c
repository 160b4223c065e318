/* sim/pod_lifecycle.c: start and end of a virtual Pod: delays of readiness and termination, computed from its spec. */
#include "sim/pod_lifecycle.h"
#include "base/str.h"
#include "sim/command.h"

#define GRACE_S 30 /* the default of terminationGracePeriodSeconds */
#define LONGEST_S 3600 /* of any of them */

static int64_t
lifecycle_seconds(const json_t *o, const char *name, int64_t otherwise)
{
	int64_t n = json_int(o, name, otherwise);

	return n < 0 ? 0 : n > LONGEST_S ? LONGEST_S : n;
}

static int64_t
hook_sleep(const json_t *container, const char *hook)
{
	const json_t *lifecycle = json_object_get(container, "lifecycle");

	return lifecycle_seconds(json_object_get(json_object_get(lifecycle, hook), "sleep"), "seconds", 0);
}

int64_t
lifecycle_start_ms(const json_t *spec)
{
	int64_t longest = 0;
	json_t *container;
	size_t i;

	json_array_foreach (json_object_get(spec, "containers"), i, container) {
		int64_t n = hook_sleep(container, "postStart") +
			    lifecycle_seconds(json_object_get(container, "readinessProbe"), "initialDelaySeconds", 0);

		if (n > longest)
			longest = n;
	}
	return 1000 * longest;
}

int64_t
lifecycle_stop_ms(const json_t *spec)
{
	int64_t grace = lifecycle_seconds(spec, "terminationGracePeriodSeconds", GRACE_S), longest = 0;
	json_t *container;
	size_t i;

	json_array_foreach (json_object_get(spec, "containers"), i, container) {
		int64_t n = hook_sleep(container, "preStop");

		if (n > longest)
			longest = n;
	}
	return 1000 * (longest < grace ? longest : grace);
}

bool
lifecycle_never_ready(const json_t *spec)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	json_t *container;
	size_t i;

	json_array_foreach (json_object_get(spec, "containers"), i, container)
		if (command_exit_code(command_text(a, json_at(container, "/readinessProbe/exec/command"), NULL)) != 0)
			return true;
	return false;
}

static const json_t *
condition_of(const json_t *conditions, const char *type)
{
	json_t *c;
	size_t i;

	json_array_foreach (conditions, i, c)
		if (str_eq(json_str(c, "type"), type))
			return c;
	return NULL;
}

bool
lifecycle_gates_open(const json_t *spec, const json_t *conditions)
{
	json_t *gate;
	size_t i;

	json_array_foreach (json_object_get(spec, "readinessGates"), i, gate)
		if (!str_eq(json_str(condition_of(conditions, json_str(gate, "conditionType")), "status"), "True"))
			return false;
	return true;
}

void
lifecycle_keep_conditions(json_t *conditions, const json_t *older)
{
	json_t *c;
	size_t i;

	json_array_foreach (older, i, c)
		if (condition_of(conditions, json_str(c, "type")) == NULL)
			json_array_append(conditions, c);
}
