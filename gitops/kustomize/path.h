/* gitops/kustomize/path.h: field paths of replacements and variables: "spec.containers.[name=app].env.0.value",
 * "spec.ports[0].port", "metadata.annotations.[example.com/size]". A dot after a backslash, or in brackets, is part
 * of a name. */
#pragma once
#include "base/json.h"

#define K_PATH_PARTS_MAX 32

struct k_path {
	const char *parts[K_PATH_PARTS_MAX];
	size_t n;
};

/* Parses a path; texts in the arena. Error: too many parts. */
struct err *k_path_parse(struct arena *, const char *text, struct k_path *ret);

/* Returns the value that a path names, or NULL. */
const json_t *k_path_value(struct arena *, const json_t *, const struct k_path *);

/* Returns a value as text: a string itself, any other value as JSON. */
const char *k_scalar_text(struct arena *, const json_t *);
