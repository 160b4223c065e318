/* kube/plan/sigv4.c: AWS Signature Version 4: the canonical request, the string to sign, and the signature. */
#include "kube/plan/sigv4.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/sha256.h"
#include "base/time.h"

#define SIGV4_TEXT_MAX (1u << 20) /* bytes of a canonical request */
#define SIGV4_ALGORITHM "AWS4-HMAC-SHA256"

static int
sigv4_by_name(const void *a, const void *b)
{
	const struct header *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order != 0 ? order : strcmp(x->value, y->value);
}

static const char *
sigv4_lower(struct arena *a, const char *name)
{
	char *text = arena_strdup(a, name);

	for (char *c = text; *c != '\0'; c++)
		*c = (char)(*c >= 'A' && *c <= 'Z' ? *c + ('a' - 'A') : *c);
	return text;
}

/* Returns a value without blanks at its ends, and with one for several within it. */
static const char *
sigv4_folded(struct arena *a, const char *value)
{
	char *text = arena_strdup(a, value), *to = text;

	for (const char *c = text; *c != '\0'; c++)
		if ((*c != ' ' && *c != '\t') || (to > text && c[1] != '\0' && c[1] != ' ' && c[1] != '\t'))
			*to++ = (char)(*c == '\t' ? ' ' : *c);
	*to = '\0';
	return text;
}

/* Returns the host as curl sends it: without the port of the scheme. */
static const char *
sigv4_host(struct arena *a, const char *url, const char **ret_path)
{
	const char *at = strstr(url, "://"), *host, *from = at != NULL ? at + 3 : url;
	size_t n = strcspn(from, "/?#");

	*ret_path = from + n;
	host = arena_strndup(a, from, n);
	if (str_starts(url, "https:") && str_ends(host, ":443"))
		return arena_strndup(a, host, n - strlen(":443"));
	if (str_starts(url, "http:") && str_ends(host, ":80"))
		return arena_strndup(a, host, n - strlen(":80"));
	return host;
}

/* Appends the path as it is in the URL, with everything but letters, digits, "-_.~" and "/" escaped once more. */
static void
sigv4_add_path(struct str *out, const char *path, size_t n)
{
	if (n == 0)
		str_addc(out, '/');
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)path[i];

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		    strchr("-_.~/", c) != NULL)
			str_addc(out, (char)c);
		else
			str_addf(out, "%%%02X", c);
	}
}

static int
sigv4_digit(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

static const char *
sigv4_decoded(struct arena *a, const char *at, size_t n)
{
	char *text = arena_strndup(a, at, n), *to = text;

	for (const char *c = text; *c != '\0'; c++)
		if (*c == '%' && sigv4_digit(c[1]) >= 0 && sigv4_digit(c[2]) >= 0) {
			*to++ = (char)(sigv4_digit(c[1]) * 16 + sigv4_digit(c[2]));
			c += 2;
		} else {
			*to++ = (char)(*c == '+' ? ' ' : *c);
		}
	*to = '\0';
	return text;
}

/* Appends the query: pairs decoded and encoded again, sorted by name and value. */
static void
sigv4_add_query(struct str *out, struct arena *a, const char *query)
{
	struct header *pairs = arena_new_array(a, struct header, strlen(query) / 2 + 1);
	size_t n = 0;

	for (const char *at = query; *at != '\0';) {
		size_t len = strcspn(at, "&"), name = strcspn(at, "=&"), value = name + (name < len);

		if (len > 0)
			pairs[n++] = (struct header){ str_url_escape(a, sigv4_decoded(a, at, name)),
				str_url_escape(a, sigv4_decoded(a, at + value, len - value)) };
		at += len + (at[len] == '&');
	}
	qsort(pairs, n, sizeof(*pairs), sigv4_by_name);
	for (size_t i = 0; i < n; i++)
		str_addf(out, "%s%s=%s", i > 0 ? "&" : "", pairs[i].name, pairs[i].value);
}

/* Returns the time as AWS writes it: 20260101T000000Z. */
static const char *
sigv4_time(struct arena *a, int64_t ms)
{
	const char *t = time_format(a, ms); /* 2026-01-01T00:00:00Z */

	return arena_printf(a, "%.4s%.2s%.2sT%.2s%.2s%.2sZ", t, t + 5, t + 8, t + 11, t + 14, t + 17);
}

static size_t
sigv4_body_len(const struct request *r)
{
	return r->body == NULL ? 0 : r->body_len > 0 ? r->body_len : strlen(r->body);
}

/* The headers to sign, with lowercase names, sorted. */
static struct header *
sigv4_headers(struct arena *a, const struct request *r, const char *host, size_t *ret_n)
{
	struct header *list = arena_new_array(a, struct header, r->n_headers + 3);
	size_t n = 0;

	list[n++] = (struct header){ "host", host };
	if (sigv4_body_len(r) > 0)
		list[n++] = (struct header){ "content-length", arena_printf(a, "%zu", sigv4_body_len(r)) };
	if (r->content_type != NULL && r->body != NULL)
		list[n++] = (struct header){ "content-type", r->content_type };
	for (size_t i = 0; i < r->n_headers; i++)
		list[n++] = (struct header){ sigv4_lower(a, r->headers[i].name), sigv4_folded(a, r->headers[i].value) };
	qsort(list, n, sizeof(*list), sigv4_by_name);
	*ret_n = n;
	return list;
}

/* Returns the hash of the canonical request, and the names of the headers in it. */
static const char *
sigv4_canonical(struct arena *a, const struct request *r, const char **ret_signed)
{
	const char *rest, *host = sigv4_host(a, r->url, &rest), *names = "", *ret;
	char digest[2 * SHA256_SIZE + 1];
	size_t path = strcspn(rest, "?#"), n;
	struct header *headers = sigv4_headers(a, r, host, &n);
	struct str out;

	str_init(&out, SIGV4_TEXT_MAX);
	str_addf(&out, "%s\n", r->method);
	sigv4_add_path(&out, rest, path);
	str_addc(&out, '\n');
	if (rest[path] == '?')
		sigv4_add_query(&out, a, arena_strndup(a, rest + path + 1, strcspn(rest + path + 1, "#")));
	str_addc(&out, '\n');
	for (size_t i = 0; i < n; i++) {
		str_addf(&out, "%s:%s\n", headers[i].name, headers[i].value);
		names = arena_printf(a, "%s%s%s", names, i > 0 ? ";" : "", headers[i].name);
	}
	sha256_hex(r->body ?: "", sigv4_body_len(r), digest);
	str_addf(&out, "\n%s\n%s", names, digest);
	sha256_hex(str_text(&out), out.len, digest);
	ret = arena_strdup(a, digest);
	str_done(&out);
	*ret_signed = names;
	return ret;
}

static void
sigv4_key(const char *secret, const char *const scope[4], struct arena *a, unsigned char ret[SHA256_SIZE])
{
	const char *first = arena_printf(a, "AWS4%s", secret);

	hmac_sha256(first, strlen(first), scope[0], strlen(scope[0]), ret);
	for (size_t i = 1; i < 4; i++)
		hmac_sha256(ret, SHA256_SIZE, scope[i], strlen(scope[i]), ret);
}

void
sigv4_sign(struct arena *a, const struct aws_credentials *by, const char *region, const char *service, int64_t now,
    struct request *r)
{
	struct header *headers = arena_new_array(a, struct header, r->n_headers + 3);
	const char *time = sigv4_time(a, now), *date = arena_strndup(a, time, 8), *names, *digest, *scope, *to_sign;
	const char *const parts[] = { date, region, service, "aws4_request" };
	char signature[2 * SHA256_SIZE + 1];
	unsigned char key[SHA256_SIZE];

	if (r->n_headers > 0)
		memcpy(headers, r->headers, r->n_headers * sizeof(*headers));
	r->headers = headers;
	headers[r->n_headers++] = (struct header){ "X-Amz-Date", time };
	if (!str_empty(by->session_token))
		headers[r->n_headers++] = (struct header){ "X-Amz-Security-Token", by->session_token };
	digest = sigv4_canonical(a, r, &names);
	scope = arena_printf(a, "%s/%s/%s/aws4_request", date, region, service);
	to_sign = arena_printf(a, SIGV4_ALGORITHM "\n%s\n%s\n%s", time, scope, digest);
	sigv4_key(by->secret_access_key, parts, a, key);
	hmac_sha256_hex(key, sizeof(key), to_sign, strlen(to_sign), signature);
	headers[r->n_headers++] = (struct header){ "Authorization",
		arena_printf(a, SIGV4_ALGORITHM " Credential=%s/%s, SignedHeaders=%s, Signature=%s", by->access_key_id,
		    scope, names, signature) };
}
