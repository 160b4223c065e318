/* cli/application.h: what the commands about Applications share. They are in the namespace argocd where nothing else is said, as Argo CD's are. */
#pragma once
#include "cli/cli.h"
#include "kube/api/application.h"

/* Connects, and makes argocd the namespace unless --namespace says another. 0, or 1 after saying what is wrong. */
int applications_connect(struct cli *);

/* The only argument; NULL after saying that it is missing. */
const char *application_name(const struct cli *);

/* The Application as it is; NULL after saying why it cannot be had. A new reference. */
json_t *application_get(struct cli *, const char *name);

/* A merge patch of it (consumed). 0, or 1 after saying what is wrong. */
int application_patch(struct cli *, const char *name, json_t *patch);

/* --timeout: seconds, or a duration; 0 for none. 0, or 1 after saying what is wrong. */
int application_timeout(const struct cli *, int64_t *ret_ms);

/* What is waited for; of several, all. */
struct application_until {
	bool operation; /* no sync is under way */
	bool synced, healthy;
	const char *
	    revision; /* with `synced`: to this commit; NULL: to any. A Rollout that aborts it, or ends badly, ends the wait */
	const char *
	    started_after; /* of the sync that counts, as the status has times: not one that was there before; NULL: any */
};

/* Waits, and shows what happens on the way. The exit code: 0, or 1 when it cannot come any more, or did not in time. */
int application_wait(struct cli *, const char *name, const struct application_until *);

/* The first n characters. In the arena. */
const char *short_revision(struct cli *, const char *revision);
