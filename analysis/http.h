/* analysis/http.h: headers and authentication of queries over HTTP. Everything lives in the arena, or is borrowed from
 * the metric. */
#pragma once
#include "kube/api/analysis.h"
#include "kube/plan/query.h"

/* Returns whether the text starts with http:// or https://. */
bool http_is_address(const char *);

/* Returns the basicAuth; NULL if it has neither a name nor a password. */
const struct basic_auth *basic_auth_used(const struct metric_authentication *);

/* Returns the value of the header for basic authentication, "Basic …" (RFC 7617). */
const char *http_basic(struct arena *, const char *user, const char *password);

/* Adds a header to the list, which has capacity for it. */
void http_add_header(struct query *, struct header *list, const char *name, const char *value);

/* Adds the headers of a metric. An error names the one that cannot be sent: "headers[1]: …". */
struct err *http_headers(struct arena *, const struct metric_header *, size_t n, struct header *list, struct query *);

/* Percent-encodes a value for a URL's query as Go does: a blank is "+". */
const char *http_query_escape(struct arena *, const char *);

/* Decodes a part of a URL's query. NULL: a "%" is not followed by two hexadecimal digits. */
const char *http_query_unescape(struct arena *, const char *at, size_t len);

/* Returns the start of a body, for messages. */
const char *http_shown(struct arena *, struct bytes body);

/* Parses a body as JSON, which the caller owns. The frequent errors have the words of Go. */
struct err *http_json(struct arena *, struct bytes body, json_t **ret);

/* Returns " Not Found" and the like, for messages; "" for a status that is rare. */
const char *http_reason(int status);

/* Returns the name of a type of JSON in messages: string, number, bool, array, object, null. */
const char *http_json_kind(const json_t *);

/* Limits a query to a URL that users can choose: 1 MiB, 5 redirects, and no connection to this machine, its link or the
 * API server. */
void http_confine(struct query *, int64_t timeout_ms);

/* Reads a Go duration. An error has the words of Go: `time: invalid duration "x"`. */
struct err *http_duration(struct arena *, const char *text, int64_t *ret_ms);

/* Returns the oauth2 (RFC 6749, section 4.4: a token for credentials); NULL if it has no tokenUrl. */
const struct oauth2 *oauth2_used(const struct metric_authentication *);

/* Returns why the authentication is invalid ("authentication.oauth2: …"), or NULL. */
const char *authentication_problem(const struct metric_authentication *);

/* Sets *ret to the query of a token. */
void oauth2_query(const struct oauth2 *, struct arena *, struct query *ret);

/* Returns the value of the Authorization header from the response; NULL sets *ret_err. */
const char *oauth2_read(const struct response *, struct arena *, struct err **ret_err);
