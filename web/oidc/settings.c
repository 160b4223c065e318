/* web/oidc/settings.c: reads oidc.config: one row for each member. */
#include "web/oidc/settings.h"
#include <ctype.h>
#include <string.h>
#include "base/str.h"
#include "kube/api/meta.h"
#include "kube/api/yaml.h"

#define TEXT_MAX (64u << 10) /* bytes of oidc.config */
#define VALUE_MAX 4096 /* bytes of a member; of rootCA: TEXT_MAX */
#define SCOPES_MAX 50
#define SECRETS_MAX 16
#define CLAIMS_MAX 50
#define URL_MAX 2048
#define NOTES_MAX 20 /* members without effect that are named */

static const char no_userinfo[] = "groups are read from the ID token only",
		  no_refresh[] = "a session has the duration of --session-duration";

enum settings_kind { SETTINGS_TEXT, SETTINGS_SCOPES, SETTINGS_CLAIMS, SETTINGS_NONE };

static const struct settings_member {
	const char *name;
	enum settings_kind kind;
	size_t at; /* of a SETTINGS_TEXT: its member of the settings */
	const char *why; /* of SETTINGS_NONE: why it has no effect; NULL: nothing is to be reported */
} members[] = {
	{ "name", SETTINGS_TEXT, offsetof(struct oidc_settings, name), NULL },
	{ "issuer", SETTINGS_TEXT, offsetof(struct oidc_settings, issuer), NULL },
	{ "clientID", SETTINGS_TEXT, offsetof(struct oidc_settings, client_id), NULL },
	{ "clientSecret", SETTINGS_TEXT, offsetof(struct oidc_settings, client_secret), NULL },
	{ "cliClientID", SETTINGS_TEXT, offsetof(struct oidc_settings, cli_client_id), NULL },
	{ "logoutURL", SETTINGS_TEXT, offsetof(struct oidc_settings, logout_url), NULL },
	{ "rootCA", SETTINGS_TEXT, offsetof(struct oidc_settings, root_ca), NULL },
	{ "domainHint", SETTINGS_TEXT, offsetof(struct oidc_settings, domain_hint), NULL },
	{ "requestedScopes", SETTINGS_SCOPES, 0, NULL },
	{ "requestedIDTokenClaims", SETTINGS_CLAIMS, 0, NULL },
	{ "enablePKCEAuthentication", SETTINGS_NONE, 0, NULL }, /* PKCE is always used */
	{ "enableUserInfoGroups", SETTINGS_NONE, 0, no_userinfo },
	{ "userInfoPath", SETTINGS_NONE, 0, no_userinfo },
	{ "userInfoCacheExpiration", SETTINGS_NONE, 0, no_userinfo },
	{ "refreshTokenThreshold", SETTINGS_NONE, 0, no_refresh },
	{ "allowedAudiences", SETTINGS_NONE, 0, "the audience is clientID, and cliClientID for bearer tokens" },
	{ "skipAudienceCheckWhenTokenHasNoAudience", SETTINGS_NONE, 0, "a token without an audience is refused" },
	{ "azure", SETTINGS_NONE, 0, "workload identity is not supported" },
};

struct settings_reading {
	struct arena *arena;
	oidc_secret_value *value;
	void *arg;
	struct oidc_settings *to;
	size_t n_notes;
};

static struct err *
settings_parse(struct arena *a, const char *text, json_t **ret)
{
	_cleanup_(json_decrefp) json_t *docs = NULL;
	struct err *e;

	if (strlen(text) > TEXT_MAX)
		return err_new(a, ERR_INVALID, "oidc.config is longer than %u bytes", TEXT_MAX);
	if ((e = yaml_parse(a, text, strlen(text), &docs)) != NULL)
		return err_wrap(a, e, "oidc.config");
	if (!json_is_object(json_array_get(docs, 0)))
		return err_new(a, ERR_INVALID, "oidc.config is not an object of YAML");
	*ret = json_incref(json_array_get(docs, 0));
	return NULL;
}

/* Splits "$KEY" or "$SECRET:KEY". Returns false if the text is no reference. */
static bool
settings_reference(struct arena *a, const char *text, const char **ret_secret, const char **ret_key)
{
	const char *colon;

	if (text[0] != '$' || text[1] == '\0')
		return false;
	colon = strchr(text, ':');
	*ret_secret = colon != NULL ? arena_strndup(a, text + 1, (size_t)(colon - text) - 1) : OIDC_SECRET;
	*ret_key = colon != NULL ? colon + 1 : text + 1;
	return true;
}

/* Adds the Secrets of all texts below a value, whose depth the parser has limited. */
static struct err *
settings_add_secrets(struct arena *a, const json_t *of, struct strings *to, size_t *capacity)
{
	const char *text = json_string_value(of), *secret, *key;
	struct err *e = NULL;
	json_t *value;
	size_t i;

	json_object_foreach ((json_t *)of, key, value)
		if ((e = settings_add_secrets(a, value, to, capacity)) != NULL)
			return e;
	json_array_foreach (of, i, value)
		if ((e = settings_add_secrets(a, value, to, capacity)) != NULL)
			return e;
	if (text == NULL || !settings_reference(a, text, &secret, &key))
		return NULL;
	for (i = 0; i < to->n; i++)
		if (strcmp(to->at[i], secret) == 0)
			return NULL;
	if (to->n == SECRETS_MAX)
		return err_new(a, ERR_INVALID, "oidc.config refers to more than %d Secrets", SECRETS_MAX);
	to->at = arena_grow(a, to->at, to->n, capacity, sizeof(*to->at));
	to->at[to->n++] = secret;
	return NULL;
}

struct err *
oidc_settings_secrets(struct arena *a, const char *text, struct strings *ret)
{
	_cleanup_(json_decrefp) json_t *config = NULL;
	struct err *e = settings_parse(a, text, &config);
	struct strings to = { 0 };
	size_t capacity = 0;

	if (e == NULL)
		e = settings_add_secrets(a, config, &to, &capacity);
	if (e == NULL)
		*ret = to;
	return e;
}

/* Returns a copy of the text, or the value that it refers to, without white space around it. */
static struct err *
settings_text(struct settings_reading *r, const char *where, const json_t *of, const char **ret)
{
	const char *text = json_string_value(of), *secret, *key, *why = NULL;
	size_t n, max = strcmp(where, "rootCA") == 0 ? TEXT_MAX : VALUE_MAX;

	if (text == NULL)
		return err_new(r->arena, ERR_INVALID, "oidc.config, %s: it is not a text", where);
	if (settings_reference(r->arena, text, &secret, &key)) {
		text = name_is_path_segment(secret) ? r->value(r->arg, secret, key, &why) : NULL;
		if (text == NULL)
			return err_new(r->arena, ERR_INVALID,
			    "oidc.config, %s: Secret %s has no key %s with a text%s%s", where, secret, key,
			    why != NULL ? ": " : "", why != NULL ? why : "");
	}
	while (isspace((unsigned char)*text))
		text++;
	for (n = strlen(text); n > 0 && isspace((unsigned char)text[n - 1]); n--)
		continue;
	if (n == 0)
		return err_new(r->arena, ERR_INVALID, "oidc.config, %s: it is empty", where);
	if (n > max)
		return err_new(r->arena, ERR_INVALID, "oidc.config, %s: it is longer than %zu bytes", where, max);
	*ret = arena_strndup(r->arena, text, n);
	return NULL;
}

/* A scope is a word (RFC 6749, section 3.3). */
static bool
settings_is_scope(const char *s)
{
	for (const char *c = s; *c != '\0'; c++)
		if (*c <= ' ' || *c > '~' || *c == '"' || *c == '\\')
			return false;
	return *s != '\0';
}

static struct err *
settings_read_scopes(struct settings_reading *r, const json_t *list)
{
	struct strings to = { .at = arena_new_array(r->arena, const char *, json_array_size(list) + 1) };
	bool has_openid = false;
	const json_t *item;
	struct err *e;
	size_t i;

	if (!json_is_array(list) || json_array_size(list) > SCOPES_MAX)
		return err_new(
		    r->arena, ERR_INVALID, "oidc.config, requestedScopes: want a list of at most %d texts", SCOPES_MAX);
	json_array_foreach (list, i, item) {
		if ((e = settings_text(r, "requestedScopes", item, &to.at[to.n])) != NULL)
			return e;
		if (!settings_is_scope(to.at[to.n]))
			return err_new(
			    r->arena, ERR_INVALID, "oidc.config, requestedScopes: \"%s\" is not a scope", to.at[to.n]);
		has_openid = has_openid || strcmp(to.at[to.n], "openid") == 0;
		to.n++;
	}
	if (to.n > 0 && !has_openid)
		return err_new(r->arena, ERR_INVALID,
		    "oidc.config, requestedScopes: add openid, without which there is no ID token");
	if (to.n > 0)
		r->to->scopes = to;
	return NULL;
}

/* The request parameter `claims` (OpenID Connect Core 1.0, section 5.5): a claim is null, or has essential, value and
 * values. */
static struct err *
settings_read_claims(struct settings_reading *r, const json_t *claims)
{
	_cleanup_(json_decrefp) json_t *parameter = NULL;
	const char *name;
	json_t *claim;

	if (!json_is_object(claims) || json_object_size(claims) > CLAIMS_MAX)
		return err_new(r->arena, ERR_INVALID,
		    "oidc.config, requestedIDTokenClaims: want an object of at most %d claims", CLAIMS_MAX);
	json_object_foreach ((json_t *)claims, name, claim)
		if (!json_is_object(claim) && !json_is_null(claim))
			return err_new(r->arena, ERR_INVALID,
			    "oidc.config, requestedIDTokenClaims.%.100s: want {essential: true}, or value or values",
			    name);
	parameter = json_pack("{s:O}", "id_token", claims);
	r->to->claims = json_text(r->arena, parameter);
	return strlen(r->to->claims) <= VALUE_MAX
		   ? NULL
		   : err_new(r->arena, ERR_INVALID, "oidc.config, requestedIDTokenClaims: it is longer than %d bytes",
			 VALUE_MAX);
}

static void
settings_note(struct settings_reading *r, const char *name, const char *why)
{
	if (r->n_notes++ < NOTES_MAX)
		r->to->problem = arena_printf(r->arena, "%s%s%.100s (%s)", r->to->problem != NULL ? r->to->problem : "",
		    r->to->problem != NULL ? "; " : "ConfigMap argocd-cm, oidc.config: without effect here: ", name,
		    why);
}

static const struct settings_member *
settings_member_of(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(members); i++)
		if (strcasecmp(members[i].name, name) == 0)
			return &members[i];
	return NULL;
}

static struct err *
settings_read_member(struct settings_reading *r, const char *name, const json_t *value)
{
	const struct settings_member *m = settings_member_of(name);

	if (m == NULL) {
		settings_note(r, name, "it is not known");
		return NULL;
	}
	switch (m->kind) {
	case SETTINGS_TEXT: return settings_text(r, m->name, value, (const char **)((char *)r->to + m->at));
	case SETTINGS_SCOPES: return settings_read_scopes(r, value);
	case SETTINGS_CLAIMS: return settings_read_claims(r, value);
	case SETTINGS_NONE:
		if (m->why != NULL)
			settings_note(r, m->name, m->why);
		break;
	}
	return NULL;
}

static struct err *
settings_check(struct arena *a, const struct oidc_settings *s)
{
	if (s->issuer == NULL || s->client_id == NULL)
		return err_new(a, ERR_INVALID, "oidc.config has no %s", s->issuer == NULL ? "issuer" : "clientID");
	if (!oidc_url_is_safe(s->issuer) || strchr(s->issuer, '?') != NULL)
		return err_new(a, ERR_INVALID,
		    "oidc.config, issuer: want an https URL without a query (http only to this machine)");
	if (s->logout_url != NULL && !oidc_url_is_safe(s->logout_url))
		return err_new(a, ERR_INVALID, "oidc.config, logoutURL: want an https URL (http only to this machine)");
	return NULL;
}

struct err *
oidc_settings_read(struct arena *a, const char *text, oidc_secret_value *value, void *arg, struct oidc_settings *ret)
{
	static const char *scopes[] = { "openid", "profile", "email", "groups" };
	_cleanup_(json_decrefp) json_t *config = NULL;
	struct oidc_settings to = { .scopes = { .at = scopes, .n = ARRAY_SIZE(scopes) } };
	struct settings_reading r = { .arena = a, .value = value, .arg = arg, .to = &to };
	struct err *e = settings_parse(a, text, &config);
	const char *name;
	json_t *member;

	if (e != NULL)
		return e;
	json_object_foreach (config, name, member)
		if (!json_is_null(member) && (e = settings_read_member(&r, name, member)) != NULL)
			return e;
	if ((e = settings_check(a, &to)) != NULL)
		return e;
	if (to.name == NULL)
		to.name = to.issuer;
	*ret = to;
	return NULL;
}

/* Returns the number of bytes of the host at the start of an authority: a name, an IPv4 address, or [an IPv6 one]. */
static size_t
settings_host_len(const char *at)
{
	size_t n = 0;

	if (at[0] == '[') {
		n = 1 + strspn(at + 1, "0123456789abcdefABCDEF:.");
		return at[n] == ']' ? n + 1 : 0;
	}
	while (isalnum((unsigned char)at[n]) || at[n] == '-' || at[n] == '.' || at[n] == '_')
		n++;
	return n;
}

/* The parts of a URL; pointers into it. */
struct settings_url {
	bool secure;
	const char *host, *port, *path; /* the port is at its digits, or NULL */
	size_t host_len, port_len;
};

static bool
settings_split_url(const char *url, struct settings_url *ret)
{
	struct settings_url u = { .secure = strncasecmp(url, "https://", 8) == 0 };
	size_t n = strlen(url);

	if (n > URL_MAX || (!u.secure && strncasecmp(url, "http://", 7) != 0))
		return false;
	for (size_t i = 0; i < n; i++)
		if (url[i] <= ' ' || url[i] > '~' || strchr("\"<>\\^`{|}#", url[i]) != NULL)
			return false;
	u.host = url + (u.secure ? 8 : 7);
	u.host_len = settings_host_len(u.host);
	u.path = u.host + u.host_len;
	if (u.path[0] == ':') {
		u.port = u.path + 1;
		u.port_len = strspn(u.port, "0123456789");
		u.path = u.port + u.port_len;
	}
	if (u.host_len == 0 || (u.port != NULL && (u.port_len == 0 || u.port_len > 5)) ||
	    strchr("/?", u.path[0]) == NULL)
		return false;
	*ret = u;
	return true;
}

bool
oidc_url_is_safe(const char *url)
{
	static const char *const loopback[] = { "localhost", "127.0.0.1", "[::1]" };
	struct settings_url u;

	if (!settings_split_url(url, &u))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(loopback); i++)
		if (strlen(loopback[i]) == u.host_len && strncasecmp(loopback[i], u.host, u.host_len) == 0)
			return true;
	return u.secure;
}

struct err *
oidc_base_read(struct arena *a, const char *url, struct oidc_base *ret)
{
	struct settings_url u;
	size_t n = strlen(url);

	while (n > 0 && url[n - 1] == '/')
		n--;
	url = arena_strndup(a, url, n);
	if (!oidc_url_is_safe(url) || !settings_split_url(url, &u) || strchr(url, '?') != NULL)
		return err_new(a, ERR_INVALID,
		    "ConfigMap argocd-cm, url: want the https URL of the dashboard (http only to this machine)");
	if (u.port != NULL && strncmp(u.port, u.secure ? "443" : "80", u.port_len) == 0 &&
	    u.port_len == (u.secure ? 3 : 2))
		u.port = NULL;
	*ret = (struct oidc_base){ .url = url,
		.host = u.port != NULL ? arena_strndup(a, u.host, (size_t)(u.path - u.host))
				       : arena_strndup(a, u.host, u.host_len),
		.path = u.path,
		.secure = u.secure };
	return NULL;
}
