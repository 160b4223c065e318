/* gitops/worker/health_checks.h: the health checks of a Kustomization (`wait`, `healthChecks`), after everything is
 * applied. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

struct health_check;
struct session;
struct worker_response;

struct session_checks {
	struct health_check *at;
	size_t n;
};

/* The functions of STAGE_CHECKS (stage.h). */
size_t checks_prepare(struct session *);
bool checks_start(struct session *, size_t i);

/* Adds the objects that are not ready to the response. */
void checks_report(struct session *, struct worker_response *);
