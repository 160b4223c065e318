/* kube/api/schema.c: CustomResourceDefinitions: structural schemas from the rows. */
#include "kube/api/schema.h"
#include <assert.h>
#include <ctype.h>
#include <string.h>
#include "base/str.h"

#define PRESERVE "x-kubernetes-preserve-unknown-fields"
#define NOT_SUPPORTED_TEXT "not supported by this version of Sluice"

static json_t *schema_of_type(const struct type *);

static json_t *
schema_enumerated(const char *choices)
{
	json_t *list = json_array();

	for (const char *c = choices;; c = strchr(c, '|') + 1) {
		json_array_append_new(list, json_stringn(c, strcspn(c, "|")));
		if (strchr(c, '|') == NULL)
			return list;
	}
}

static json_t *
schema_open_object(const char *field, json_t *schema)
{
	return json_pack("{s:s,s:b,s:{s:o}}", "type", "object", PRESERVE, 1, "properties", field, schema);
}

static json_t *
schema_list_of(json_t *items)
{
	return json_pack("{s:s,s:o}", "type", "array", "items", items);
}

/* The API server does not validate pod templates in CRDs; but the default protocol of ports is applied, because the
 * hash of the template includes it, and ReplicaSets are found by that hash. */
static json_t *
schema_pod_template(void)
{
	json_t *protocol = json_pack("{s:s,s:s}", "type", "string", "default", "TCP");
	json_t *containers =
	    schema_list_of(schema_open_object("ports", schema_list_of(schema_open_object("protocol", protocol))));
	json_t *spec = schema_open_object("containers", containers), *fields = json_object_get(spec, "properties");

	json_object_set_new(fields, "initContainers", json_deep_copy(containers));
	json_object_set_new(fields, "ephemeralContainers", json_deep_copy(containers));
	return schema_open_object("spec", spec);
}

#define WORDS_MAX 32

/* The field is set; for a boolean: it is true. */
static void
schema_add_term(struct str *to, const struct type *t, const char *name)
{
	const struct field *f = NULL;

	for (size_t i = 0; i < t->n_fields; i++)
		if (strcmp(t->fields[i].name, name) == 0)
			f = &t->fields[i];
	assert(f != NULL);
	str_addf(to, f->kind == KIND_BOOL ? "(has(self.%s) && self.%s)" : "has(self.%s)", name, name);
}

static void
schema_add_terms(struct str *to, const struct type *t, const char *const *names, size_t n, const char *between)
{
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			str_adds(to, between);
		schema_add_term(to, t, names[i]);
	}
}

/* The number of terms that are true. The API server evaluates a sum in less time than a list that it filters. */
static void
schema_add_count(struct str *to, const struct type *t, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		str_adds(to, i > 0 ? " + (" : "(");
		schema_add_term(to, t, names[i]);
		str_adds(to, " ? 1 : 0)");
	}
}

static void
schema_add_names(struct str *to, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		str_addf(to, "%s%s", i > 0 ? ", " : "", names[i]);
}

/* Returns one rule with its message. */
static json_t *
schema_rule(const struct type *t, const char *verb, const char *const *names, size_t n)
{
	struct str cel, message;
	json_t *j;

	str_init(&cel, 4096);
	str_init(&message, 1024);
	if (strcmp(verb, "one") == 0) {
		schema_add_count(&cel, t, names, n);
		str_adds(&cel, " == 1");
		str_adds(&message, "has none or several of ");
		schema_add_names(&message, names, n);
		str_adds(&message, "; one is needed");
	} else if (strcmp(verb, "most") == 0) {
		schema_add_count(&cel, t, names, n);
		str_adds(&cel, " <= 1");
		str_adds(&message, "has several of ");
		schema_add_names(&message, names, n);
		str_adds(&message, "; only one is allowed");
	} else if (strcmp(verb, "any") == 0) {
		schema_add_terms(&cel, t, names, n, " || ");
		str_adds(&message, "needs one of ");
		schema_add_names(&message, names, n);
	} else if (strcmp(verb, "not") == 0) {
		str_adds(&cel, "!(");
		schema_add_terms(&cel, t, names, n, " && ");
		str_adds(&cel, ")");
		str_addf(&message, "%s cannot be used with %s", names[0], names[1]);
	} else if (strcmp(verb, "needs") == 0) {
		str_adds(&cel, "!");
		schema_add_terms(&cel, t, names, n, " || ");
		str_addf(&message, "%s can only be used with %s", names[0], names[1]);
	} else {
		assert(strcmp(verb, "differ") == 0);
		str_addf(&cel, "!has(self.%s) || !has(self.%s) || self.%s != self.%s", names[0], names[1], names[0],
		    names[1]);
		str_addf(&message, "%s and %s are the same", names[0], names[1]);
	}
	j = json_pack("{s:s,s:s}", "rule", str_text(&cel), "message", str_text(&message));
	str_done(&cel);
	str_done(&message);
	return j;
}

/* The rules of a type, in the order in which they are written. */
static json_t *
schema_rules(const struct type *t)
{
	char *copy = mem_strdup(t->rules), *rest = copy, *one, *word;
	json_t *list = json_array();

	while ((one = strsep(&rest, ";")) != NULL) {
		const char *names[WORDS_MAX], *verb = "";
		size_t n = 0;

		while ((word = strsep(&one, " ")) != NULL) {
			if (word[0] == '\0')
				continue;
			assert(n < WORDS_MAX);
			if (verb[0] == '\0')
				verb = word;
			else if (strcmp(word, "*") == 0)
				for (size_t i = 0; i < t->n_fields && n < WORDS_MAX; i++)
					names[n++] = t->fields[i].name;
			else
				names[n++] = word;
		}
		json_array_append_new(list, schema_rule(t, verb, names, n));
	}
	free(copy);
	return list;
}

/* Any value is accepted: the controller reports that the field is not supported, which is clearer than a schema
 * error in its value. */
static json_t *
schema_of_not_supported(enum kind kind)
{
	static const char *const types[KIND_MAX] = {
		[KIND_INT] = "integer", [KIND_STRING] = "string", [KIND_BOOL] = "boolean"
	};

	if (types[kind] != NULL)
		return json_pack("{s:s,s:s}", "type", types[kind], "description", NOT_SUPPORTED_TEXT);
	if (kind == KIND_LIST)
		return json_pack(
		    "{s:s,s:s,s:{s:b}}", "type", "array", "description", NOT_SUPPORTED_TEXT, "items", PRESERVE, 1);
	return json_pack("{s:s,s:s,s:b}", "type", "object", "description", NOT_SUPPORTED_TEXT, PRESERVE, 1);
}

static json_t *
schema_of_field(const struct field *f)
{
	json_t *j = NULL;

	if (f->not_supported)
		return schema_of_not_supported(f->kind);
	assert(f->kind < KIND_MAX);
	switch (f->kind) {
	case KIND_BOOL:
	case KIND_OPT_BOOL: j = json_pack("{s:s}", "type", "boolean"); break;
	case KIND_INT:
	case KIND_OPT_INT:
		j = json_pack("{s:s}", "type", "integer");
		if (f->min < f->max) {
			json_object_set_new(j, "minimum", json_integer(f->min));
			json_object_set_new(j, "maximum", json_integer(f->max));
		}
		break;
	case KIND_STRING:
		j = json_pack("{s:s}", "type", "string");
		if (f->choices != NULL)
			json_object_set_new(j, "enum", schema_enumerated(f->choices));
		if (f->filled != NULL)
			json_object_set_new(j, "default", json_string(f->filled));
		break;
	case KIND_DURATION: j = json_pack("{s:s}", "type", "string"); break;
	case KIND_TIME: j = json_pack("{s:s,s:s}", "type", "string", "format", "date-time"); break;
	case KIND_INT_OR_STRING:
		j = json_pack("{s:b,s:[{s:s},{s:s}]}", "x-kubernetes-int-or-string", 1, "anyOf", "type", "integer",
		    "type", "string");
		break;
	case KIND_OBJECT:
	case KIND_EMBED: j = schema_of_type(f->of); break;
	case KIND_LIST: j = json_pack("{s:s,s:o}", "type", "array", "items", schema_of_type(f->of)); break;
	case KIND_STRINGS: j = json_pack("{s:s,s:{s:s}}", "type", "array", "items", "type", "string"); break;
	case KIND_STRING_MAP:
		j = json_pack("{s:s,s:{s:s}}", "type", "object", "additionalProperties", "type", "string");
		break;
	case KIND_JSON:
		j = f->pod_template ? schema_pod_template()
		    : f->of != NULL ? json_pack("{s:s,s:o}", "type", "array", "items", schema_of_type(f->of))
		    : f->scalar	    ? json_pack("{s:b}", PRESERVE, 1)
				    : json_pack("{s:s,s:b}", "type", "object", PRESERVE, 1);
		break;
	case KIND_ENUM:
		j = json_pack("{s:s,s:[]}", "type", "string", "enum");
		for (size_t i = 0; i < f->n_names; i++)
			if (f->names[i] != NULL && f->names[i][0] != '\0')
				json_array_append_new(json_object_get(j, "enum"), json_string(f->names[i]));
		break;
	case KIND_MAX: break;
	}
	if (f->items_max > 0)
		json_object_set_new(j, "maxItems", json_integer((json_int_t)f->items_max));
	if (f->doc != NULL)
		json_object_set_new(j, "description", json_string(f->doc));
	if (f->immutable)
		json_object_set_new(j, "x-kubernetes-validations",
		    json_pack("[{s:s,s:s}]", "rule", "self == oldSelf", "message", "cannot be changed"));
	return j;
}

static json_t *
schema_of_type(const struct type *t)
{
	json_t *properties = json_object(), *required = json_array(), *j;

	for (size_t i = 0; i < t->n_fields; i++) {
		json_object_set_new(properties, t->fields[i].name, schema_of_field(&t->fields[i]));
		if (t->fields[i].required)
			json_array_append_new(required, json_string(t->fields[i].name));
	}
	j = json_pack("{s:s,s:o}", "type", "object", "properties", properties);
	if (json_array_size(required) > 0)
		json_object_set(j, "required", required);
	json_decref(required);
	if (!t->strict)
		json_object_set_new(j, PRESERVE, json_true());
	if (t->rules != NULL)
		json_object_set_new(j, "x-kubernetes-validations", schema_rules(t));
	return j;
}

/* Returns the columns of "Name:type:path|…", and the age. */
static json_t *
schema_columns(const char *text)
{
	json_t *list = json_array();
	char *copy = mem_strdup(text != NULL ? text : ""), *rest = copy, *one;

	while (text != NULL && (one = strsep(&rest, "|")) != NULL) {
		const char *name = strsep(&one, ":"), *type = strsep(&one, ":");

		json_array_append_new(list, json_pack("{s:s,s:s,s:s}", "name", name, "type", type, "jsonPath", one));
	}
	free(copy);
	json_array_append_new(
	    list, json_pack("{s:s,s:s,s:s}", "name", "Age", "type", "date", "jsonPath", ".metadata.creationTimestamp"));
	return list;
}

static json_t *
schema_subresources(const struct type *t)
{
	json_t *j = json_object();
	char *copy = mem_strdup(t->scale != NULL ? t->scale : ""), *rest = copy;
	const char *spec = strsep(&rest, " "), *status = strsep(&rest, " ");

	if (t->has_status)
		json_object_set_new(j, "status", json_object());
	if (t->scale != NULL)
		json_object_set_new(j, "scale",
		    json_pack("{s:s,s:s,s:s}", "specReplicasPath", spec, "statusReplicasPath", status,
			"labelSelectorPath", rest));
	free(copy);
	return j;
}

/* All versions have the same fields: no conversion. */
static void
schema_serve_older(const struct type *t, json_t *versions)
{
	char *copy = mem_strdup(t->also != NULL ? t->also : ""), *rest = copy, *name;

	while ((name = strsep(&rest, " ")) != NULL && name[0] != '\0') {
		json_t *older = json_deep_copy(json_array_get(versions, 0));

		json_object_set_new(older, "name", json_string(name));
		json_object_set_new(older, "storage", json_false());
		json_array_append_new(versions, older);
	}
	free(copy);
}

json_t *
schema_crd(const struct type *t)
{
	json_t *schema = schema_of_type(t), *properties = json_object_get(schema, "properties"), *names, *crd;
	char *singular = mem_strdup(t->kind), *name = mem_printf("%s.%s", t->plural, t->group);

	for (char *c = singular; *c != '\0'; c++)
		*c = (char)tolower((unsigned char)*c);
	json_object_del(schema, PRESERVE);
	if (t->doc != NULL)
		json_object_set_new(schema, "description", json_string(t->doc));
	json_object_set_new(properties, "apiVersion", json_pack("{s:s}", "type", "string"));
	json_object_set_new(properties, "kind", json_pack("{s:s}", "type", "string"));
	json_object_set_new(properties, "metadata", json_pack("{s:s}", "type", "object"));
	names =
	    json_pack("{s:s,s:s,s:s,s:s}", "kind", t->kind, "listKind", "", "plural", t->plural, "singular", singular);
	json_object_set_new(names, "listKind", json_sprintf("%sList", t->kind));
	if (t->short_name != NULL)
		json_object_set_new(names, "shortNames", json_pack("[s]", t->short_name));
	crd = json_pack("{s:s,s:s,s:{s:s},s:{s:s,s:o,s:s,s:[{s:s,s:b,s:b,s:o,s:{s:o},s:o}]}}", "apiVersion",
	    "apiextensions.k8s.io/v1", "kind", "CustomResourceDefinition", "metadata", "name", name, "spec", "group",
	    t->group, "names", names, "scope", t->cluster_scoped ? "Cluster" : "Namespaced", "versions", "name",
	    t->version, "served", 1, "storage", 1, "additionalPrinterColumns", schema_columns(t->columns), "schema",
	    "openAPIV3Schema", schema, "subresources", schema_subresources(t));
	schema_serve_older(t, json_at(crd, "/spec/versions"));
	free(singular);
	free(name);
	return crd;
}
