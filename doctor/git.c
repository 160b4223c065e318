/* doctor/git.c: the repositories that Applications and GitRepositories name, and the Secrets with their credentials. */
#include <string.h>
#include "doctor/sections.h"

static void git_probe(const struct doctor_world *, struct doctor_probes *);
static void git_find_repositories(const struct doctor_world *, struct doctor_findings *);
static void git_find_secrets(const struct doctor_world *, struct doctor_findings *);

static const struct doctor_check checks[] = {
	{ "repositories", READS(LIST_APPLICATIONS) | READS(LIST_GIT_REPOSITORIES), git_probe, git_find_repositories },
	{ "credentials", READS(LIST_SECRETS), NULL, git_find_secrets },
	{ 0 },
};

const struct doctor_section doctor_git = { "git", "Git repositories", "URL", checks, false };

struct git_each {
	void (*each)(const struct doctor_world *, const char *url, void *arg);
	void *arg;
	const char *seen; /* URLs, a line each */
};

static void
git_consider(const struct doctor_world *w, struct git_each *g, const char *url)
{
	const char *line = arena_printf(w->arena, "\n%s\n", url ?: "");

	if (str_empty(url) || strstr(g->seen, line) != NULL)
		return;
	g->seen = arena_printf(w->arena, "%s%s", g->seen, line);
	g->each(w, url, g->arg);
}

static void
git_consider_source(const struct doctor_world *w, struct git_each *g, const json_t *source)
{
	/* A chart is in a Helm repository. */
	if (str_empty(json_str(source, "chart")))
		git_consider(w, g, json_str(source, "repoURL"));
}

/* Calls `each` once for each URL; only for that of the command line, if there is one. */
static void
git_each(const struct doctor_world *w, struct git_each *g)
{
	json_t *o, *source;
	size_t i, k;

	g->seen = "";
	if (w->repository != NULL) {
		g->each(w, w->repository, g->arg);
		return;
	}
	json_array_foreach (w->lists[LIST_APPLICATIONS].items, i, o) {
		git_consider_source(w, g, json_at(o, "/spec/source"));
		json_array_foreach (json_at(o, "/spec/sources"), k, source)
			git_consider_source(w, g, source);
	}
	json_array_foreach (w->lists[LIST_GIT_REPOSITORIES].items, i, o)
		git_consider(w, g, json_string_value(json_at(o, "/spec/url")));
}

/* Whether the URL is one that the user has not given. */
static bool
git_is_foreign(const struct doctor_world *w)
{
	return w->all && w->repository == NULL;
}

/* Returns why a URL is not requested in the run of all sections; NULL: it is. */
static const char *
git_exclusion(const struct doctor_world *w, const char *url)
{
	if (!git_is_foreign(w))
		return NULL;
	if (doctor_is_private(w, url))
		return "it is a file or an address of this machine";
	if (!str_starts(url, "https://") && !str_starts(url, "http://"))
		return "SSH needs your credentials";
	return NULL;
}

static void
git_add(const struct doctor_world *w, const char *url, void *arg)
{
	if (git_exclusion(w, url) == NULL)
		doctor_probe_add(
		    arg, &(struct doctor_probe){ .kind = PROBE_GIT, .key = url, .foreign = git_is_foreign(w) });
}

static void
git_probe(const struct doctor_world *w, struct doctor_probes *p)
{
	git_each(w, &(struct git_each){ git_add, p, "" });
}

static void
git_find(const struct doctor_world *w, const char *url, void *arg)
{
	const struct doctor_probe *p = doctor_probed(w, PROBE_GIT, url);
	const char *why = git_exclusion(w, url), *todo = arena_printf(w->arena, "sluice doctor git %s", url);
	struct doctor_findings *f = arg;

	if (why != NULL)
		doctor_add(f, DOCTOR_UNKNOWN, todo, "%s was not requested: %s", url, why);
	else if (p == NULL)
		doctor_add(f, DOCTOR_UNKNOWN, todo, "%s was not requested: there are too many repositories", url);
	else if (p->error != NULL && p->foreign)
		doctor_add(f, DOCTOR_NOTE, arena_printf(w->arena, "with your credentials: %s", todo),
		    "%s cannot be read without credentials from here: %s", url, p->error);
	else if (p->error != NULL)
		doctor_add(f, w->repository != NULL ? DOCTOR_PROBLEM : DOCTOR_NOTE,
		    "the controller has credentials of its own: its result is in the conditions (sluice doctor argocd "
		    "flux)",
		    "%s cannot be read with your credentials from here: %s", url, p->error);
	else
		doctor_add(f, DOCTOR_OK, NULL, "%s responds%s: %s", url, p->foreign ? " without credentials" : "",
		    p->text ?: "it has no commits");
}

static void
git_find_repositories(const struct doctor_world *w, struct doctor_findings *f)
{
	if (w->repository == NULL) {
		doctor_items(w, f, LIST_APPLICATIONS);
		doctor_items(w, f, LIST_GIT_REPOSITORIES);
	}
	git_each(w, &(struct git_each){ git_find, f, "" });
}

static void
git_find_secrets(const struct doctor_world *w, struct doctor_findings *f)
{
	json_t *s;
	size_t i;

	json_array_foreach (doctor_items(w, f, LIST_SECRETS), i, s) {
		const char *type = json_str(json_at(s, "/metadata/labels"), "argocd.argoproj.io/secret-type");

		if (!str_eq(type, "cluster"))
			doctor_add(f, DOCTOR_OK, NULL, "Secret %s (%s)", doctor_name(w->arena, s), type ?: "");
	}
}
