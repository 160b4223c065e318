/* tests/simulation/judge_parts.h: declarations that the parts of the judge share: a verdict, and the permitted age
 * of knowledge.
 *
 * A part is called for every write after it took effect, and returns its violation.
 */
#pragma once
#include "tests/simulation/facts.h"
#include "tests/simulation/judge.h"

/* The first thing that is wrong stays. */
void judge_wrong(struct judge *, const char *format, ...) printf_like(2, 3);

/* Faults are being injected, or a request that met one may still be on its way. */
bool judge_has_faults(const struct cluster *);
/* For how many ms a decision may rest on what is no longer so. */
int64_t judge_memory(const struct cluster *);

/* course.c: steps, pauses and weights follow the ideal course of the step list. */
struct course;
struct course *course_new(struct cluster *, struct judge *);
struct course *course_free(struct course *);
void course_on_write(
    struct course *, const struct resource *, const char *type, const json_t *old, const json_t *object);

/* judge_pods.c: maxSurge and maxUnavailable. */
struct pod_bounds;
struct pod_bounds *pod_bounds_new(struct cluster *, struct judge *);
struct pod_bounds *pod_bounds_free(struct pod_bounds *);
void pod_bounds_on_write(
    struct pod_bounds *, const struct resource *, const char *type, const json_t *old, const json_t *object);

/* judge_events.c: events report what was written. */
struct reports;
struct reports *reports_new(struct cluster *, struct judge *);
struct reports *reports_free(struct reports *);
void reports_on_write(
    struct reports *, const struct resource *, const char *type, const json_t *old, const json_t *object);
