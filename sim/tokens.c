/* sim/tokens.c: token controller: every change of a Secret of this type, or of a ServiceAccount, compares all of these
 * Secrets. The tokens have the form of JSON Web Tokens, and are valid as long as a Secret has them. */
#include "sim/tokens.h"
#include <string.h>
#include <sys/random.h>
#include "base/base64.h"
#include "base/str.h"

#define ACCOUNT_NAME "kubernetes.io/service-account.name"
#define ACCOUNT_UID "kubernetes.io/service-account.uid"
#define TOKEN_BYTES 48 /* random ones; a multiple of 3 needs no padding */

struct tokens {
	struct loop *loop;
	struct store *store;
	const char *ca;
	struct timer turn;
};

static const json_t *
tokens_meta(const json_t *o)
{
	return json_object_get(o, "metadata");
}

static bool
tokens_is_secret(const json_t *o)
{
	return str_eq(json_str(o, "type"), TOKEN_TYPE);
}

static void
tokens_on_write(const struct resource *r, const char *type, const json_t *old, const json_t *o, void *arg)
{
	struct tokens *t = arg;
	bool secret = strcmp(r->kind, "Secret") == 0 && tokens_is_secret(o);

	(void)old;
	if (!secret && !(strcmp(r->kind, "ServiceAccount") == 0 && strcmp(type, "MODIFIED") != 0))
		return;
	if (!timer_armed(&t->turn))
		loop_timer(t->loop, &t->turn, 0);
}

/* base64url, as in a JSON Web Token. */
static const char *
tokens_encode(struct arena *a, const void *at, size_t len)
{
	char *text = base64_encode(a, at, len);

	for (char *c = text; *c != '\0'; c++)
		*c = *c == '+' ? '-' : *c == '/' ? '_' : *c == '=' ? '\0' : *c;
	return text;
}

static const char *
tokens_make(struct arena *a, const char *ns, const char *account)
{
	static const char head[] = "{\"alg\":\"none\"}";
	const char *subject = arena_printf(a, "{\"sub\":\"system:serviceaccount:%s:%s\"}", ns, account);
	unsigned char secret[TOKEN_BYTES];

	if (getrandom(secret, sizeof(secret), 0) != (ssize_t)sizeof(secret))
		return NULL;
	return arena_printf(a, "%s.%s.%s", tokens_encode(a, head, strlen(head)),
	    tokens_encode(a, subject, strlen(subject)), tokens_encode(a, secret, sizeof(secret)));
}

static void
tokens_fill(struct tokens *t, struct arena *a, const char *path, const json_t *secret, const json_t *account)
{
	const char *ns = json_str(tokens_meta(secret), "namespace"),
		   *token = tokens_make(a, ns, json_str(tokens_meta(account), "name"));
	json_t *data;

	if (token == NULL)
		return;
	data = json_pack("{s:s,s:s}", "token", base64_encode(a, token, strlen(token)), "namespace",
	    base64_encode(a, ns, strlen(ns)));
	if (t->ca != NULL)
		json_object_set_new(data, "ca.crt", json_string(base64_encode(a, t->ca, strlen(t->ca))));
	store_do(t->store, "PATCH", "application/merge-patch+json", path,
	    json_pack("{s:{s:{s:O}},s:o}", "metadata", "annotations", ACCOUNT_UID,
		json_object_get(tokens_meta(account), "uid"), "data", data));
}

static void
tokens_visit(const json_t *secret, void *arg)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct tokens *t = arg;
	const json_t *notes = json_object_get(tokens_meta(secret), "annotations"), *account;
	const char *ns = json_str(tokens_meta(secret), "namespace"), *uid = json_str(notes, ACCOUNT_UID),
		   *path =
		       arena_printf(a, "/api/v1/namespaces/%s/secrets/%s", ns, json_str(tokens_meta(secret), "name"));

	if (!tokens_is_secret(secret))
		return;
	account = store_get(t->store, "serviceaccounts", ns, json_str(notes, ACCOUNT_NAME) ?: "");
	if (account == NULL || (uid != NULL && !str_eq(uid, json_str(tokens_meta(account), "uid"))))
		store_do(t->store, "DELETE", NULL, path, NULL);
	else if (json_str(json_object_get(secret, "data"), "token") == NULL)
		tokens_fill(t, a, path, secret, account);
}

static void
tokens_on_turn(struct timer *timer, void *arg)
{
	struct tokens *t = arg;

	(void)timer;
	store_each(t->store, "secrets", tokens_visit, t);
}

struct tokens *
tokens_new(struct loop *l, struct store *s, const char *ca)
{
	struct tokens *t = mem_alloc(sizeof(*t));

	*t = (struct tokens){ .loop = l, .store = s, .ca = ca };
	t->turn = (struct timer){ .fire = tokens_on_turn, .arg = t };
	store_on_write(s, tokens_on_write, t);
	return t;
}

struct tokens *
tokens_free(struct tokens *t)
{
	if (t == NULL)
		return NULL;
	loop_timer_stop(t->loop, &t->turn);
	free(t);
	return NULL;
}
