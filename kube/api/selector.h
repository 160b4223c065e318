/* kube/api/selector.h: label and field selectors.
 *
 * Label selectors come as the text of a query parameter ("a=b,c!=d,e in (x,y),f,!g") or as an object's matchLabels and
 * matchExpressions; both become the same list of requirements.
 */
#pragma once
#include "base/json.h"
#include "kube/api/type.h"

enum selector_op { SELECTOR_IN, SELECTOR_NOT_IN, SELECTOR_EXISTS, SELECTOR_NOT_EXISTS };

struct requirement {
	const char *key;
	enum selector_op op;
	struct strings values; /* IN, NOT_IN */
};

struct selector {
	LIST_OF(struct requirement) requirements; /* all must hold; none: everything matches */
};

/* Parses the text form. */
struct err *selector_parse(struct arena *, const char *text, struct selector *ret);

/* Reads a LabelSelector object. */
struct err *selector_from_json(struct arena *, const json_t *, struct selector *ret);

/* Labels as a JSON object of strings (NULL: none), or as a map. */
bool selector_matches(const struct selector *, const json_t *labels);
bool selector_matches_map(const struct selector *, const struct string_map *labels);

/* "a=b,c!=d" over dotted paths of an object, as the fieldSelector parameter has it. */
struct err *field_selector_matches(struct arena *, const char *text, const json_t *object, bool *ret);

/* The text form of matchLabels, sorted by key, as status.selector has it. */
const char *selector_text(struct arena *, const struct string_map *match_labels);
