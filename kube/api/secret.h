/* kube/api/secret.h: values of a Secret, decoded from base64. */
#pragma once
#include "base/json.h"

/* Returns the value of a key of `data` (base64), in the arena. NULL if it does not exist or is not text. */
const char *secret_text(struct arena *, const json_t *data, const char *key);

/* Returns such a value without the line ends at its end, which editors add. */
const char *secret_line(struct arena *, const json_t *data, const char *key);
