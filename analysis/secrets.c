/* analysis/secrets.c: arguments of a run whose values are in Secrets: queried from the API server, and masked
 * wherever users can read them.
 *
 * A run has two sets of metrics: with the values of Secrets masked, which is known at once, and with these values,
 * which is known when they have been queried. Only a measurement needs the second.
 */
#include <string.h>
#include "analysis/run_pass.h"
#include "base/base64.h"
#include "base/str.h"

#define SECRET_TIMEOUT_MS 10000
#define SECRET_MAX (2u << 20) /* bytes of the API server's response */

/* The reference of an argument without a value; NULL: it has a value, or another source. */
static const struct secret_key_ref *
secret_ref(const struct argument *arg)
{
	return arg->value == NULL && arg->value_from != NULL ? arg->value_from->secret_key_ref : NULL;
}

const char *
run_prepare(struct run_pass *s)
{
	const struct analysis_spec *spec = &s->world->run->spec;
	const struct problem *bad = object_problem(&s->world->run->object, "spec");
	struct argument *args = arena_new_array(s->arena, struct argument, spec->args.n);
	bool secret = false;
	struct err *e;

	if (bad != NULL)
		return arena_printf(s->arena, "%s: %s", bad->path, bad->text);
	for (size_t i = 0; i < spec->args.n; i++) {
		args[i] = spec->args.at[i];
		if (secret_ref(&args[i]) != NULL) {
			args[i].value = SECRET_MASK;
			secret = true;
		} else {
			args[i].value_from = NULL;
		}
	}
	if ((e = metrics_prepare(s->arena, spec, args, spec->args.n, &s->masked)) != NULL)
		return err_text(s->arena, e);
	if (!secret)
		s->resolved = &s->masked;
	return NULL;
}

const char *
run_mask(const struct run_pass *s, const char *text)
{
	for (size_t i = 0; text != NULL && i < s->n_secrets; i++)
		if (s->secrets[i][0] != '\0')
			text = str_replace(s->arena, text, s->secrets[i], SECRET_MASK);
	return text;
}

static const char *
secret_key(const struct run_pass *s, const struct secret_key_ref *ref)
{
	return arena_printf(s->arena, "secret/%s", ref->name);
}

static void
secret_query(struct run_pass *s, const struct secret_key_ref *ref)
{
	struct query q = { .request = { .method = "GET",
			       .url = arena_printf(s->arena, "/api/v1/namespaces/%s/secrets/%s",
				   s->world->run->object.meta.namespace, str_url_escape(s->arena, ref->name)),
			       .timeout_ms = SECRET_TIMEOUT_MS,
			       .response_max = SECRET_MAX },
		.to = QUERY_API_SERVER };

	plan_query(s->plan, secret_key(s, ref), &q);
}

static struct err *
secret_value(const struct run_pass *s, const struct secret_key_ref *ref, const struct response *got, const char **ret)
{
	_cleanup_(json_decrefp) json_t *doc = NULL;
	struct arena *a = s->arena;
	const char *encoded;
	char *value;
	size_t n;

	if (got->err != NULL)
		return err_wrap(a, got->err, "Secret %s", ref->name);
	if (got->status < 200 || got->status > 299 || json_parse(a, got->body.at, got->body.len, &doc) != NULL)
		return err_new(
		    a, ERR_GONE, "Secret %s cannot be read: the API server returned status %d", ref->name, got->status);
	if ((encoded = json_str(json_object_get(doc, "data"), ref->key)) == NULL)
		return err_new(a, ERR_GONE, "Secret %s has no key \"%s\"", ref->name, ref->key);
	if ((value = base64_decode(a, encoded, &n)) == NULL || strlen(value) != n)
		return err_new(a, ERR_INVALID, "Secret %s: the value of \"%s\" is no text", ref->name, ref->key);
	*ret = value;
	return NULL;
}

enum secrets
run_secrets(struct run_pass *s, struct err **ret_err)
{
	const struct analysis_spec *spec = &s->world->run->spec;
	struct argument *args = arena_new_array(s->arena, struct argument, spec->args.n);
	struct metric_set *set = arena_alloc(s->arena, sizeof(*set));
	bool waiting = false;

	if (s->resolved != NULL)
		return SECRETS_KNOWN;
	s->secrets = arena_new_array(s->arena, const char *, spec->args.n);
	s->n_secrets = 0;
	for (size_t i = 0; i < spec->args.n; i++) {
		const struct secret_key_ref *ref = secret_ref(&spec->args.at[i]);
		const struct seen_query *got;

		args[i] = (struct argument){ .name = spec->args.at[i].name, .value = spec->args.at[i].value };
		if (ref == NULL)
			continue;
		got = seen_query(s->world->seen, secret_key(s, ref));
		if (got == NULL || !got->done) {
			if (got == NULL)
				secret_query(s, ref);
			waiting = true;
		} else if ((*ret_err = secret_value(s, ref, &got->response, &args[i].value)) != NULL) {
			return SECRETS_ERROR;
		} else {
			s->secrets[s->n_secrets++] = args[i].value;
		}
	}
	if (waiting)
		return SECRETS_QUERIED;
	if ((*ret_err = metrics_prepare(s->arena, spec, args, spec->args.n, set)) != NULL)
		return SECRETS_ERROR;
	s->resolved = set;
	return SECRETS_KNOWN;
}

void
run_keep_secrets(struct run_pass *s)
{
	const struct analysis_spec *spec = &s->world->run->spec;

	for (size_t i = 0; i < spec->args.n && !s->secrets_kept; i++)
		if (secret_ref(&spec->args.at[i]) != NULL)
			plan_keep(s->plan, secret_key(s, secret_ref(&spec->args.at[i])));
	s->secrets_kept = true;
}
