/* traffic/hook.h: the parts of the router that is a hook: the wanted state (hook.c), and the calls (hook_calls.c). */
#pragma once
#include "traffic/router.h"

#define HOOK_FIELD "spec.strategy.canary.trafficRouting.plugins[\"sluice/hook\"]"

/* The parts of the wanted state. Each has an annotation of the Rollout, and serial numbers, of its own. */
enum hook_part { HOOK_WEIGHT, HOOK_ROUTES, HOOK_PART_MAX };

extern const char *const hook_annotations[HOOK_PART_MAX];

/* The content of an annotation. */
struct hook_record {
	bool present;
	bool confirmed; /* in effect, as the hook reported: written, or known to this process (hook_confirm) */
	int64_t serial; /* of the wanted state: higher than that of any state before */
	int64_t weight; /* that is wanted; of HOOK_WEIGHT */
	const char *routes; /* that are wanted, as JSON; of HOOK_ROUTES. NULL: not present */
	int64_t least, most; /* until it is confirmed: limits of what may be in effect (weights, number of routes) */
};

/* The records that were read: `own` of struct routing. */
struct hook_state {
	struct hook_record records[HOOK_PART_MAX];
};

/* Returns the fields of the strategy, or NULL. */
const struct hook_routing *hook_of(const struct canary_strategy *);

/* Adds the patch that writes the record, which tests what it replaces. */
void hook_record_write(const struct rollout *, enum hook_part, const struct hook_record *, struct plan *);

/* Sets what may be in effect by these records: the weight, the number of routes, and why it is not known. */
void hook_set_seen(const struct rollout *, const struct hook_state *, struct arena *, struct routing *ret);

/* That of struct router. */
void hook_confirm(const struct rollout *, const struct pass *, struct plan *queries, struct routing *);
