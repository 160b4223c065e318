/* kube/api/yaml_tag.h: explicit tags of YAML (`!!str 1`, `!!int "1"`, `!!binary aGk=`). Pure.
 *
 * Documents of libyaml do not distinguish an explicit tag from an implicit one. Explicit tags are therefore read from
 * its events, and found by the position of their node. A text without "!" costs nothing.
 */
#pragma once
#include "kube/api/yaml.h"

struct yaml_tag {
	size_t index; /* of the node */
	const char *text; /* "!!str", without the prefix of libyaml; "!" is the non-specific tag */
};

struct yaml_tags {
	struct yaml_tag *at; /* by index */
	size_t n, capacity;
};

/* Returns the tags of a stream, in the arena; of invalid YAML, those before the error. */
struct yaml_tags yaml_tags_read(struct arena *, const char *text, size_t len);

/* Returns the tag of the node at a position, or NULL. */
const struct yaml_tag *yaml_tags_find(const struct yaml_tags *, size_t index);

/* Returns the value of a tagged scalar, as go-yaml does, as a new reference. Errors: the text is invalid for the
 * tag, or the tag is unknown. They do not have the position. */
struct err *yaml_tag_scalar(
    struct arena *, const struct yaml_tag *, const char *text, size_t len, enum yaml_words, json_t **ret);

/* Returns NULL if a mapping ("!!map"), a list ("!!seq") or a key ("!!str") can have this tag, else the error. */
struct err *yaml_tag_check(struct arena *, const struct yaml_tag *, const char *only);
