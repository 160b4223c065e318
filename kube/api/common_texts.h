/* kube/api/common_texts.h: texts that occur in many objects: keys of labels and annotations, kinds of owners, types,
 * reasons and messages of conditions. Decoded objects refer to one copy of each; a cached Rollout has 330 bytes less, a
 * ReplicaSet 122 (tests/bench/memory).
 */
#pragma once
#include <stddef.h>

struct arena;

/* Returns the static copy of these bytes, or NULL if they are none of these texts. It is never freed. */
const char *common_text(const char *at, size_t len);

/* Returns `s` if it is a text that common_text has returned, and else a copy in the arena; NULL for NULL. */
const char *common_text_copy(struct arena *, const char *s);
