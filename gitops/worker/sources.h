/* gitops/worker/sources.h: the commits and charts of a session, fetched and rendered. */
#pragma once
#include "gitops/render/render.h"
#include "gitops/render/substitute.h"
#include "gitops/source/argocd_cm_repositories.h"
#include "gitops/source/source.h"
#include "gitops/worker/helm.h"
#include "gitops/worker/stage.h"

struct session;

/* A source: a repository and a revision. */
struct fetched_source {
	const struct application_source *spec; /* NULL: source of a Kustomization or GitRepository */
	const char *where; /* "spec.sources[1]", for errors */
	const char *url, *target_revision;
	const char *pinned; /* revision to use instead of target_revision; NULL: none */
	struct source_credentials credentials;
	struct strings keys; /* the commit must be signed with one of them; none: no signature is needed */
	size_t match_len; /* length of the URL's prefix that matches the Secret of the credentials */
	const char *problem; /* keys of that Secret without effect; NULL: none */
	bool has_own; /* the repository has a Secret of its own, without credentials: */
	struct source_credentials own; /* how its server is reached */
	const char *own_problem; /* keys of it without effect; NULL: none */
	const struct declared_repository *declared; /* entry of argocd-cm whose Secrets it uses; NULL: none */
	const char *revision;
	const char *reference; /* through which the commit was found: "refs/heads/main"; NULL: by its id */
	struct tree tree;
};

struct session_sources {
	struct source *git;
	struct helm helm;
	struct fetched_source *at; /* one or more for an Application, else one */
	size_t n;
	const char *known_hosts;
	struct declared declared; /* repositories in argocd-cm */
	struct strings declared_secrets; /* names of the Secrets of these entries */
	const char
	    *unreadable; /* a Secret that cannot be read and may have credentials of any repository; NULL: none */
	struct substitute_variables variables; /* of a Kustomization's postBuild */
	const char *revision; /* "A,B" for several sources */
	enum source_type type;
	struct manifests manifests;
};

/* The functions of STAGE_SOURCES (stage.h). */
size_t sources_prepare(struct session *);
enum session_stage sources_finish(struct session *);
