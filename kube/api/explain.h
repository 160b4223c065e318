/* kube/api/explain.h: `explain`: the meaning, values and default of a field, as text from the rows. */
#pragma once
#include "base/err.h"
#include "kube/api/type.h"

/* Sets *ret to a description of the field at a path, such as "rollout.spec.strategy.canary", and of the fields below
 * it: one level, or with `all` all levels. In the arena. An unknown name is an error that lists the known ones. */
struct err *explain(struct arena *, const char *path, bool all, const char **ret);

/* Returns the form of a value, in the arena: "integer", "[]string", "Duration". */
const char *field_type_text(struct arena *, const struct field *);

/* Returns the limits of a value, in the arena: ", 0 to 100", ", from 1", ", at most 500" (items of a list); "" if it
 * has none. */
const char *field_limits_text(struct arena *, const struct field *);

/* Returns the default of a field; "" if it has none, or is required. */
const char *field_default_text(const struct field *);

/* Returns the rules between the fields of a type as sentences, in the arena; "" if it has none. */
const char *type_rules_text(struct arena *, const struct type *);
