/* rollout/checks.h: errors of values that several objects have: Rollouts, their steps, and Experiments. Each function
 * adds the error at `path` to the problems. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "traffic/router.h"

struct label_selector;

/* The strategy's router must have the feature that the field needs. Returns false if it has not. */
bool check_feature(struct problems *, const struct canary_strategy *, enum router_feature, const char *path);

/* The text must be seconds or a duration; NULL is valid. Returns false if it is neither. */
bool check_duration(struct problems *, const char *text, const char *path);

/* The name of the i-th item of an array must not be that of an earlier one. `names` is the address of the name in the
 * first item, and `size` the size of an item. A NULL name is valid. */
void check_unique(struct problems *, const void *names, size_t size, size_t i, const char *path);

/* The selector must not be empty or malformed, and must match the pods of the template (canonical JSON; NULL: none),
 * which is checked too. */
void check_selector(struct problems *, const struct label_selector *, const char *template_json, const char *path,
    const char *template_path);
