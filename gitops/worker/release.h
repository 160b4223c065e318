/* gitops/worker/release.h: a Helm release in a session: values, Helm's record of it, and one action.
 *
 * The stages are: the values (STAGE_FLUX_SETTINGS) and the chart (STAGE_SOURCES); Helm's record of the release; if that
 * is deployed as desired, the objects of it that matter (STAGE_KINDS to STAGE_DRY_RUNS); the decision
 * (gitops/helm_action.h), definitions of the chart, and the action; and the record again. Helm stores a release in
 * Secrets `sh.helm.release.v1.NAME.vVERSION`, one for each revision, with a compressed JSON text: Helm's documentation,
 * "Storage backends".
 */
#pragma once
#include "base/json.h"
#include "gitops/helm_action.h"
#include "gitops/protocol.h"
#include "gitops/worker/release_crds.h"
#include "gitops/worker/stage.h"

struct app_resource;
struct session;
struct tree;

/* A revision in Helm's storage. */
struct release_revision {
	int64_t version;
	const char *status;
	const char *secret, *resource_version; /* its Secret */
	const char *digest; /* of `text` */
	const char *text; /* as it is stored, in base64; only of the last revision */
};

/* The last revision of a release of this name in another namespace's storage. */
struct release_elsewhere {
	int64_t version; /* 0: none was found */
	const char *secret;
	struct arena *arena; /* has the text; NULL: none was read */
	const char *text; /* as it is stored */
};

struct session_release {
	/* The chart. */
	const struct tree *tree;
	const char *directory; /* of the chart, in the tree */
	const char *chart_file; /* replaces Chart.yaml; NULL: it stays */
	const char *chart_values; /* replaces values.yaml; NULL: it stays */
	struct worker_chart_result chart;

	/* The values. */
	const char **from; /* the text of each of valuesFrom; NULL: it does not exist */
	const char *values; /* JSON */
	const char *post_render; /* changes of the rendered objects (gitops/render/post_render.h); NULL: none */
	const char *values_digest;
	const char *config_digest; /* of the values, and of post_render */

	/* Helm's record. */
	LIST_OF(struct release_revision) stored; /* the last revision first */
	size_t stored_capacity;
	struct arena *text_arena; /* has the text of the last revision; NULL: none was read */
	struct release_elsewhere elsewhere;
	json_t *record; /* of the last revision; NULL: it does not exist */
	struct helm_snapshot last; /* of it */

	/* The decision. */
	int64_t version_before; /* the last revision before the action */
	struct helm_world world;
	struct helm_decision decision;
	struct helm_attempts attempts;
	struct release_crds crds; /* of the chart, if the action needs them */
	bool decided; /* the action was taken, and the record is read again */
	const char *failure; /* of the action */
	const char *drift, *waits;
	struct helm_history history; /* for the status */
};

/* valuesFrom, in STAGE_FLUX_SETTINGS: their number, and the start of a call for one of them. */
size_t release_values_count(const struct session *);
void release_values_start(struct session *, size_t i);

/* Merges the values. The error names the reference that is wrong. */
struct err *release_values_merge(struct session *);

/* The functions of STAGE_RECORD (stage.h). */
size_t release_record_prepare(struct session *);
bool release_record_start(struct session *, size_t i);
enum session_stage release_record_finish(struct session *);

/* Returns the text of the last revision's record with another status and description, as it is stored. */
struct err *release_record_with_status(struct session *, const char *status, const char *description, const char **ret);

/* Returns the revision of chart and values together, as in struct worker_release_result. In the arena. */
const char *release_revision(struct session *);

/* Returns the digest of the values of the last revision, after the action; NULL: that in its record. Borrowed. */
const char *release_config_of(const struct session *);

/* Sets the snapshot of the last revision, and its tests. */
void release_record_snapshot(struct session *);

/* Sets the history for the status: the last revision, with these values, and those before it. */
void release_record_history(struct session *, const char *config_digest);

/* Adds the objects of the release that the session must know: Rollouts, and all if drift is detected. Returns whether
 * there are any. */
bool release_add_manifests(struct session *);

/* Adds the paths of an object that driftDetection.ignore names. */
void release_add_ignored(struct session *, const struct app_resource *, const json_t *object, json_t *paths);

/* The functions of STAGE_RELEASE and STAGE_ACTION (stage.h). */
size_t release_prepare(struct session *);
enum session_stage release_finish(struct session *);
size_t release_prepare_action(struct session *);
bool release_start_mark(struct session *, size_t i);
enum session_stage release_finish_action(struct session *);

/* Adds the result to the response. */
void release_report(struct session *, struct worker_response *);

/* Frees what is not in the session's arena. */
void release_done(struct session *);
