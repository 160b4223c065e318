/* kube/api/yaml_tag.h: explicit tags of YAML (`!!str 1`, `!!int "1"`, `!!binary aGk=`). Pure.
 *
 * libyaml's documents do not tell a tag that is written from the one that is assumed, so the tags are read from its events, and found again by
 * where their node begins. A text without "!" costs nothing.
 */
#pragma once
#include "kube/api/yaml.h"

struct yaml_tag {
	size_t index, line, column; /* of the node; line and column from 1 */
	const char *
	    text; /* "!!str" as it is meant: without libyaml's prefix; "!" is the tag that says only "as it is written" */
};

struct yaml_tags {
	struct yaml_tag *at; /* by index */
	size_t n, room;
};

/* The tags of a stream, in the arena. What is no YAML has those up to the error. */
struct yaml_tags yaml_tags_read(struct arena *, const char *text, size_t len);

/* The tag of the node that begins there; NULL: it has none. */
const struct yaml_tag *yaml_tags_find(const struct yaml_tags *, size_t index);

/* The value of a tagged scalar, as go-yaml has it: a new reference. An error: the text is none of the tag, or the tag is unknown. */
struct err *yaml_tag_scalar(
    struct arena *, const struct yaml_tag *, const char *text, size_t len, enum yaml_words, json_t **ret);

/* A mapping (only "!!map"), a list ("!!seq") or a key ("!!str") may have this tag: NULL; else the error. */
struct err *yaml_tag_check(struct arena *, const struct yaml_tag *, const char *only);
