/* analysis/http.h: what providers that ask over HTTP share. Everything lives in the arena, or is borrowed from the metric. */
#pragma once
#include "kube/api/analysis.h"
#include "kube/plan/query.h"

/* http:// or https://. */
bool http_is_address(const char *);

/* One that has neither a name nor a password counts as none: NULL. */
const struct basic_auth *basic_auth_used(const struct metric_authentication *);

/* "Basic …" (RFC 7617). */
const char *http_basic(struct arena *, const char *user, const char *password);

/* Adds one to the list, which must have room. */
void http_add_header(struct question *, struct header *list, const char *name, const char *value);

/* Adds the metric's; one that cannot be sent is an error that names it: "headers[1]: …". */
struct err *http_headers(
    struct arena *, const struct metric_header *, size_t n, struct header *list, struct question *);

/* RFC 6749, section 4.4: a token for credentials. An oauth2 without a tokenUrl counts as none: NULL. */
const struct oauth2 *oauth2_used(const struct oauth2 *);
const char *oauth2_wrong(const struct oauth2 *); /* NULL: nothing is */
void oauth2_ask(const struct oauth2 *, struct arena *, struct question *ret);
/* "Bearer …", or NULL and why not. */
const char *oauth2_read(const struct answer *, struct arena *, struct err **ret_err);
