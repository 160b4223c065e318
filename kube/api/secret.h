/* kube/api/secret.h: values of a Secret. */
#pragma once
#include "base/json.h"

/* The text under a key of a Secret's `data` (base64), in the arena; NULL: there is none, or it is no text. */
const char *secret_text(struct arena *, const json_t *data, const char *key);

/* The same without the line ends behind it, which are an editor's. */
const char *secret_line(struct arena *, const json_t *data, const char *key);
