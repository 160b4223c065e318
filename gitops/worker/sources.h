/* gitops/worker/sources.h: the commits and charts of a session, fetched and rendered. */
#pragma once
#include "gitops/render/render.h"
#include "gitops/render/substitute.h"
#include "gitops/source/source.h"
#include "gitops/worker/helm.h"
#include "gitops/worker/stage.h"

struct session;

/* A repository, and the revision of it. */
struct fetched_source {
	const struct application_source *spec; /* NULL: of a Kustomization or GitRepository */
	const char *where; /* "spec.sources[1]", for errors */
	const char *url, *target_revision;
	const char *pinned; /* revision to take instead; NULL: target_revision */
	struct source_credentials credentials;
	struct strings keys; /* one of which must have signed the commit; none: it need not be signed */
	size_t match_len; /* of the URL with that of the Secret of the credentials */
	const char *problem; /* keys of that Secret that have no effect; NULL: all have */
	const char *revision;
	const char *reference; /* by which the commit was found: "refs/heads/main"; NULL: by its id */
	struct tree tree;
};

struct session_sources {
	struct source *git;
	struct helm helm;
	struct fetched_source *at; /* of an Application one or more, else one */
	size_t n;
	const char *known_hosts;
	const char
	    *unreadable; /* a Secret that cannot be read and may have credentials of any repository; NULL: none */
	struct substitute_variables variables; /* of a Kustomization's postBuild */
	const char *revision; /* of several sources "A,B" */
	enum source_type type;
	struct manifests manifests;
};

/* STAGE_SOURCES. */
size_t sources_prepare(struct session *);
enum session_stage sources_finish(struct session *);
