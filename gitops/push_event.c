/* gitops/push_event.c: Git push webhooks, their parsing and signatures: one row for each kind of server.
 * web/webhook.c receives them. */
#include "gitops/push_event.h"
#include <string.h>
#include "base/json.h"
#include "base/sha256.h"
#include "base/str.h"
#include "kube/api/secret.h"

static const char *
push_event_header(const struct push_check *r, const char *name)
{
	return r->headers->get(r->headers->arg, name);
}

/* Returns the signature of a push, in hexadecimal digits; NULL if it has none. */
static const char *
push_event_signature(const struct push_check *r, const char *name, const char *prefix)
{
	const char *text = push_event_header(r, name);

	return text != NULL && str_starts(text, prefix) ? text + strlen(prefix) : NULL;
}

static const char *
push_event_github(const struct push_check *r)
{
	return push_event_signature(r, "X-Hub-Signature-256", "sha256=");
}

static const char *
push_event_gitea(const struct push_check *r)
{
	return push_event_signature(
	    r, push_event_header(r, "X-Gitea-Signature") != NULL ? "X-Gitea-Signature" : "X-Gogs-Signature", "");
}

static const char *
push_event_generic(const struct push_check *r)
{
	return push_event_signature(r, "X-Signature", "sha256=");
}

/* The first row whose header the request has. Gitea also sends GitHub's header, so its row comes first. */
static const struct push_family {
	const char *name, *event; /* the header with the event */
	const char *secret;
	const char *(*signature)(
	    const struct push_check *); /* of the body; NULL: the header X-Gitlab-Token is the secret itself */
	const char *pushes; /* events that are pushes, "|"-separated; NULL: all */
	const char *repository, *urls[4], *default_branch; /* of the payload */
} families[] = {
	{ "Gitea", "X-Gitea-Event", "webhook.gogs.secret", push_event_gitea, "push|create|delete", "repository",
	    { "html_url", "clone_url", "ssh_url" }, "default_branch" },
	{ "Gogs", "X-Gogs-Event", "webhook.gogs.secret", push_event_gitea, "push|create|delete", "repository",
	    { "html_url", "clone_url", "ssh_url" }, "default_branch" },
	{ "GitHub", "X-GitHub-Event", "webhook.github.secret", push_event_github, "push", "repository",
	    { "html_url", "clone_url", "ssh_url", "git_url" }, "default_branch" },
	{ "GitLab", "X-Gitlab-Event", "webhook.gitlab.secret", NULL, "Push Hook|Tag Push Hook|System Hook", "project",
	    { "web_url", "git_http_url", "git_ssh_url" }, "default_branch" },
	{ "generic", "X-Signature", "webhook.generic.secret", push_event_generic, NULL, "repository",
	    { "url", "clone_url" }, "default_branch" },
};

static bool
push_event_is_in(const char *list, const char *word)
{
	size_t n = strlen(word);

	for (const char *at = list; at != NULL; at = strchr(at, '|') != NULL ? strchr(at, '|') + 1 : NULL)
		if (strncmp(at, word, n) == 0 && (at[n] == '|' || at[n] == '\0'))
			return true;
	return false;
}

#define UNSIGNED "it is not signed with the secret that argocd-secret has"

static int
push_event_wrong(struct arena *a, const char **ret_why, int status, const char *name, const char *why)
{
	*ret_why = arena_printf(a, "%s%s%s", name, name[0] != '\0' ? ": " : "", why);
	return status;
}

int
push_begin(struct push_check *r, struct arena *a, const struct push_headers *headers, const json_t *secret,
    const char **ret_why)
{
	const struct push_family *f = NULL;
	bool given;

	*r = (struct push_check){ .arena = a, .headers = headers };
	for (size_t i = 0; i < ARRAY_SIZE(families) && f == NULL; i++)
		if (push_event_header(r, families[i].event) != NULL)
			f = &families[i];
	if (f == NULL)
		return push_event_wrong(
		    a, ret_why, 400, "", "no header names the event (X-GitHub-Event, X-Gitlab-Event, …)");
	r->family = f;
	r->key = secret_line(a, secret, f->secret);
	if (str_empty(r->key))
		r->key = NULL;
	/* A request without the header of a known server is the generic one, if its secret is set. */
	if (r->key == NULL && f->pushes == NULL)
		return push_event_wrong(
		    a, ret_why, 401, f->name, "the Secret argocd-secret has no webhook.generic.secret");
	if (r->key == NULL)
		return 0;
	given = f->signature != NULL ? f->signature(r) != NULL
				     : push_event_header(r, "X-Gitlab-Token") != NULL &&
					   str_same_secret(r->key, push_event_header(r, "X-Gitlab-Token"));
	if (!given)
		return push_event_wrong(a, ret_why, 401, f->name, UNSIGNED);
	hmac_sha256_begin(&r->hmac, r->key, strlen(r->key));
	return 0;
}

void
push_add(struct push_check *r, const char *at, size_t len)
{
	if (r->key != NULL && r->family->signature != NULL)
		hmac_sha256_add(&r->hmac, at, len);
}

int
push_end(struct push_check *r, const char *body, size_t len, struct push *ret, const char **ret_why)
{
	const struct push_family *f = r->family;
	struct arena *a = r->arena;
	_cleanup_(json_decrefp) json_t *payload = NULL;
	char hex[2 * SHA256_SIZE + 1];
	const json_t *repository;
	size_t n = 0;

	if (r->key != NULL && f->signature != NULL) {
		hmac_sha256_end(&r->hmac, hex);
		if (!str_same_secret(hex, f->signature(r)))
			return push_event_wrong(a, ret_why, 401, f->name, UNSIGNED);
	}
	if (f->pushes != NULL && !push_event_is_in(f->pushes, push_event_header(r, f->event)))
		return 204;
	if (json_parse(a, body, len, &payload) != NULL)
		return push_event_wrong(
		    a, ret_why, 400, f->name, "the body is no JSON: have it sent as application/json");
	repository = json_object_get(payload, f->repository);
	*ret = (struct push){ .ref = arena_strdup(a, json_str(payload, "ref")),
		.default_branch = arena_strdup(a, json_str(repository, f->default_branch)) };
	for (size_t i = 0; i < ARRAY_SIZE(f->urls) && f->urls[i] != NULL; i++)
		if (json_str(repository, f->urls[i]) != NULL)
			ret->urls[n++] = arena_strdup(a, json_str(repository, f->urls[i]));
	/* An event of a tag has its name without the prefix. */
	if (ret->ref != NULL && !str_starts(ret->ref, "refs/"))
		ret->ref = arena_printf(
		    a, "refs/%s/%s", str_eq(json_str(payload, "ref_type"), "tag") ? "tags" : "heads", ret->ref);
	return n > 0 && ret->ref != NULL
		   ? 0
		   : push_event_wrong(a, ret_why, 400, f->name, "the body names no repository, or no ref");
}

int
push_read(struct arena *a, const struct push_headers *headers, const char *body, size_t len, const json_t *secret,
    struct push *ret, const char **ret_why)
{
	struct push_check check;
	int status = push_begin(&check, a, headers, secret, ret_why);

	if (status != 0)
		return status;
	push_add(&check, body, len);
	return push_end(&check, body, len, ret, ret_why);
}

/* Returns "host/org/repository" for any form of a URL: without scheme, user, port and ".git", in lower case. */
static const char *
push_event_bare(struct arena *a, const char *url)
{
	char *text = arena_strdup(a, url), *scheme = strstr(text, "://"), *at, *slash, *colon;
	size_t n;

	text = scheme != NULL ? scheme + 3 : text;
	slash = strchr(text, '/');
	at = strchr(text, '@');
	if (at != NULL && (slash == NULL || at < slash))
		text = at + 1;
	colon = strchr(text, ':');
	slash = strchr(text, '/');
	if (colon != NULL && scheme == NULL && (slash == NULL || colon < slash)) {
		*colon = '/'; /* git@host:org/repository */
	} else if (colon != NULL && slash != NULL && colon < slash) {
		memmove(colon, slash, strlen(slash) + 1); /* without the port */
	}
	n = strlen(text);
	while (n > 0 && text[n - 1] == '/')
		text[--n] = '\0';
	if (str_ends(text, ".git"))
		text[n - 4] = '\0';
	for (char *c = text; *c != '\0'; c++)
		*c = *c >= 'A' && *c <= 'Z' ? (char)(*c + 32) : *c;
	return text;
}

static bool
push_event_is_repository(struct arena *a, const struct push *p, const char *url)
{
	const char *ours = url != NULL ? push_event_bare(a, url) : NULL;

	for (size_t i = 0; ours != NULL && i < ARRAY_SIZE(p->urls) && p->urls[i] != NULL; i++)
		if (strcmp(ours, push_event_bare(a, p->urls[i])) == 0)
			return true;
	return false;
}

/* Returns whether the revision follows what was pushed: a branch or tag by its name; a range of versions follows
 * every tag. */
static bool
push_event_follows(const struct push *p, const char *revision)
{
	const char *branch = str_starts(p->ref, "refs/heads/") ? p->ref + 11 : NULL;

	if (str_empty(revision) || strcmp(revision, "HEAD") == 0)
		return branch != NULL && (p->default_branch == NULL || strcmp(branch, p->default_branch) == 0);
	if (branch != NULL)
		return strcmp(branch, revision) == 0 || strcmp(p->ref, revision) == 0;
	return str_starts(p->ref, "refs/tags/");
}

bool
push_concerns_application(struct arena *a, const struct push *p, const struct application *app)
{
	const struct application_source *s;
	size_t n = application_sources(app, &s);

	for (size_t i = 0; i < n; i++)
		if (push_event_is_repository(a, p, s[i].repo_url) && push_event_follows(p, s[i].target_revision))
			return true;
	return false;
}

bool
push_concerns_repository(struct arena *a, const struct push *p, const struct git_repository *r)
{
	const struct flux_ref *ref = r->spec.ref;
	const char *branch = ref != NULL && ref->branch != NULL ? ref->branch : "master";

	if (!push_event_is_repository(a, p, r->spec.url))
		return false;
	if (ref != NULL && (ref->name != NULL || ref->tag != NULL || ref->semver != NULL))
		return ref->name != NULL ? strcmp(ref->name, p->ref) == 0 : str_starts(p->ref, "refs/tags/");
	return str_starts(p->ref, "refs/heads/") && strcmp(p->ref + 11, branch) == 0;
}
