/* gitops/kustomize/embedded.h: JSON in a string field of an object, which replacements can change. */
#pragma once
#include "base/arena.h"
#include "base/json.h"

/* The object or list that the text is. Returns a new reference; NULL: the text is something else. */
json_t *k_embedded_read(struct arena *, const char *text);

/* The value as text, written as kustomize writes it: with sorted keys, on one line, or indented by two where `was`
 * is. In the arena; NULL: it is too long. */
const char *k_embedded_text(struct arena *, const json_t *, const char *was);
