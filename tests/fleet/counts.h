/* tests/fleet/counts.h: counters of a controller's work: from its metrics, or from the API server's audit log. */
#pragma once
#include <stdint.h>
#include "base/map.h"
#include "base/str.h"

/* Key → how many. Zeros are an empty one; counts_done frees it. */
struct counts {
	struct map map;
};

void counts_done(struct counts *);
void counts_add(struct counts *, const char *key, int64_t n);
int64_t counts_get(const struct counts *, const char *key);

/* The keys of writes begin with this: "write Patch rollouts". The others are "passes", "handshakes", "connections" and
 * "events dropped". */
#define COUNTS_WRITE "write "

/* Returns the sum of the writes but those of Leases; those of events only if `events`. */
int64_t counts_writes(const struct counts *, bool events);

/* Adds to `ret` what is in `now` and was not in `before`. */
void counts_since(struct counts *ret, const struct counts *before, const struct counts *now);

/* Adds the counters of a /metrics page that are known here; those of Argo Rollouts have the same names. */
void counts_of_metrics(struct counts *, const char *text);

/* Adds the writes of service accounts in an audit log, from *offset on, which becomes its end. In each line the
 * resumed pauses (patches of a Rollout's status by another user), and the patches of VirtualServices by the service
 * account, are handed to `seen` with the times of their arrival and of the response (µs since 1970). */
struct audit_write {
	const char *resource, *name;
	bool by_controller;
	int64_t arrived, done;
};

void counts_of_audit(
    struct counts *, const char *file, long *offset, void (*seen)(void *arg, const struct audit_write *), void *arg);
