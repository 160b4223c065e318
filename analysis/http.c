/* analysis/http.c: headers, OAuth2 and tokens of metric queries over HTTP. */
#include "analysis/http.h"
#include <string.h>
#include "base/base64.h"
#include "base/json.h"
#include "base/str.h"
#include "base/time.h"

#define TOKEN_MAX (64u << 10)
#define HTTP_RESPONSE_MAX (1u << 20) /* bytes */
#define HTTP_REDIRECTS_MAX 5
#define HTTP_SHOWN_MAX 1024 /* bytes of a body in a message */

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

const char *
http_query_escape(struct arena *a, const char *text)
{
	return str_replace(a, str_url_escape(a, text), "%20", "+");
}

/* The value of a hexadecimal digit, or -1. */
static int
http_digit(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

const char *
http_query_unescape(struct arena *a, const char *at, size_t len)
{
	char *text = arena_strndup(a, at, len), *to = text;

	for (const char *c = text; *c != '\0'; c++) {
		if (*c != '%') {
			*to++ = (char)(*c == '+' ? ' ' : *c);
			continue;
		}
		if (http_digit(c[1]) < 0 || http_digit(c[2]) < 0)
			return NULL;
		*to++ = (char)(http_digit(c[1]) * 16 + http_digit(c[2]));
		c += 2;
	}
	*to = '\0';
	return text;
}

const char *
http_shown(struct arena *a, struct bytes body)
{
	return arena_strndup(a, body.at, body.len < HTTP_SHOWN_MAX ? body.len : HTTP_SHOWN_MAX);
}

struct err *
http_json(struct arena *a, struct bytes body, json_t **ret)
{
	static const char *const literals[] = { "true", "false", "null" };
	size_t i = 0;

	while (i < body.len && strchr(" \t\r\n", body.at[i]) != NULL && body.at[i] != '\0')
		i++;
	if (i == body.len)
		return err_new(a, ERR_AGAIN, "unexpected end of JSON input");
	if (body.at[i] > ' ' && body.at[i] < 127 && strchr("{[\"-0123456789tfn", body.at[i]) == NULL)
		return err_new(a, ERR_AGAIN, "invalid character '%c' looking for beginning of value", body.at[i]);
	for (size_t k = 0; k < ARRAY_SIZE(literals); k++)
		if (body.at[i] == literals[k][0])
			for (size_t c = 1; literals[k][c] != '\0' && i + c < body.len; c++)
				if (body.at[i + c] != literals[k][c] && body.at[i + c] > ' ' && body.at[i + c] < 127)
					return err_new(a, ERR_AGAIN,
					    "invalid character '%c' in literal %s (expecting '%c')", body.at[i + c],
					    literals[k], literals[k][c]);
	return json_parse(a, body.at, body.len, ret);
}

const char *
http_reason(int status)
{
	switch (status) {
	case 400: return " Bad Request";
	case 401: return " Unauthorized";
	case 403: return " Forbidden";
	case 404: return " Not Found";
	case 406: return " Not Acceptable";
	case 429: return " Too Many Requests";
	case 500: return " Internal Server Error";
	case 502: return " Bad Gateway";
	case 503: return " Service Unavailable";
	case 504: return " Gateway Timeout";
	default: return "";
	}
}

const char *
http_json_kind(const json_t *v)
{
	static const char *const kinds[] = { "object", "array", "string", "number", "number", "bool", "bool", "null" };

	return v != NULL && (size_t)json_typeof(v) < ARRAY_SIZE(kinds) ? kinds[json_typeof(v)] : "nothing";
}

void
http_confine(struct query *q, int64_t timeout_ms)
{
	q->request.timeout_ms = timeout_ms;
	q->request.response_max = HTTP_RESPONSE_MAX;
	q->request.redirects_max = HTTP_REDIRECTS_MAX;
	q->request.outside_only = true;
}

/* Returns what Go reports about a text that is no duration: the number or the unit of a part is wrong. */
static const char *
http_duration_fault(struct arena *a, const char *text)
{
	static const char *const units[] = { "ns", "us", "\u00b5s", "\u03bcs", "ms", "s", "m", "h" };
	const char *quoted = json_quote_go(a, text, strlen(text)), *at = text;

	at += *at == '+' || *at == '-';
	while (*at != '\0') {
		size_t digits = strspn(at, "0123456789"), fraction = at[digits] == '.', unit;
		bool known = false;

		if (fraction == 1)
			fraction += strspn(at + digits + 1, "0123456789");
		if (digits == 0 && fraction < 2)
			break;
		at += digits + fraction;
		if ((unit = strcspn(at, ".0123456789")) == 0)
			return arena_printf(a, "time: missing unit in duration %s", quoted);
		for (size_t i = 0; i < ARRAY_SIZE(units); i++)
			known |= strlen(units[i]) == unit && memcmp(units[i], at, unit) == 0;
		if (!known)
			return arena_printf(
			    a, "time: unknown unit %s in duration %s", json_quote_go(a, at, unit), quoted);
		at += unit;
	}
	return arena_printf(a, "time: invalid duration %s", quoted);
}

struct err *
http_duration(struct arena *a, const char *text, int64_t *ret_ms)
{
	if (duration_parse(text, ret_ms))
		return NULL;
	return err_new(a, ERR_INVALID, "%s", http_duration_fault(a, text));
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
