/* gitops/source/repository_url.c: parsing of repository URLs, and matching of credentials:
 * "https://user@host:port/a/b.git", "user@host:a/b.git" (ssh), "host/a/b" (a registry). */
#include "gitops/source/repository_url.h"
#include <string.h>
#include <strings.h>
#include "base/str.h"

#define SEGMENTS_MAX 64

struct location {
	const char *scheme, *user, *host, *port; /* "": none */
	const char *segments[SEGMENTS_MAX];
	size_t n;
};

static const char *
location_port(const char *scheme)
{
	static const char *const ports[][2] = { { "https", "443" }, { "http", "80" }, { "ssh", "22" },
		{ "git", "9418" } };

	for (size_t i = 0; i < ARRAY_SIZE(ports); i++)
		if (strcmp(scheme, ports[i][0]) == 0)
			return ports[i][1];
	return "";
}

/* Splits the path at its slashes. False: a segment that may mean something else. */
static bool
location_split(char *path, struct location *ret)
{
	char *save = NULL;
	size_t n = strlen(path);

	if (path[0] == '/' || strstr(path, "//") != NULL)
		return false;
	if (n > 0 && path[n - 1] == '/')
		path[--n] = '\0';
	if (str_ends(path, ".git"))
		path[n - 4] = '\0';
	for (char *s = strtok_r(path, "/", &save); s != NULL; s = strtok_r(NULL, "/", &save)) {
		if (ret->n == SEGMENTS_MAX || strcmp(s, ".") == 0 || strcmp(s, "..") == 0)
			return false;
		ret->segments[ret->n++] = s;
	}
	return true;
}

static bool
location_parse(struct arena *a, const char *url, struct location *ret)
{
	static const char *const hidden[] = { "%2e", "%2f", "%5c", "%00", "\\", "?", "#" };
	char *text = arena_strdup(a, url), *scheme, *path, *at, *colon;

	for (char *c = text; *c != '\0'; c++)
		*c = *c >= 'A' && *c <= 'Z' ? (char)(*c + 32) : *c;
	for (size_t i = 0; i < ARRAY_SIZE(hidden); i++)
		if (strstr(text, hidden[i]) != NULL)
			return false;
	*ret = (struct location){ .scheme = "", .user = "", .port = "" };
	if ((scheme = strstr(text, "://")) != NULL) {
		*scheme = '\0';
		ret->scheme = strcmp(text, "oci") == 0 ? "" : text;
		text = scheme + 3;
	}
	path = text + strcspn(text, "/");
	colon = memchr(text, ':', (size_t)(path - text));
	if (scheme == NULL && colon != NULL) {
		/* The form of scp: the path follows the colon. */
		ret->scheme = "ssh";
		*colon = '\0';
		path = colon + 1;
	} else {
		path = *path == '\0' ? path : (*path = '\0', path + 1);
	}
	path += scheme == NULL && *path == '/';
	if ((at = strrchr(text, '@')) != NULL) {
		*at = '\0';
		text[strcspn(text, ":")] = '\0'; /* a password is not part of the name */
		ret->user = text;
		text = at + 1;
	}
	if (scheme != NULL && (colon = strrchr(text, ':')) != NULL && strchr(colon, ']') == NULL) {
		*colon = '\0';
		ret->port = colon + 1;
	}
	if (ret->port[0] == '\0')
		ret->port = location_port(ret->scheme);
	ret->host = text;
	return (text[0] != '\0' || strcmp(ret->scheme, "file") == 0) && location_split(path, ret);
}

/* Returns true if the URL begins with all parts of the prefix. */
static bool
location_begins(const struct location *prefix, const struct location *l)
{
	if (strcmp(prefix->scheme, l->scheme) != 0 || strcmp(prefix->host, l->host) != 0 ||
	    strcmp(prefix->port, l->port) != 0 || prefix->n > l->n)
		return false;
	for (size_t i = 0; i < prefix->n; i++)
		if (strcmp(prefix->segments[i], l->segments[i]) != 0)
			return false;
	return true;
}

bool
location_is_same(struct arena *a, const char *url, const char *other)
{
	struct location x, y;

	/* A URL that cannot be parsed is the same only as itself. */
	if (!location_parse(a, url, &x) || !location_parse(a, other, &y))
		return strcmp(url, other) == 0;
	return x.n == y.n && location_begins(&x, &y);
}

size_t
location_below(struct arena *a, const char *prefix, const char *url)
{
	struct location p, l;

	if (!location_parse(a, prefix, &p) || !location_parse(a, url, &l) || !location_begins(&p, &l) ||
	    (p.user[0] != '\0' && l.user[0] != '\0' && strcmp(p.user, l.user) != 0))
		return 0;
	return p.n + 1;
}

const char *
location_normalize(struct arena *a, const char *url)
{
	char *text = arena_strdup(a, url + strspn(url, " \t\r\n")), *colon;
	size_t n = strlen(text);

	for (char *c = text; *c != '\0'; c++)
		*c = *c >= 'A' && *c <= 'Z' ? (char)(*c + 32) : *c;
	while (n > 0 && strchr(" \t\r\n/", text[n - 1]) != NULL)
		text[--n] = '\0';
	if (str_ends(text, ".git"))
		text[n - 4] = '\0';
	if (str_starts(text, "ssh://"))
		return text + 6;
	/* The form of scp has a user, no scheme, and a colon before the first slash. */
	colon = strchr(text, ':');
	if (colon != NULL && strstr(text, "://") == NULL && memchr(text, '@', (size_t)(colon - text)) != NULL &&
	    memchr(text, '/', (size_t)(colon - text)) == NULL)
		*colon = '/';
	return text;
}

const char *
location_without_user(struct arena *a, const char *normalized)
{
	const char *scheme = strstr(normalized, "://"), *host = scheme != NULL ? scheme + 3 : normalized;
	const char *at = memchr(host, '@', strcspn(host, "/"));

	return at != NULL ? arena_printf(a, "%.*s%s", (int)(host - normalized), normalized, at + 1) : normalized;
}

const char *
location_without_users_in(struct arena *a, const char *text)
{
	char *done = arena_strdup(a, text), *to = done;

	while (*text != '\0') {
		size_t n = 0;

		*to++ = *text++;
		if (to - done < 3 || memcmp(to - 3, "://", 3) != 0)
			continue;
		for (size_t i = 0, end = strcspn(text, "/ \t\r\n\"'`"); i < end; i++)
			if (text[i] == '@')
				n = i + 1;
		text += n;
	}
	*to = '\0';
	return done;
}
