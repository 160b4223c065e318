/* analysis/http.c: headers, OAuth2 and tokens of metric queries over HTTP. */
#include "analysis/http.h"
#include <string.h>
#include "base/base64.h"
#include "base/json.h"
#include "base/str.h"

#define TOKEN_MAX (64u << 10)

bool
http_is_address(const char *s)
{
	return str_starts(s, "http://") || str_starts(s, "https://");
}

const char *
http_basic(struct arena *a, const char *user, const char *password)
{
	const char *both = arena_printf(a, "%s:%s", user != NULL ? user : "", password != NULL ? password : "");

	return arena_printf(a, "Basic %s", base64_encode(a, both, strlen(both)));
}

void
http_add_header(struct query *q, struct header *list, const char *name, const char *value)
{
	list[q->request.n_headers++] = (struct header){ name, value };
	q->request.headers = list;
}

struct err *
http_headers(struct arena *a, const struct metric_header *from, size_t n, struct header *list, struct query *q)
{
	for (size_t i = 0; i < n; i++) {
		if (strpbrk(from[i].key, "\r\n: ") != NULL || strpbrk(from[i].value, "\r\n") != NULL)
			return err_new(
			    a, ERR_INVALID, "headers[%zu]: invalid name, or a line break in the name or value", i);
		http_add_header(q, list, from[i].key, from[i].value);
	}
	return NULL;
}

const struct basic_auth *
basic_auth_used(const struct metric_authentication *auth)
{
	const struct basic_auth *b = auth != NULL ? auth->basic_auth : NULL;

	return b != NULL && (b->username != NULL || b->password != NULL) ? b : NULL;
}

const struct oauth2 *
oauth2_used(const struct metric_authentication *auth)
{
	const struct oauth2 *o = auth != NULL ? auth->oauth2 : NULL;

	return o != NULL && o->token_url != NULL && o->token_url[0] != '\0' ? o : NULL;
}

const char *
authentication_problem(const struct metric_authentication *auth)
{
	const struct oauth2 *o = oauth2_used(auth);

	if (auth != NULL && auth->sigv4 != NULL && strcmp(auth->sigv4, "{}") != 0)
		return "authentication.sigv4: not supported by this version of Sluice";
	if (o == NULL)
		return NULL;
	if (basic_auth_used(auth) != NULL)
		return "authentication: either basicAuth or oauth2, not both";
	if (!http_is_address(o->token_url))
		return "authentication.oauth2.tokenUrl: starts with neither http:// nor https://";
	if (o->client_id == NULL || o->client_secret == NULL)
		return "authentication.oauth2: tokenUrl requires clientId and clientSecret";
	return NULL;
}

void
oauth2_query(const struct oauth2 *o, struct arena *a, struct query *ret)
{
	const char *scopes = "";

	for (size_t i = 0; i < o->scopes.n; i++)
		scopes = arena_printf(a, "%s%s%s", scopes, i > 0 ? " " : "", o->scopes.at[i]);
	*ret = (struct query){ .request = { .method = "POST",
				   .url = o->token_url,
				   .body = scopes[0] == '\0' ? "grant_type=client_credentials"
							     : arena_printf(a, "grant_type=client_credentials&scope=%s",
								   str_url_escape(a, scopes)),
				   .content_type = "application/x-www-form-urlencoded",
				   .response_max = TOKEN_MAX } };
	/* RFC 6749, section 2.3.1: both are form-encoded before they are joined. */
	http_add_header(ret, arena_new_array(a, struct header, 1), "Authorization",
	    http_basic(a, str_url_escape(a, o->client_id), str_url_escape(a, o->client_secret)));
}

const char *
oauth2_read(const struct response *got, struct arena *a, struct err **ret_err)
{
	_cleanup_(json_decrefp) json_t *doc = NULL;
	const char *token;

	if (got->err != NULL) {
		*ret_err = err_wrap(a, got->err, "oauth2");
		return NULL;
	}
	if (json_parse(a, got->body.at, got->body.len, &doc) != NULL)
		doc = NULL;
	token = json_str(doc, "access_token");
	if (got->status < 200 || got->status > 299 || token == NULL) {
		*ret_err = err_new(a, ERR_AGAIN, "oauth2: the token server returned status %d%s%s, and no access_token",
		    got->status, json_str(doc, "error") != NULL ? " " : "", json_str(doc, "error") ?: "");
		return NULL;
	}
	return arena_printf(a, "Bearer %s", token);
}
