/* cli/application.h: shared functions of `sluice app` and the other commands about Applications. Their default
 * namespace is argocd, as in Argo CD. */
#pragma once
#include "cli/cli.h"
#include "gitops/argocd/application_status.h"

/* Connects; the namespace is that of --namespace, or argocd. Returns 0, or 1 after printing the error. */
int applications_connect(struct cli *);

/* The only argument; NULL after printing that it is missing. */
const char *application_name(const struct cli *);

/* The Application as it is; NULL after printing the error. A new reference. */
json_t *application_get(struct cli *, const char *name);

/* Decodes it, and its status, into the arena of the command. */
void application_read(
    struct cli *, const json_t *app, const struct application **ret, struct application_status *ret_status);

/* Returns the health of the status; "Unknown" before the first comparison. */
const char *application_health_text(const struct application_status *);

/* A merge patch of it (consumed). Returns 0, or 1 after printing the error. */
int application_patch(struct cli *, const char *name, json_t *patch);

/* Reads --timeout, seconds or a duration; 0 without it. Returns 0, or 1 after printing the error. */
int application_timeout(const struct cli *, int64_t *ret_ms);

/* The conditions of a wait; all must hold. */
struct application_until {
	bool operation; /* no sync is running */
	bool synced, healthy; /* its statuses are Synced and Healthy */
	const char *revision; /* with `synced`: to this commit; NULL: to any. The wait ends if a Rollout aborts it */
	int64_t started_after; /* wall ms; only a sync that started then or later counts; 0: any */
};

/* Waits, and shows what happens on the way. The exit code: 0, or 1 when it cannot come any more, or did not in time. */
int application_wait(struct cli *, const char *name, const struct application_until *);

/* The first n characters. In the arena. */
const char *short_revision(struct cli *, const char *revision);
