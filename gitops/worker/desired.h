/* gitops/worker/desired.h: the desired objects of a session (those in Git), and their kinds. */
#pragma once
#include "gitops/engine/resource.h"
#include "gitops/worker/stage.h"

struct session;

/* A kind of the desired objects, or of the objects in the last status. Each version of a kind is one of its own. */
struct desired_kind {
	struct api_kind kind;
	const char *error; /* why the API server does not serve the kind; NULL if it does */
};

struct session_desired {
	struct resources resources;
	LIST_OF(struct desired_kind) kinds;
};

/* Returns whether the Application's project permits an object of this kind, namespace (NULL: cluster-scoped) and name.
 * Without a project everything is permitted. */
bool desired_is_permitted(const struct session *, const struct api_kind *, const char *ns, const char *name);

/* Returns the kind in this version; with `version` NULL, in the first version that the API server serves, or else in
 * the first one. Returns NULL if neither Git nor the last status has an object of it. Borrowed. */
struct desired_kind *desired_kind(struct session *, const char *group, const char *version, const char *kind);

/* The functions of STAGE_KINDS (stage.h). */
size_t desired_prepare(struct session *);
bool desired_start(struct session *, size_t i);
enum session_stage desired_finish(struct session *);
