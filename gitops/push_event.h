/* gitops/push_event.h: what a Git server says when something is pushed (a webhook): whom it concerns. Pure.
 *
 * Sources: GitHub's, GitLab's and Gitea's documentation of webhooks; Argo CD's, "Git Webhook Configuration". Secrets
 * are keys of the Secret argocd-secret: webhook.github.secret, webhook.gitlab.secret, webhook.gogs.secret (Gitea
 * too), webhook.generic.secret. Where a server's has none, what comes in its name is believed: all that it can do is
 * to have applications looked at sooner.
 */
#pragma once
#include "base/sha256.h"
#include "kube/api/application.h"
#include "kube/api/flux.h"

struct push {
	const char *urls[4]; /* of the repository; NULL: no more */
	const char *ref; /* "refs/heads/main" */
	const char *default_branch; /* NULL: it does not say */
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
	const char *key; /* of the secret; NULL: there is none */
	struct hmac_sha256 hmac;
};

/* The headers are there. `secret` is the data of argocd-secret (base64; NULL: there is none). 0: its body is to be
 * read; 400 or 401, and why in *ret_why: it is not believed, whatever its body is. All are borrowed until push_end. */
int push_begin(
    struct push_check *, struct arena *, const struct push_headers *, const json_t *secret, const char **ret_why);

/* A piece of the body. */
void push_add(struct push_check *, const char *at, size_t len);

/* The whole body. 0, and *ret in the arena; 204: it is well, and about nothing that was pushed; 400 or 401, and why
 * in *ret_why. */
int push_end(struct push_check *, const char *body, size_t len, struct push *ret, const char **ret_why);

/* The three in one. */
int push_read(struct arena *, const struct push_headers *, const char *body, size_t len, const json_t *secret,
    struct push *ret, const char **ret_why);

/* The Application, or GitRepository, follows what was pushed. */
bool push_concerns_application(struct arena *, const struct push *, const struct application *);
bool push_concerns_repository(struct arena *, const struct push *, const struct git_repository *);
