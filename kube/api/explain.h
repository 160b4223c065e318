/* kube/api/explain.h: `explain`: the meaning, values and default of a field, as text from the rows. */
#pragma once
#include "base/err.h"
#include "kube/api/type.h"

/* Sets *ret to a description of the field at a path, such as "rollout.spec.strategy.canary", and of the fields below
 * it: one level, or with `all` all levels. In the arena. An unknown name is an error that lists the known ones. */
struct err *explain(struct arena *, const char *path, bool all, const char **ret);

/* Returns all types as one page of Markdown, in the arena. */
const char *explain_reference(struct arena *);

/* Returns the form of a value, in the arena: "integer", "[]string", "Duration". */
const char *field_type_text(struct arena *, const struct field *);
