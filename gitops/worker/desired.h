/* gitops/worker/desired.h: the desired objects of a session (those in Git), and their kinds. */
#pragma once
#include "gitops/engine/resource.h"
#include "gitops/worker/stage.h"

struct session;

/* A kind of the desired objects, or of the objects in the last status. */
struct desired_kind {
	struct api_kind kind;
	const char *error; /* the API server does not serve it; NULL: it does */
};

struct session_desired {
	struct resources resources;
	LIST_OF(struct desired_kind) kinds;
};

/* The Application's project allows such an object. */
bool desired_is_permitted(const struct session *, const struct api_kind *, const char *ns, const char *name);

/* Returns the kind, or NULL. Borrowed. */
struct desired_kind *desired_kind(struct session *, const char *group, const char *kind);

/* STAGE_KINDS. */
size_t desired_prepare(struct session *);
bool desired_start(struct session *, size_t i);
enum session_stage desired_finish(struct session *);
