/* cli/lint_ports.h: lint: ports of Services that objects of routers name. */
#pragma once
#include "base/json.h"

struct arena;
struct problems;
struct rollout;
struct router;

/* Returns the list spec.ports of a Service of the files; NULL: it is not in them, or has none. */
typedef const json_t *lint_service_ports(const char *service, void *arg);

/* Adds a problem for each port in `object`, which is the Rollout itself or an object of its router as JSON, that a
 * Service of the Rollout does not have. A Service that is not in the files may have any. */
void lint_ports(struct problems *, const struct rollout *, const struct router *, const json_t *object, bool is_rollout,
    lint_service_ports *, void *arg);
