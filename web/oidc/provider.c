/* web/oidc/provider.c: reads metadata and keys of an OpenID provider. */
#include "web/oidc/provider.h"
#include <string.h>
#include "base/str.h"

#define LISTED_MAX 64 /* members of a list of the metadata */

static const char *const allowed[] = { "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384",
	"ES512" };

bool
oidc_algorithm_is_allowed(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(allowed); i++)
		if (str_eq(allowed[i], name))
			return true;
	return false;
}

const char *
oidc_provider_url(struct arena *a, const struct oidc_settings *s)
{
	size_t n = strlen(s->issuer);

	while (n > 0 && s->issuer[n - 1] == '/')
		n--;
	return arena_printf(a, "%.*s/.well-known/openid-configuration", (int)n, s->issuer);
}

static struct err *
provider_parse(struct arena *a, const char *text, size_t len, json_t **ret)
{
	_cleanup_(json_decrefp) json_t *doc = NULL;
	struct err *e;

	if (len > OIDC_DOCUMENT_MAX)
		return err_new(a, ERR_INVALID, "it is longer than %u bytes", OIDC_DOCUMENT_MAX);
	if ((e = json_parse(a, text, len, &doc)) != NULL)
		return e;
	if (!json_is_object(doc))
		return err_new(a, ERR_INVALID, "it is not a JSON object");
	*ret = TAKE_PTR(doc);
	return NULL;
}

/* Returns whether a list of texts contains one. Lists longer than LISTED_MAX are read up to there. */
static bool
provider_lists(const json_t *list, const char *text)
{
	for (size_t i = 0; i < json_array_size(list) && i < LISTED_MAX; i++)
		if (str_eq(json_string_value(json_array_get(list, i)), text))
			return true;
	return false;
}

static struct err *
provider_read_url(struct arena *a, const json_t *doc, const char *name, const char **ret)
{
	const char *url = json_str(doc, name);

	if (url == NULL || !oidc_url_is_safe(url))
		return err_new(
		    a, ERR_INVALID, "its %s is not an https URL (http is accepted to this machine only)", name);
	*ret = arena_strdup(a, url);
	return NULL;
}

/* The provider's own order of preference does not matter. Without a list, it is RS256, which all must support. */
static struct strings
provider_read_algorithms(struct arena *a, const json_t *doc)
{
	const json_t *list = json_object_get(doc, "id_token_signing_alg_values_supported");
	struct strings to = { .at = arena_new_array(a, const char *, ARRAY_SIZE(allowed)) };

	for (size_t i = 0; i < ARRAY_SIZE(allowed); i++)
		if (list != NULL ? provider_lists(list, allowed[i]) : i == 0)
			to.at[to.n++] = allowed[i];
	return to;
}

/* The default is client_secret_basic (OpenID Connect Discovery 1.0, section 3). */
static enum oidc_client_auth
provider_read_auth(const json_t *doc, const struct oidc_settings *s)
{
	const json_t *list = json_object_get(doc, "token_endpoint_auth_methods_supported");

	if (s->client_secret == NULL)
		return OIDC_AUTH_NONE;
	if (list != NULL && !provider_lists(list, "client_secret_basic") && provider_lists(list, "client_secret_post"))
		return OIDC_AUTH_POST;
	return OIDC_AUTH_BASIC;
}

static struct err *
provider_read_document(struct arena *a, const struct oidc_settings *s, const json_t *doc, struct oidc_provider *ret)
{
	struct oidc_provider to = { .issuer = s->issuer,
		.algorithms = provider_read_algorithms(a, doc),
		.auth = provider_read_auth(doc, s),
		.names_issuer = json_is_true(json_object_get(doc, "authorization_response_iss_parameter_supported")) };
	const char *logout = json_str(doc, "end_session_endpoint");
	struct err *e;

	/* A document of another issuer would make its tokens valid here. */
	if (!str_eq(json_str(doc, "issuer"), s->issuer))
		return err_new(
		    a, ERR_INVALID, "its issuer is not exactly \"%s\", which is the issuer of oidc.config", s->issuer);
	if ((e = provider_read_url(a, doc, "authorization_endpoint", &to.authorization_url)) != NULL ||
	    (e = provider_read_url(a, doc, "token_endpoint", &to.token_url)) != NULL ||
	    (e = provider_read_url(a, doc, "jwks_uri", &to.keys_url)) != NULL)
		return e;
	if (to.algorithms.n == 0)
		return err_new(a, ERR_INVALID,
		    "its id_token_signing_alg_values_supported has no algorithm with a public key (RS, PS, ES)");
	if (logout != NULL && oidc_url_is_safe(logout))
		to.logout_url = arena_strdup(a, logout);
	*ret = to;
	return NULL;
}

struct err *
oidc_provider_read(
    struct arena *a, const struct oidc_settings *s, const char *text, size_t len, struct oidc_provider *ret)
{
	_cleanup_(json_decrefp) json_t *doc = NULL;
	struct err *e = provider_parse(a, text, len, &doc);

	if (e == NULL)
		e = provider_read_document(a, s, doc, ret);
	return e != NULL ? err_wrap(a, e, "the metadata of %s", s->issuer) : NULL;
}

/* A symmetric key is never used: a provider that published one would let everyone sign. */
static bool
provider_key_verifies(const json_t *key)
{
	const char *kind = json_str(key, "kty"), *use = json_str(key, "use");
	const json_t *operations = json_object_get(key, "key_ops");

	return (str_eq(kind, "RSA") || str_eq(kind, "EC")) && (use == NULL || strcmp(use, "sig") == 0) &&
	       (operations == NULL || provider_lists(operations, "verify"));
}

struct err *
oidc_keys_read(struct arena *a, const char *text, size_t len, json_t **ret)
{
	_cleanup_(json_decrefp) json_t *doc = NULL, *to = json_array();
	struct err *e = provider_parse(a, text, len, &doc);
	const json_t *keys = json_object_get(doc, "keys");
	json_t *key;
	size_t i;

	if (e == NULL && (!json_is_array(keys) || json_array_size(keys) > OIDC_KEYS_MAX))
		e = err_new(a, ERR_INVALID, "it has no list \"keys\" of at most %d keys", OIDC_KEYS_MAX);
	if (e != NULL)
		return err_wrap(a, e, "the keys of the provider");
	json_array_foreach (keys, i, key)
		if (provider_key_verifies(key))
			json_array_append(to, key);
	*ret = TAKE_PTR(to);
	return NULL;
}
