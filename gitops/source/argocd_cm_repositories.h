/* gitops/source/argocd_cm_repositories.h: repositories and templates of credentials that the ConfigMap argocd-cm
 * declares, in its keys `repositories` and `repository.credentials`. Pure.
 *
 * Source: Argo CD 2's documentation, "Declarative Setup". Each is a list of {url, type, name,
 * usernameSecret: {name, key}, …}; the Secrets are in the namespace of the ConfigMap. A template is for the
 * repositories below its URL.
 */
#pragma once
#include "base/err.h"
#include "base/json.h"

/* A value in a Secret. */
struct declared_secret {
	const char *name, *key; /* name NULL: not set */
};

enum declared_value { DECLARED_USERNAME, DECLARED_PASSWORD, DECLARED_SSH_KEY, DECLARED_VALUE_MAX };

struct declared_repository {
	const char *where; /* "repositories[1]", for errors */
	const char *url;
	struct declared_secret values[DECLARED_VALUE_MAX];
	bool insecure; /* neither certificates nor host keys are verified */
	const char *proxy; /* NULL: not set */
};

struct declared {
	struct declared_list {
		struct declared_repository *at;
		size_t n;
	} repositories, templates;
	const char *problem; /* members without effect, with the reasons; NULL: all have an effect */
};

/* Reads the ConfigMap's data; NULL: nothing is declared. All of *ret is in the arena. An error names the key and the
 * member: a text that is not a list, an entry without a URL, a Secret without name and key, or too many entries. */
struct err *declared_read(struct arena *, const json_t *data, struct declared *ret);

/* Returns the entry of `repositories` with this URL, or NULL. */
const struct declared_repository *declared_repository(struct arena *, const struct declared *, const char *url);

/* Returns the template of `repository.credentials` that matches the longest part of the URL, or NULL. */
const struct declared_repository *declared_template(struct arena *, const struct declared *, const char *url);

/* Returns whether the entry names a Secret. */
bool declared_has_secrets(const struct declared_repository *);
