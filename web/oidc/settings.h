/* web/oidc/settings.h: settings of a login by OpenID Connect: `oidc.config` and `url` of argocd-cm. Pure.
 *
 * Source: Argo CD's documentation, "Existing OIDC Provider". A text that starts with $ is the name of a value: "$KEY"
 * of the Secret argocd-secret, "$SECRET:KEY" of a Secret with the label app.kubernetes.io/part-of: argocd. As in
 * Argo CD, the case of members' names does not matter.
 */
#pragma once
#include "base/json.h"
#include "kube/api/type.h"

#define OIDC_SECRET "argocd-secret"

struct oidc_settings {
	const char *name; /* of the provider, for users; default: its issuer */
	const char *issuer; /* its URL, as in the provider's tokens */
	const char *client_id;
	const char *client_secret; /* NULL: a public client */
	const char *cli_client_id; /* also an audience of bearer tokens; NULL: none */
	struct strings scopes; /* default: openid, profile, email, groups */
	const char *claims; /* JSON of the request parameter `claims`; NULL: none */
	const char *logout_url; /* NULL: that of the provider, if it has one */
	const char *root_ca; /* PEM; NULL: the CAs of the machine */
	const char *domain_hint; /* NULL: none */
	const char *problem; /* names members without effect, with reasons; NULL: there are none */
};

/* The value of a key of a Secret, or NULL. *ret_why is then what is wrong with the Secret, if it is known. */
typedef const char *oidc_secret_value(void *arg, const char *secret, const char *key, const char **ret_why);

/* Lists the names of the Secrets that a text of oidc.config refers to, each once, in the arena. */
struct err *oidc_settings_secrets(struct arena *, const char *text, struct strings *ret);

/* Reads the text of oidc.config; everything in the arena. Errors name the member and what to do, and never contain a
 * value of a Secret. */
struct err *oidc_settings_read(
    struct arena *, const char *text, oidc_secret_value *, void *arg, struct oidc_settings *ret);

/* Returns whether a URL is https, or http to this machine (a name of loopback), where no one else reads it. The
 * authority has no user and only usual characters; there is no fragment. */
bool oidc_url_is_safe(const char *url);

/* The parts of argocd-cm's `url`, which is the address of the dashboard. */
struct oidc_base {
	const char *url; /* without slashes at its end */
	const char *host; /* as a browser sends it: "NAME" or "NAME:PORT" without the scheme's own port */
	const char *path; /* "" or "/PATH" */
	bool secure; /* https */
};

/* Reads the URL. Everything in the arena. */
struct err *oidc_base_read(struct arena *, const char *url, struct oidc_base *ret);
