/* notify/commit_status.c: commit statuses on GitHub, GitLab and Gitea, for Flux Providers: one request format for
 * each. */
#include "notify/commit_status.h"
#include <ctype.h>
#include <string.h>
#include "base/str.h"

#define DESCRIPTION_MAX 140 /* GitHub's; the others take more */

static const struct host {
	const char *type;
	const char *api; /* path after the host and before "/OWNER/NAME/statuses/COMMIT" */
	bool escaped; /* "OWNER/NAME" is one path segment, with "/" escaped */
	const char *name; /* member of the body that has the context */
	const char *failed;
	const char *header, *value; /* header with the token, and the text before the token */
} hosts[] = {
	{ "gitea", "/api/v1/repos", false, "context", "failure", "Authorization", "token " },
	{ "github", "/api/v3/repos", false, "context", "failure", "Authorization", "Bearer " },
	{ "gitlab", "/api/v4/projects", true, "name", "failed", "PRIVATE-TOKEN", "" },
};

static const struct host *
commit_host(const char *type)
{
	for (size_t i = 0; i < ARRAY_SIZE(hosts); i++)
		if (str_eq(hosts[i].type, type))
			return &hosts[i];
	return NULL;
}

bool
commit_status_is(const char *type)
{
	return commit_host(type) != NULL;
}

/* Returns the SHA-1 or SHA-256 in hexadecimal; NULL: the text has neither. */
static const char *
commit_in(const char *revision)
{
	const char *at = revision != NULL ? strrchr(revision, ':') : NULL;
	size_t n = 0;

	at = at != NULL ? at + 1 : revision;
	if (at == NULL)
		return NULL;
	while (isxdigit((unsigned char)at[n]))
		n++;
	return at[n] == '\0' && (n == 40 || n == 64) ? at : NULL;
}

/* Splits the URL of a repository into "https://HOST" and "OWNER/NAME". */
static bool
commit_split_url(struct arena *a, const char *address, const char **ret_base, const char **ret_path)
{
	const char *scheme = strstr(address, "://"), *slash = scheme != NULL ? strchr(scheme + 3, '/') : NULL;
	size_t n = slash != NULL ? strlen(slash + 1) : 0;

	while (n > 0 && slash[n] == '/')
		n--;
	if (n > 4 && strncmp(slash + 1 + n - 4, ".git", 4) == 0)
		n -= 4;
	if (n == 0 || memchr(slash + 1, '/', n) == NULL || memchr(slash + 1, '?', n) != NULL)
		return false;
	*ret_base = arena_strndup(a, address, (size_t)(slash - address));
	*ret_path = arena_strndup(a, slash + 1, n);
	return true;
}

/* Returns as many whole characters of a text as fit. */
static const char *
commit_cut_text(struct arena *a, const char *text)
{
	size_t n = strlen(text);

	if (n <= DESCRIPTION_MAX)
		return text;
	for (n = DESCRIPTION_MAX - 3; n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80;)
		n--;
	return arena_printf(a, "%.*s...", (int)n, text);
}

struct err *
commit_status_compose(struct arena *a, const struct commit_status *s, const char **ret_url, const char **ret_body)
{
	const struct host *h = commit_host(s->type);
	const char *commit = commit_in(s->revision), *base, *path, *api = h->api;
	_cleanup_(json_decrefp) json_t *body = json_object();

	*ret_url = NULL;
	if (!commit_split_url(a, s->address, &base, &path))
		return err_new(
		    a, ERR_INVALID, "%s: is not the address of a repository, https://HOST/OWNER/NAME", s->address);
	if (commit == NULL)
		return NULL;
	if (h->escaped)
		path = str_url_escape(a, path);
	/* github.com has its API on a host of its own. */
	if (strcmp(h->type, "github") == 0 && strcmp(base, "https://github.com") == 0) {
		base = "https://api.github.com";
		api = "/repos";
	}
	*ret_url = arena_printf(a, "%s%s/%s/statuses/%s", base, api, path, commit);
	json_object_set_new(body, "state", json_string(s->failed ? h->failed : "success"));
	json_object_set_new(body, h->name, json_string(s->context));
	json_object_set_new(body, "description", json_string(commit_cut_text(a, s->description)));
	*ret_body = json_text(a, body);
	return NULL;
}

const char *
commit_status_header(struct arena *a, const char *type, const char *token, const char **ret_value)
{
	const struct host *h = commit_host(type);

	*ret_value = arena_printf(a, "%s%s", h->value, token);
	return h->header;
}
