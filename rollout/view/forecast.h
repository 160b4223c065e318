/* rollout/view/forecast.h: the course of an update that was played in virtual time, change by change, for
 * `sluice plan`: what is recorded, and the table, picture and JSON of it.
 *
 * The command plays the update (cli/plan/play.h). Nothing here has effects or reads a clock.
 */
#pragma once
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/cleanup.h"

struct arena;
struct rollout;
struct str;
struct view;

#define FORECAST_ROWS_MAX 2000 /* further rows are left out; a note states it */
#define FORECAST_GAP_MS 500 /* changes that follow each other within this time are one row */
#define FORECAST_SPAN_MS 1500 /* ... which lasts at most this time */

/* Pods of one version, or of all others. */
struct forecast_pods {
	int64_t wanted; /* requested by its ReplicaSets */
	int64_t exist;
	int64_t ready; /* available, as minReadySeconds requires */
};

/* The state of an update at one moment, as the objects of the cluster have it. */
struct forecast_state {
	int64_t step; /* index of the current step; the number of steps after the last one */
	int64_t weight; /* percent of the traffic of the new version, as observed */
	struct forecast_pods new_pods, old_pods; /* of the new version, and of the one that was stable before */
	struct forecast_pods other_pods; /* of other versions and of experiments */
	const char *waits; /* in words, "pause 10s"; "": for nothing */
	bool timed; /* it waits for a time to pass: that of a pause, an experiment or a scale-down */
	bool paused; /* it has a pause that has not ended */
	bool user; /* it waits for a promotion by a user */
	bool aborted, promoted; /* promoted: the new version is the stable one */
	bool settled; /* promoted, and no pod of another version is left */
	const char
	    *failure; /* NULL, or why it cannot continue: the message of a Degraded Rollout that is not aborted */
};

/* One row: changes that belong together. */
struct forecast_row {
	int64_t at; /* ms from the change of the template to the first of its changes */
	int64_t last; /* ... to the last one */
	int64_t pods; /* the most that existed at the same time */
	struct forecast_state state; /* after the last change */
};

/* A course: one update, from the change of the pod template on. Times are ms from there; -1: it did not happen. */
struct forecast_course {
	struct arena *arena; /* of the rows */
	struct forecast_row *rows;
	size_t n, capacity;
	bool cut; /* rows were left out */
	int64_t peak; /* the most pods that existed at the same time */
	size_t peak_row;
	int64_t users; /* promotions by users */
	int64_t user_at, user_step; /* of the last one of them */
	int64_t analysis_at; /* the first AnalysisRun was created */
	int64_t promoted_at, settled_at;
	int64_t aborted_at, aborted_step, aborted_weight; /* the step and weight until then */
	int64_t ended_at; /* the play ended: settled, aborted, or `problem` */
	const char *problem; /* why it ended without being promoted or aborted; NULL */
};

/* Returns an empty course. */
struct forecast_course forecast_course_new(struct arena *);

/* Reads the state from the objects of a cluster at a wall time (ms). `old_hash`: the version that was stable before. A
 * pause whose time has passed has ended, even if the status does not report it yet. In the arena. */
void forecast_read(const struct view *, const struct rollout *, const char *old_hash, int64_t now, struct arena *,
    struct forecast_state *ret);

/* Returns the number of all pods that exist. */
int64_t forecast_pods(const struct forecast_state *);

/* Adds the state at a time, which is not before the last one. States that equal the last one are not added. */
void forecast_add(struct forecast_course *, int64_t at, const struct forecast_state *);

/* Texts of the command, a line each. */
struct forecast_lines {
	const char **at;
	size_t n, capacity;
};

/* The report of `sluice plan`. */
struct forecast {
	const char *namespace, *name;
	const struct rollout *rollout;
	const struct forecast_course *course; /* pods are ready in ready_ms, users promote at once, metrics succeed */
	int64_t ready_ms;
	int64_t longest_ms; /* -1: see longest */
	const char *longest; /* why the longest duration is no time; NULL: longest_ms */
	struct forecast_lines warnings, notes;
};

/* Appends a line. The text is in `format`'s arena. */
void forecast_line(struct arena *, struct forecast_lines *, const char *format, ...) printf_like(3, 4);

/* Returns a time as Go writes it, rounded to seconds: "1m30s". In the arena. */
const char *forecast_time(struct arena *, int64_t ms);

/* Returns a step in words, "2/8 pause"; "" without steps. In the arena. */
const char *forecast_step(struct arena *, const struct rollout *, int64_t step);

/* Returns the duration from the change to the promotion, in words, or why it has none. In the arena. */
const char *forecast_least(struct arena *, const struct forecast *);

/* Appends the table for terminals, with the durations, pods, promotions, warnings and notes. */
void forecast_table(const struct forecast *, struct arena *, struct str *);

/* Appends an SVG document: pods by version and weight over time. */
void forecast_svg(const struct forecast *, struct arena *, struct str *);

/* Returns all of it as JSON; times are in seconds. A new reference. */
json_t *forecast_json(const struct forecast *, struct arena *);
