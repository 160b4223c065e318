/* gitops/push_event.h: push events of Git servers (webhooks): their signature, repository and branch, and the
 * objects that they concern. Pure; web/webhook.c receives them.
 *
 * Sources: GitHub's, GitLab's and Gitea's documentation of webhooks; Argo CD's, "Git Webhook Configuration". Secrets
 * are keys of the Secret argocd-secret: webhook.github.secret, webhook.gitlab.secret, webhook.gogs.secret (Gitea
 * too), webhook.generic.secret. Without the secret of a server its events are accepted unsigned: they can only cause
 * an earlier refresh.
 */
#pragma once
#include "base/sha256.h"
#include "kube/api/application.h"
#include "kube/api/flux.h"

struct push {
	const char *urls[4]; /* of the repository; NULL ends the list */
	const char *ref; /* "refs/heads/main" */
	const char *default_branch; /* NULL: the event has none */
};

/* A header's value, or NULL; names in any case. */
struct push_headers {
	const char *(*get)(void *arg, const char *name);
	void *arg;
};

/* One request, whose signature is checked as its body comes. */
struct push_check {
	struct arena *arena;
	const struct push_headers *headers;
	const struct push_family *family;
	const char *key; /* of the secret; NULL: it is not set */
	struct hmac_sha256 hmac;
};

/* Begins with the headers. `secret` is the data of argocd-secret (base64); NULL: the Secret does not exist. Returns
 * 0: the body is to be read; 400 or 401, and *ret_why: the request is refused, without its body. All are borrowed
 * until push_end. */
int push_begin(
    struct push_check *, struct arena *, const struct push_headers *, const json_t *secret, const char **ret_why);

/* Adds a piece of the body. */
void push_add(struct push_check *, const char *at, size_t len);

/* Ends the body. Returns 0, and *ret in the arena; 204: the request is valid, and not about a push; 400 or 401, and
 * *ret_why. */
int push_end(struct push_check *, const char *body, size_t len, struct push *ret, const char **ret_why);

/* Calls push_begin(), push_add() and push_end() for a whole request. */
int push_read(struct arena *, const struct push_headers *, const char *body, size_t len, const json_t *secret,
    struct push *ret, const char **ret_why);

/* Returns whether the Application, or GitRepository, follows what was pushed. */
bool push_concerns_application(struct arena *, const struct push *, const struct application *);
bool push_concerns_repository(struct arena *, const struct push *, const struct git_repository *);
