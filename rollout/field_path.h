/* rollout/field_path.h: validation of an argument's fieldRef.fieldPath. */
#pragma once
#include <stdbool.h>

/* Returns true if the path can name a value of a Rollout: a field that the type has, any label or annotation, or all
 * labels or annotations, as JSON. */
bool field_path_known(const char *path);
