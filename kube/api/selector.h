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
	struct strings values; /* of SELECTOR_IN and SELECTOR_NOT_IN */
};

/* A LabelSelector of an API object. */
struct label_requirement {
	const char *key, *operator; /* operator: In, NotIn, Exists or DoesNotExist */
	struct strings values;
};

struct label_selector {
	struct string_map match_labels;
	LIST_OF(struct label_requirement) match_expressions;
};

extern const struct type label_requirement_type, label_selector_type;

struct selector {
	LIST_OF(struct requirement) requirements; /* all must match; empty: everything matches */
};

/* Parses a label selector as text. All in the arena. */
struct err *selector_parse(struct arena *, const char *text, struct selector *ret);

/* Reads a label selector as a LabelSelector object. All in the arena. */
struct err *selector_from_json(struct arena *, const json_t *, struct selector *ret);

/* Returns whether all requirements match the labels, a JSON object of strings; NULL for an object without labels. */
bool selector_matches(const struct selector *, const json_t *labels);

/* Sets *ret to whether an object matches a field selector, "a=b,c!=d" with dotted paths, as in the parameter
 * fieldSelector. Returns an error if the text is not a field selector. */
struct err *field_selector_matches(struct arena *, const char *text, const json_t *object, bool *ret);

/* Returns whether all requirements match the labels. An empty selector matches everything, as in Kubernetes. */
bool label_selector_matches(const struct label_selector *, const struct string_map *labels);

/* Returns whether the selector has no requirements. */
bool label_selector_is_empty(const struct label_selector *);

/* Returns the selector as text, sorted by key, as in status.selector (k8s.io/apimachinery, LabelSelectorAsSelector). In
 * the arena. */
const char *label_selector_text(struct arena *, const struct label_selector *);
