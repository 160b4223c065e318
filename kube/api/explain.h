/* kube/api/explain.h: rows as text for people: what a field is, takes and does when it is absent. */
#pragma once
#include "base/err.h"
#include "kube/api/type.h"

/* "rollout.spec.strategy.canary": the field and what stands below it, one level or (`all`) everything. An unknown name is an error
 * that lists the known ones. In the arena. */
struct err *explain(struct arena *, const char *path, bool all, const char **ret);

/* Every type as one page of Markdown. In the arena. */
const char *explain_reference(struct arena *);

/* "integer", "[]string", "Duration": how a value is written; in the arena. */
const char *field_type_text(struct arena *, const struct field *);
