/* kube/api/pod_check_scheduling.c: validation of scheduling constraints in a pod template, as by an API server:
 * affinity, spreading, tolerations, gates. */
#include <string.h>
#include "base/str.h"
#include "kube/api/names.h"
#include "kube/api/pod_check_parts.h"

#define REQUIRED "requiredDuringSchedulingIgnoredDuringExecution"
#define PREFERRED "preferredDuringSchedulingIgnoredDuringExecution"

enum operands { OPERANDS_SOME, OPERANDS_NONE, OPERANDS_ONE };

static const struct {
	const char *name;
	enum operands operands;
	bool of_nodes; /* valid in node selectors only */
} selector_operators[] = {
	{ "In", OPERANDS_SOME, false },
	{ "NotIn", OPERANDS_SOME, false },
	{ "Exists", OPERANDS_NONE, false },
	{ "DoesNotExist", OPERANDS_NONE, false },
	{ "Gt", OPERANDS_ONE, true },
	{ "Lt", OPERANDS_ONE, true },
};

static void
check_requirement(struct checking *c, const struct place *at, const json_t *r, bool of_nodes)
{
	const char *operator= json_str(r, "operator"), *key = json_str(r, "key");
	size_t n = json_array_size(json_object_get(r, "values")), i = 0;
	json_t *value;

	while (i < ARRAY_SIZE(selector_operators) &&
	       (!str_eq(operator, selector_operators[i].name) || (selector_operators[i].of_nodes && !of_nodes)))
		i++;
	if (i == ARRAY_SIZE(selector_operators))
		check_problem(c, at, "operator", "Invalid value: \"%s\": not a valid selector operator", operator?: "");
	else if (selector_operators[i].operands == OPERANDS_SOME && n == 0)
		check_problem(c, at, "values", "Required value: must be specified when `operator` is 'In' or 'NotIn'");
	else if (selector_operators[i].operands == OPERANDS_NONE && n > 0)
		check_problem(
		    c, at, "values", "Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
	else if (selector_operators[i].operands == OPERANDS_ONE && n != 1)
		check_problem(
		    c, at, "values", "Required value: must be specified single value when `operator` is 'Lt' or 'Gt'");
	check_name(c, at, "key", key ?: "", name_qualified_problem(key ?: ""));
	json_array_foreach (json_object_get(r, "values"), i, value)
		if (json_is_string(value))
			check_name(c, at, "values", json_string_value(value),
			    name_label_value_problem(json_string_value(value)));
}

void
check_label_selector(struct checking *c, const struct place *up, const json_t *of, const char *field)
{
	const json_t *selector = json_object_get(of, field);
	struct place at = { up, field, -1 };
	json_t *r;
	size_t i;

	check_keys(c, &at, json_object_get(selector, "matchLabels"), "matchLabels", true);
	json_array_foreach (json_object_get(selector, "matchExpressions"), i, r) {
		struct place below = { &at, "matchExpressions", (long)i };

		check_requirement(c, &below, r, false);
	}
}

/* Label keys whose values are taken from the pod's own labels. */
static void
check_label_keys(struct checking *c, const struct place *at, const json_t *of, const char *field)
{
	const json_t *keys = json_object_get(of, field);
	json_t *key;
	size_t i;

	if (json_array_size(keys) > 0 && !json_is_object(json_object_get(of, "labelSelector")))
		check_problem(c, at, field, "Forbidden: must not be specified when labelSelector is not set");
	json_array_foreach (keys, i, key)
		if (json_is_string(key))
			check_name(
			    c, at, field, json_string_value(key), name_qualified_problem(json_string_value(key)));
}

/* A node's field: only metadata.name, with one value. */
static void
check_node_field(struct checking *c, const struct place *at, const json_t *r)
{
	const char *operator= json_str(r, "operator");

	if (!str_eq(operator, "In") && !str_eq(operator, "NotIn"))
		check_problem(c, at, "operator", "Invalid value: \"%s\": not a valid selector operator", operator?: "");
	else if (json_array_size(json_object_get(r, "values")) != 1)
		check_problem(c, at, "values",
		    "Required value: must be only one value when `operator` is 'In' or 'NotIn' for node field "
		    "selector");
	if (!str_eq(json_str(r, "key"), "metadata.name"))
		check_problem(
		    c, at, "key", "Invalid value: \"%s\": not a valid field selector key", json_str(r, "key") ?: "");
}

static void
check_node_term(struct checking *c, const struct place *at, const json_t *term)
{
	json_t *r;
	size_t i;

	json_array_foreach (json_object_get(term, "matchExpressions"), i, r) {
		struct place below = { at, "matchExpressions", (long)i };

		check_requirement(c, &below, r, true);
	}
	json_array_foreach (json_object_get(term, "matchFields"), i, r) {
		struct place below = { at, "matchFields", (long)i };

		check_node_field(c, &below, r);
	}
}

static void
check_affinity_weight(struct checking *c, const struct place *at, const json_t *term)
{
	if (json_object_get(term, "weight") == NULL)
		check_problem(c, at, "weight", "Invalid value: 0: must be in the range 1-100");
	check_range(c, at, term, "weight", 1, 100);
}

static void
check_node_affinity(struct checking *c, const struct place *up, const json_t *node)
{
	const json_t *required = json_object_get(node, REQUIRED),
		     *terms = json_object_get(required, "nodeSelectorTerms");
	struct place at = { up, "nodeAffinity", -1 }, below = { &at, REQUIRED, -1 };
	json_t *term;
	size_t i;

	if (json_is_object(required) && json_array_size(terms) == 0)
		check_problem(
		    c, &below, "nodeSelectorTerms", "Required value: must have at least one node selector term");
	json_array_foreach (terms, i, term) {
		struct place of = { &below, "nodeSelectorTerms", (long)i };

		check_node_term(c, &of, term);
	}
	json_array_foreach (json_object_get(node, PREFERRED), i, term) {
		struct place of = { &at, PREFERRED, (long)i }, preference = { &of, "preference", -1 };

		check_affinity_weight(c, &of, term);
		check_node_term(c, &preference, json_object_get(term, "preference"));
	}
}

static void
check_pod_term(struct checking *c, const struct place *at, const json_t *term)
{
	json_t *v, *other;
	size_t i, n;

	if (check_required(c, at, term, "topologyKey"))
		check_name(c, at, "topologyKey", json_str(term, "topologyKey"),
		    name_qualified_problem(json_str(term, "topologyKey")));
	check_label_selector(c, at, term, "labelSelector");
	check_label_selector(c, at, term, "namespaceSelector");
	json_array_foreach (json_object_get(term, "namespaces"), i, v)
		if (json_is_string(v))
			check_name(c, at, "namespaces", json_string_value(v), name_label_problem(json_string_value(v)));
	check_label_keys(c, at, term, "matchLabelKeys");
	check_label_keys(c, at, term, "mismatchLabelKeys");
	json_array_foreach (json_object_get(term, "matchLabelKeys"), i, v)
		json_array_foreach (json_object_get(term, "mismatchLabelKeys"), n, other)
			if (json_is_string(v) && json_equal(v, other))
				check_problem(c, at, "matchLabelKeys",
				    "Invalid value: \"%s\": exists in both matchLabelKeys and mismatchLabelKeys",
				    json_string_value(v));
}

static void
check_pod_affinity(struct checking *c, const struct place *at, const json_t *pods)
{
	json_t *term;
	size_t i;

	json_array_foreach (json_object_get(pods, REQUIRED), i, term) {
		struct place of = { at, REQUIRED, (long)i };

		check_pod_term(c, &of, term);
	}
	json_array_foreach (json_object_get(pods, PREFERRED), i, term) {
		struct place of = { at, PREFERRED, (long)i }, below = { &of, "podAffinityTerm", -1 };

		check_affinity_weight(c, &of, term);
		check_pod_term(c, &below, json_object_get(term, "podAffinityTerm"));
	}
}

static void
check_affinity(struct checking *c, const struct place *up, const json_t *affinity)
{
	static const char *const kinds[] = { "podAffinity", "podAntiAffinity" };
	struct place at = { up, "affinity", -1 };

	check_node_affinity(c, &at, json_object_get(affinity, "nodeAffinity"));
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct place below = { &at, kinds[i], -1 };

		check_pod_affinity(c, &below, json_object_get(affinity, kinds[i]));
	}
}

static void
check_spreading(struct checking *c, const struct place *up, const json_t *list)
{
	json_t *t;
	size_t i;

	json_array_foreach (list, i, t) {
		struct place at = { up, "topologySpreadConstraints", (long)i };
		const char *key = json_str(t, "topologyKey"), *when = json_str(t, "whenUnsatisfiable");

		if (json_object_get(t, "maxSkew") == NULL)
			check_problem(c, &at, "maxSkew", "Invalid value: 0: must be greater than zero");
		check_range(c, &at, t, "maxSkew", 1, INT32_MAX);
		check_required(c, &at, t, "topologyKey");
		if (check_required(c, &at, t, "whenUnsatisfiable"))
			check_choice(c, &at, t, "whenUnsatisfiable", "DoNotSchedule|ScheduleAnyway");
		for (size_t k = 0; k < i; k++)
			if (str_eq(key, json_str(json_array_get(list, k), "topologyKey")) &&
			    str_eq(when, json_str(json_array_get(list, k), "whenUnsatisfiable")))
				check_problem(c, &at, "{topologyKey, whenUnsatisfiable}",
				    "Duplicate value: \"{%s, %s}\"", key ?: "", when ?: "");
		check_range(c, &at, t, "minDomains", 1, INT32_MAX);
		if (json_object_get(t, "minDomains") != NULL && !str_eq(when, "DoNotSchedule"))
			check_problem(c, &at, "minDomains",
			    "Invalid value: %lld: can only use minDomains if whenUnsatisfiable=DoNotSchedule, not %s",
			    (long long)json_int(t, "minDomains", 0), when ?: "");
		check_choice(c, &at, t, "nodeAffinityPolicy", "Honor|Ignore");
		check_choice(c, &at, t, "nodeTaintsPolicy", "Honor|Ignore");
		check_label_selector(c, &at, t, "labelSelector");
		check_label_keys(c, &at, t, "matchLabelKeys");
	}
}

static void
check_tolerations(struct checking *c, const struct place *up, const json_t *list)
{
	json_t *t;
	size_t i;

	json_array_foreach (list, i, t) {
		struct place at = { up, "tolerations", (long)i };
		const char *operator= json_str(t, "operator"), *key = json_str(t, "key"),
			   *effect = json_str(t, "effect"), *value = json_str(t, "value");

		check_choice(c, &at, t, "operator", "Equal|Exists");
		check_choice(c, &at, t, "effect", "NoSchedule|PreferNoSchedule|NoExecute");
		if (!str_empty(key))
			check_name(c, &at, "key", key, name_qualified_problem(key));
		else if (!str_eq(operator, "Exists"))
			check_problem(c, &at, "operator",
			    "Invalid value: \"%s\": operator must be Exists when `key` is empty, which means "
			    "\"match all values and all keys\"",
			    operator!= NULL ? operator: "");
		if (str_eq(operator, "Exists") && !str_empty(value))
			check_problem(c, &at, "operator",
			    "Invalid value: \"%s\": value must be empty when `operator` is 'Exists'", value);
		else if (!str_empty(value))
			check_name(c, &at, "value", value, name_label_value_problem(value));
		if (json_object_get(t, "tolerationSeconds") != NULL && !str_eq(effect, "NoExecute"))
			check_problem(c, &at, "effect",
			    "Invalid value: \"%s\": effect must be 'NoExecute' when `tolerationSeconds` is set",
			    effect != NULL ? effect : "");
	}
}

/* A list of objects with one qualified name each. */
static void
check_gates(struct checking *c, const struct place *up, const json_t *spec, const char *list, const char *field)
{
	json_t *gate;
	size_t i;

	json_array_foreach (json_object_get(spec, list), i, gate) {
		struct place at = { up, list, (long)i };
		const char *name = json_str(gate, field) ?: "";

		check_name(c, &at, field, name, name_qualified_problem(name));
	}
}

void
check_scheduling(struct checking *c, const struct place *at, const json_t *spec)
{
	check_keys(c, at, json_object_get(spec, "nodeSelector"), "nodeSelector", true);
	check_tolerations(c, at, json_object_get(spec, "tolerations"));
	check_affinity(c, at, json_object_get(spec, "affinity"));
	check_spreading(c, at, json_object_get(spec, "topologySpreadConstraints"));
	check_gates(c, at, spec, "readinessGates", "conditionType");
	check_gates(c, at, spec, "schedulingGates", "name");
	check_duplicates(c, at, json_object_get(spec, "schedulingGates"), "schedulingGates", "name");
}
