/* gitops/source/secret_keys.c: keys of Argo CD's and Flux's repository Secrets without effect: one row for each key. */
#include "gitops/source/secret_keys.h"
#include <string.h>
#include "base/glob.h"
#include "base/str.h"

#define NAMED_MAX 20 /* keys that are named */

static const char no_client[] = "client certificates are not presented to repositories",
		  no_tokens[] =
		      "tokens are not fetched from GitHub, Google or Azure: password or bearerToken can hold one";

/* The first row that matches counts; names are globs. */
struct secret_key {
	const char *name;
	const char *why; /* it has no effect; NULL: it has */
};

static const struct secret_key argocd[] = {
	{ "url", NULL },
	{ "name", NULL },
	{ "type", NULL },
	{ "project", NULL },
	{ "username", NULL },
	{ "password", NULL },
	{ "bearerToken", NULL },
	{ "sshPrivateKey", NULL },
	{ "tlsClientCaData", NULL },
	{ "insecure", NULL },
	{ "insecureIgnoreHostKey", NULL },
	{ "proxy", NULL },
	{ "enableOCI", NULL }, /* a URL without a scheme says it already */
	{ "tlsClientCert*", no_client },
	{ "githubApp*", no_tokens },
	{ "gcpServiceAccountKey", no_tokens },
	{ "useAzureWorkloadIdentity", no_tokens },
	{ "enableLfs", "files in Git LFS are read as the pointers that Git has" },
	{ "depth", "only the commit that is needed is fetched" },
	{ "forceHttpBasicAuth", "username and password are sent when the server requests them" },
	{ "noProxy", "the proxy is used for this repository alone" },
	{ "insecureOCIForceHttp", "registries are reached by https" },
	{ "insecureOciForceHttp", "registries are reached by https" },
};

static const struct secret_key flux[] = {
	{ "username", NULL },
	{ "password", NULL },
	{ "bearerToken", NULL },
	{ "identity", NULL },
	{ "identity.pub", NULL }, /* the private key says it already */
	{ "known_hosts", NULL },
	{ "ca.crt", NULL },
	{ "caFile", NULL },
	{ "tls.*", no_client },
	{ "certFile", no_client },
	{ "keyFile", no_client },
	{ "githubApp*", no_tokens },
};

/* Of Flux's keys: those that have no effect if the Secret has another key too. */
static const struct {
	const char *other;
	struct secret_key key;
} flux_pairs[] = {
	{ "identity", { "password", "a key with a passphrase is not read: identity must have none" } },
	{ "ca.crt", { "caFile", "ca.crt counts" } },
};

static const struct {
	const struct secret_key *keys;
	size_t n;
} tables[] = {
	[SECRET_KEYS_ARGOCD] = { argocd, ARRAY_SIZE(argocd) },
	[SECRET_KEYS_FLUX] = { flux, ARRAY_SIZE(flux) },
};

static const struct secret_key *
secret_keys_find(enum secret_keys of, const json_t *data, const char *name)
{
	for (size_t i = 0; of == SECRET_KEYS_FLUX && i < ARRAY_SIZE(flux_pairs); i++)
		if (strcmp(flux_pairs[i].key.name, name) == 0 && json_object_get(data, flux_pairs[i].other) != NULL)
			return &flux_pairs[i].key;
	for (size_t i = 0; i < tables[of].n; i++)
		if (glob_match(tables[of].keys[i].name, name))
			return &tables[of].keys[i];
	return NULL;
}

const char *
secret_keys_why(enum secret_keys of, const char *key)
{
	const struct secret_key *k = secret_keys_find(of, NULL, key);

	return k != NULL ? k->why : NULL;
}

const char *
secret_keys_problem(struct arena *a, const json_t *secret, enum secret_keys of)
{
	json_t *data = json_object_get(secret, "data"), *value;
	const char *all = NULL, *key;
	size_t n = 0;

	json_object_foreach (data, key, value) {
		const struct secret_key *k = secret_keys_find(of, data, key);

		(void)value;
		if ((k != NULL && k->why == NULL) || n++ >= NAMED_MAX)
			continue;
		all = arena_printf(a, "%s%s%.100s (%s)", all != NULL ? all : "", all != NULL ? ", " : "", key,
		    k != NULL ? k->why : "it is not known");
	}
	if (all == NULL)
		return NULL;
	return arena_printf(a, "Secret %s: without effect here: %s%s",
	    json_str(json_object_get(secret, "metadata"), "name") ?: "", all,
	    n > NAMED_MAX ? arena_printf(a, " and %zu more keys", n - NAMED_MAX) : "");
}
