/* gitops/source/arguments.c: validation of arguments for git, helm and gpg: one row for each kind of value, with its
 * maximum length, form and description. */
#include "gitops/source/arguments.h"
#include <ctype.h>
#include <string.h>
#include "base/str.h"

#define ALNUM "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define LOWER_ALNUM "0123456789abcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"

static bool
grammar_is_alnum(char c)
{
	return c != '\0' && strchr(ALNUM, c) != NULL;
}

/* Returns whether all of the text is of these characters, and the first is a letter or a digit. */
static bool
grammar_is_word(const char *s, size_t n, const char *also)
{
	for (size_t i = 0; i < n; i++)
		if (!grammar_is_alnum(s[i]) && (i == 0 || strchr(also, s[i]) == NULL))
			return false;
	return n > 0;
}

/* Returns true if no byte of it has a special meaning for a terminal or a protocol of lines. */
static bool
grammar_is_printable(const char *s, bool blanks)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f || (*s == ' ' && !blanks))
			return false;
	return true;
}

/* Returns whether the text is a label of RFC 1123. */
static bool
grammar_is_label(const char *s, size_t n)
{
	return n > 0 && n <= 63 && strspn(s, LOWER_ALNUM "-") >= n && s[0] != '-' && s[n - 1] != '-';
}

static bool
grammar_is_namespace(const char *s)
{
	return grammar_is_label(s, strlen(s));
}

/* Returns whether the text is labels with dots between them. */
static bool
grammar_is_release(const char *s)
{
	for (size_t n;; s += n + 1) {
		n = strcspn(s, ".");
		if (!grammar_is_label(s, n))
			return false;
		if (s[n] == '\0')
			return true;
	}
}

static bool
grammar_is_chart(const char *s)
{
	return grammar_is_word(s, strlen(s), "._-") && strstr(s, "..") == NULL;
}

/* Returns whether the text has the form of a version or range: "1.2.3-rc.1+x", ">=1.0, <2 || ~3.1", "^1", "1.2.x",
 * "1 - 2". */
static bool
grammar_is_chart_version(const char *s)
{
	return s[0] != '-' && strspn(s, ALNUM ".*+-<>=!~^|, ") == strlen(s);
}

static bool
grammar_is_kube_version(const char *s)
{
	s += *s == 'v';
	return strspn(s, DIGITS) > 0 && grammar_is_word(s, strlen(s), ".+-");
}

static bool
grammar_is_api_version(const char *s)
{
	return grammar_is_word(s, strlen(s), "./-_");
}

/* Returns whether the text can be the name of a parameter. Helm reads a comma as the beginning of another value, and
 * "=" as the end of the name, unless "\" is before it. */
static bool
grammar_is_parameter(const char *s)
{
	if (s[0] == '-' || s[0] == '\0' || !grammar_is_printable(s, true))
		return false;
	for (; *s != '\0'; s++) {
		if (*s == '\\' && s[1] != '\0')
			s++;
		else if (strchr(",={}", *s) != NULL)
			return false;
	}
	return true;
}

/* Returns whether the first n bytes are "HOST", "HOST:PORT", "USER@HOST:PORT" or "[::1]:80". A user may have a
 * password with nearly anything in it. */
static bool
grammar_is_authority(const char *s, size_t n, bool user)
{
	const char *at = memrchr(s, '@', n), *host = at != NULL ? at + 1 : s, *end = s + n;
	size_t len;

	if (at != NULL && (!user || at == s || s[0] == '-'))
		return false;
	if (*host == '[') {
		const char *close = memchr(host, ']', (size_t)(end - host));

		if (close == NULL || strspn(host + 1, "0123456789abcdefABCDEF:.%") < (size_t)(close - host - 1))
			return false;
		host = close + 1;
	} else {
		len = strcspn(host, ":/");
		len = len < (size_t)(end - host) ? len : (size_t)(end - host);
		if (!grammar_is_word(host, len, "._-"))
			return false;
		host += len;
	}
	return host == end || (*host == ':' && end - host <= 6 && strspn(host + 1, DIGITS) >= (size_t)(end - host - 1));
}

/* Returns whether the text is "USER@HOST:PATH", as for scp. */
static bool
grammar_is_scp(const char *s)
{
	const char *colon = strchr(s, ':'), *slash = strchr(s, '/');

	return colon != NULL && (slash == NULL || colon < slash) && colon[1] != ':' && colon[1] != '-' &&
	       colon[1] != '\0' && grammar_is_authority(s, (size_t)(colon - s), true);
}

/* Returns whether the URL has one of these schemes, and a host, unless it is a file. */
static bool
grammar_is_url(const char *s, const char *const *schemes)
{
	for (; *schemes != NULL; schemes++) {
		size_t n = strlen(*schemes);

		if (strncmp(s, *schemes, n) != 0 || strncmp(s + n, "://", 3) != 0)
			continue;
		s += n + 3;
		n = strcspn(s, "/?#");
		return strcmp(*schemes, "file") == 0 ? s[0] == '/' : grammar_is_authority(s, n, true);
	}
	return false;
}

static bool
grammar_is_git_url(const char *s)
{
	static const char *const schemes[] = { "https", "http", "ssh", "file", NULL };

	return grammar_is_printable(s, false) && strchr(s, '\\') == NULL &&
	       (strstr(s, "://") != NULL ? grammar_is_url(s, schemes) : grammar_is_scp(s));
}

static bool
grammar_is_chart_repository(const char *s)
{
	static const char *const schemes[] = { "https", "http", NULL };

	if (!grammar_is_printable(s, false) || strchr(s, '\\') != NULL || strstr(s, "..") != NULL)
		return false;
	return strstr(s, "://") != NULL ? grammar_is_url(s, schemes) : grammar_is_authority(s, strcspn(s, "/"), false);
}

static bool
grammar_is_proxy(const char *s)
{
	static const char *const schemes[] = { "http", "https", "socks5", "socks5h", "socks4", "socks4a", NULL };

	return grammar_is_printable(s, false) && strchr(s, '\\') == NULL &&
	       (strstr(s, "://") != NULL ? grammar_is_url(s, schemes) : grammar_is_authority(s, strlen(s), true));
}

static bool
grammar_is_reference(const char *s)
{
	static const char *const nowhere[] = { "..", "@{", "//", "/.", ".lock/" };
	size_t n = strlen(s);

	if (strcmp(s, "HEAD") == 0)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(nowhere); i++)
		if (strstr(s, nowhere[i]) != NULL)
			return false;
	return str_starts(s, "refs/") && grammar_is_printable(s, false) && strpbrk(s, "~^:?*[\\") == NULL &&
	       s[n - 1] != '/' && s[n - 1] != '.' && !str_ends(s, ".lock");
}

/* Returns whether the text can be a revision. It is only compared with the references of the repository; a range of
 * versions has more in it than a reference. */
static bool
grammar_is_revision(const char *s)
{
	return s[0] != '-' && grammar_is_printable(s, true) && strpbrk(s, ":?[\\") == NULL && strstr(s, "..") == NULL &&
	       strstr(s, "@{") == NULL;
}

static bool
grammar_is_commit(const char *s)
{
	return strlen(s) == 40 && strspn(s, "0123456789abcdefABCDEF") == 40;
}

static const struct row {
	size_t longest; /* bytes */
	bool (*is)(const char *);
	const char *wanted; /* the description of valid texts, for the error */
} rows[] = {
	[GRAMMAR_RELEASE] = { 53, grammar_is_release,
	    "the name of a Helm release: lower case letters, digits, \"-\" and \".\", at most 53" },
	[GRAMMAR_NAMESPACE] = { 63, grammar_is_namespace, "the name of a namespace" },
	[GRAMMAR_ACCOUNT] = { 253, grammar_is_release, "the name of a ServiceAccount" },
	[GRAMMAR_CHART] = { 250, grammar_is_chart, "the name of a chart" },
	[GRAMMAR_CHART_VERSION] = { 250, grammar_is_chart_version, "a version of a chart, or a range of versions" },
	[GRAMMAR_CHART_REPOSITORY] = { 2048, grammar_is_chart_repository,
	    "the URL of a Helm repository (http://…, https://…), or a registry and a path (HOST/PATH)" },
	[GRAMMAR_KUBE_VERSION] = { 63, grammar_is_kube_version, "a version of Kubernetes" },
	[GRAMMAR_API_VERSION] = { 253, grammar_is_api_version, "an API version (apps/v1, apps/v1/Deployment)" },
	[GRAMMAR_PARAMETER] = { 1024, grammar_is_parameter, "the name of one value (image.tag)" },
	[GRAMMAR_GIT_URL] = { 2048, grammar_is_git_url,
	    "the URL of a Git repository (https://…, ssh://…, USER@HOST:PATH)" },
	[GRAMMAR_REVISION] = { 250, grammar_is_revision, "a branch, a tag, a range of versions or a commit" },
	[GRAMMAR_REFERENCE] = { 1024, grammar_is_reference, "the full name of a reference (refs/heads/main)" },
	[GRAMMAR_COMMIT] = { 40, grammar_is_commit, "a commit" },
	[GRAMMAR_PROXY] = { 2048, grammar_is_proxy, "the URL of a proxy" },
};
_Static_assert(ARRAY_SIZE(rows) == GRAMMAR_MAX, "a row a kind");

struct err *
grammar_check(struct arena *a, enum grammar kind, const char *where, const char *text)
{
	const struct row *r = &rows[kind];

	text = text != NULL ? text : "";
	if (strlen(text) <= r->longest && r->is(text))
		return NULL;
	return err_new(a, ERR_INVALID, "%s: \"%.100s\" is not %s", where, text, r->wanted);
}
