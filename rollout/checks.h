/* rollout/checks.h: errors of values that several objects have: Rollouts, their steps, and Experiments. Each function
 * adds the error at `path` to the problems. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "traffic/router.h"

struct label_selector;

/* Checks that a router of the strategy has the feature that the field needs; all of them, if it is one that all must
 * have (ROUTER_OF_ALL). Returns false if not. */
bool check_feature(struct problems *, const struct canary_strategy *, enum router_feature, const char *path);

/* Checks that the text is seconds or a Go duration; NULL is valid. Returns false if it is neither. */
bool check_duration(struct problems *, const char *text, const char *path);

/* Checks that the i-th item of an array has another name than all earlier ones. `names` is the address of the name in
 * the first item, and `size` the size of an item. A NULL name is valid. */
void check_unique(struct problems *, const void *names, size_t size, size_t i, const char *path);

/* Checks that the selector is valid, is not empty, and matches the pods of the template, which is checked too. The
 * template is canonical JSON, or NULL if it is absent. */
void check_selector(struct problems *, const struct label_selector *, const char *template_json, const char *path,
    const char *template_path);
