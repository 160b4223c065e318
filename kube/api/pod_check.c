/* kube/api/pod_check.c: validates a pod template. Its parts are in pod_check_container.c, _volume.c, _scheduling.c and
 * _security.c. */
#include "kube/api/pod_check.h"
#include <string.h>
#include "base/address.h"
#include "base/utf8.h"
#include "base/quantity.h"
#include "base/str.h"
#include "kube/api/names.h"
#include "kube/api/pod_check_parts.h"
#include "kube/api/pod_template_rows.h"

#define ANNOTATIONS_MAX (256u << 10) /* bytes of all annotations */
#define GRACE_MAX INT64_MAX
#define GRACE_DEFAULT 30

void
check_problem(struct checking *c, const struct place *at, const char *field, const char *format, ...)
{
	const char *path = field;
	va_list ap;

	for (; at != NULL; at = at->up) {
		const char *one =
		    at->index >= 0 ? arena_printf(c->problems->arena, "%s[%ld]", at->name, at->index) : at->name;

		path = path[0] == '\0' ? one : arena_printf(c->problems->arena, "%s.%s", one, path);
	}
	va_start(ap, format);
	problem_add(c->problems, path, "%s", arena_vprintf(c->problems->arena, format, ap));
	va_end(ap);
}

void
check_name(struct checking *c, const struct place *at, const char *field, const char *value, const char *why)
{
	if (why != NULL)
		check_problem(c, at, field, "Invalid value: \"%s\": %s", value, why);
}

void
check_choice(struct checking *c, const struct place *at, const json_t *of, const char *field, const char *choices)
{
	check_choice_text(c, at, field, json_str(of, field), choices);
}

void
check_choice_text(struct checking *c, const struct place *at, const char *field, const char *value, const char *choices)
{
	const char *found = value != NULL ? strstr(choices, value) : NULL;
	size_t n = value != NULL ? strlen(value) : 0;

	if (value == NULL || n == 0)
		return;
	for (; found != NULL; found = strstr(found + 1, value))
		if ((found == choices || found[-1] == '|') && (found[n] == '\0' || found[n] == '|'))
			return;
	check_problem(c, at, field, "Unsupported value: \"%s\": supported values: %s", value,
	    str_replace(c->problems->arena, choices, "|", ", "));
}

void
check_range(struct checking *c, const struct place *at, const json_t *of, const char *field, int64_t min, int64_t max)
{
	const json_t *v = json_object_get(of, field);

	if (!json_is_integer(v) || (json_integer_value(v) >= min && json_integer_value(v) <= max))
		return;
	if (max == INT32_MAX || max == GRACE_MAX)
		check_problem(c, at, field, "Invalid value: %lld: must be greater than or equal to %lld",
		    (long long)json_integer_value(v), (long long)min);
	else
		check_problem(c, at, field, "Invalid value: %lld: must be between %lld and %lld, inclusive",
		    (long long)json_integer_value(v), (long long)min, (long long)max);
}

bool
check_required(struct checking *c, const struct place *at, const json_t *of, const char *field)
{
	if (!str_empty(json_str(of, field)))
		return true;
	check_problem(c, at, field, "Required value");
	return false;
}

size_t
check_one_of(struct checking *c, const struct place *at, const json_t *of, const char *names, const char *what)
{
	size_t n = 0;

	for (const char *s = names; *s != '\0'; s += strcspn(s, " "), s += *s == ' ') {
		char name[40] = { 0 };
		size_t len = strcspn(s, " ");

		memcpy(name, s, len < sizeof(name) ? len : sizeof(name) - 1);
		n += json_is_object(json_object_get(of, name));
	}
	if (n > 1)
		check_problem(c, at, "", "Forbidden: may not specify more than 1 %s", what);
	return n;
}

/* Two elements of a list have the same text in a field. */
void
check_duplicates(struct checking *c, const struct place *up, const json_t *list, const char *name, const char *field)
{
	for (size_t i = 1; i < json_array_size(list); i++) {
		const char *value = json_str(json_array_get(list, i), field);

		for (size_t k = 0; value != NULL && k < i; k++)
			if (str_eq(value, json_str(json_array_get(list, k), field))) {
				struct place at = { up, name, (long)i };

				check_problem(c, &at, field, "Duplicate value: \"%s\"", value);
				break;
			}
	}
}

const char *
check_annotation_key(struct arena *a, const char *key)
{
	const char *why = name_qualified_problem(key);

	return why != NULL ? name_qualified_problem(utf8_cased(a, key, false, true)) : NULL;
}

void
check_keys(struct checking *c, const struct place *up, const json_t *map, const char *field, bool labels)
{
	struct place at = { up, field, -1 };
	const char *key;
	size_t size = 0;
	json_t *v;

	json_object_foreach ((json_t *)map, key, v) {
		/* An annotation's key may have capitals, also before the "/". */
		check_name(c, &at, "", key,
		    labels ? name_qualified_problem(key) : check_annotation_key(c->problems->arena, key));
		size += strlen(key) + json_string_length(v);
		if (labels && json_is_string(v))
			check_name(c, &at, "", json_string_value(v), name_label_value_problem(json_string_value(v)));
	}
	if (!labels && size > ANNOTATIONS_MAX)
		check_problem(c, &at, "", "Too long: may not be more than %u bytes", ANNOTATIONS_MAX);
}

static void
check_restart_policy(struct checking *c, const struct place *at, const json_t *spec)
{
	const char *policy = json_str(spec, "restartPolicy") ?: "";

	if (c->owner == POD_OF_REPLICASET) {
		if (policy[0] != '\0' && strcmp(policy, "Always") != 0)
			check_problem(
			    c, at, "restartPolicy", "Unsupported value: \"%s\": supported values: \"Always\"", policy);
		if (json_object_get(spec, "activeDeadlineSeconds") != NULL)
			check_problem(c, at, "activeDeadlineSeconds",
			    "Forbidden: activeDeadlineSeconds in ReplicaSet is not Supported");
	} else if (strcmp(policy, "OnFailure") != 0 && strcmp(policy, "Never") != 0) {
		check_problem(c, at, "restartPolicy",
		    "Unsupported value: \"%s\": supported values: \"OnFailure\", \"Never\"", policy);
	}
}

/* Returns whether the text is an IP address as an API server reads it: four decimal numbers, or IPv6. */
static bool
pod_is_address(const char *text)
{
	struct address a;
	long long n;
	int parts = 0;

	if (strchr(text, ':') != NULL)
		return text[0] != '[' && strchr(text, '%') == NULL && address_parse(text, &a) && a.n == sizeof(a.at);
	for (const char *s = text;; s++) {
		char part[4] = { 0 };
		size_t len = strcspn(s, ".");

		if (len == 0 || len >= sizeof(part) || strspn(s, "0123456789") != len)
			return false;
		memcpy(part, s, len);
		if (!str_int(part, 0, 255, &n))
			return false;
		parts++;
		s += len;
		if (*s == '\0')
			return parts == 4;
	}
}

static void
check_address(struct checking *c, const struct place *at, const char *field, const char *text)
{
	if (!pod_is_address(text))
		check_problem(c, at, field,
		    "Invalid value: \"%s\": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)", text);
}

/* A search domain may have "_", and end in a dot. */
static const char *
pod_search_problem(struct arena *a, const char *domain)
{
	char *plain = arena_strdup(a, domain);
	size_t n = strlen(plain);

	if (strcmp(plain, ".") == 0)
		return NULL;
	if (n > 0 && plain[n - 1] == '.')
		plain[n - 1] = '\0';
	return name_subdomain_problem(str_replace(a, plain, "_", "-"));
}

static void
check_dns(struct checking *c, const struct place *up, const json_t *spec)
{
	const json_t *config = json_object_get(spec, "dnsConfig");
	struct place at = { up, "dnsConfig", -1 };
	json_t *v;
	size_t i;

	check_choice(c, up, spec, "dnsPolicy", "ClusterFirstWithHostNet|ClusterFirst|Default|None");
	if (str_eq(json_str(spec, "dnsPolicy"), "None") && json_array_size(json_object_get(config, "nameservers")) == 0)
		check_problem(c, &at, "nameservers",
		    "Required value: must provide at least one DNS nameserver when `dnsPolicy` is None");
	if (json_array_size(json_object_get(config, "nameservers")) > 3)
		check_problem(c, &at, "nameservers", "Invalid value: must not have more than 3 nameservers");
	json_array_foreach (json_object_get(config, "nameservers"), i, v)
		if (json_is_string(v))
			check_address(c, &at, "nameservers", json_string_value(v));
	if (json_array_size(json_object_get(config, "searches")) > 32)
		check_problem(c, &at, "searches", "Invalid value: must not have more than 32 search paths");
	json_array_foreach (json_object_get(config, "searches"), i, v)
		if (json_is_string(v))
			check_name(c, &at, "searches", json_string_value(v),
			    pod_search_problem(c->problems->arena, json_string_value(v)));
	json_array_foreach (json_object_get(config, "options"), i, v) {
		struct place below = { &at, "options", (long)i };

		check_required(c, &below, v, "name");
	}
}

static void
check_host_aliases(struct checking *c, const struct place *up, const json_t *list)
{
	json_t *alias, *name;
	size_t i, k;

	json_array_foreach (list, i, alias) {
		struct place at = { up, "hostAliases", (long)i };

		check_address(c, &at, "ip", json_str(alias, "ip") ?: "");
		json_array_foreach (json_object_get(alias, "hostnames"), k, name)
			if (json_is_string(name))
				check_name(c, &at, "hostnames", json_string_value(name),
				    name_subdomain_problem(json_string_value(name)));
	}
}

static void
check_resource_claims(struct checking *c, const struct place *up)
{
	json_t *claim;
	size_t i;

	json_array_foreach (c->claims, i, claim) {
		const json_t *name = json_object_get(claim, "resourceClaimName"),
			     *template = json_object_get(claim, "resourceClaimTemplateName");
		struct place at = { up, "resourceClaims", (long)i };

		if (check_required(c, &at, claim, "name"))
			check_name(
			    c, &at, "name", json_str(claim, "name"), name_label_problem(json_str(claim, "name")));
		if (json_is_string(name) && json_is_string(template))
			check_problem(c, &at, "",
			    "Invalid value: at most one of `resourceClaimName` or `resourceClaimTemplateName` may be "
			    "specified");
		else if (!json_is_string(name) && !json_is_string(template))
			check_problem(c, &at, "",
			    "Invalid value: must specify one of: `resourceClaimName`, `resourceClaimTemplateName`");
	}
	check_duplicates(c, up, c->claims, "resourceClaims", "name");
}

static void
check_pod(struct checking *c, const struct place *at, const json_t *spec)
{
	static const struct {
		const char *field;
		const char *(*problem)(const char *);
		bool empty; /* an empty value is an error too */
	} names[] = { { "serviceAccountName", name_subdomain_problem, false },
		{ "serviceAccount", name_subdomain_problem, false }, { "nodeName", name_subdomain_problem, false },
		{ "hostname", name_label_problem, false }, { "subdomain", name_label_problem, false },
		{ "priorityClassName", name_subdomain_problem, false },
		{ "runtimeClassName", name_subdomain_problem, true } };
	const char *name;
	size_t i;

	c->volumes = json_object_get(spec, "volumes");
	c->claims = json_object_get(spec, "resourceClaims");
	c->host_network = json_is_true(json_object_get(spec, "hostNetwork"));
	c->host_users = !json_is_false(json_object_get(spec, "hostUsers"));
	c->os = json_str(json_object_get(spec, "os"), "name");
	c->grace = json_int(spec, "terminationGracePeriodSeconds", GRACE_DEFAULT);
	check_volumes(c, at);
	check_resource_claims(c, at);
	check_containers(c, at, spec);
	if (json_array_size(json_object_get(spec, "ephemeralContainers")) > 0)
		check_problem(
		    c, at, "ephemeralContainers", "Forbidden: ephemeral containers not allowed in pod template");
	check_restart_policy(c, at, spec);
	check_dns(c, at, spec);
	check_range(c, at, spec, "terminationGracePeriodSeconds", 0, GRACE_MAX);
	for (i = 0; i < ARRAY_SIZE(names); i++)
		if ((name = json_str(spec, names[i].field)) != NULL && (name[0] != '\0' || names[i].empty))
			check_name(c, at, names[i].field, name, names[i].problem(name));
	if (json_is_true(json_object_get(spec, "shareProcessNamespace")) &&
	    json_is_true(json_object_get(spec, "hostPID")))
		check_problem(c, at, "shareProcessNamespace",
		    "Invalid value: true: ShareProcessNamespace and HostPID cannot both be enabled");
	check_choice(c, at, spec, "preemptionPolicy", "Never|PreemptLowerPriority");
	check_host_aliases(c, at, json_object_get(spec, "hostAliases"));
	check_quantities(c, at, json_object_get(spec, "overhead"), "overhead");
	check_resources(c, at, json_object_get(spec, "resources"));
	check_scheduling(c, at, spec);
	check_pod_security(c, at, spec);
}

/* The annotations that an API server validates. */
static void
check_annotations(struct checking *c, const struct place *up, const json_t *annotations, const json_t *spec)
{
	static const char cost[] = "controller.kubernetes.io/pod-deletion-cost",
			  mirror[] = "kubernetes.io/config.mirror",
			  armor[] = "container.apparmor.security.beta.kubernetes.io/";
	const char *value = json_str(annotations, cost), *key;
	struct place at = { up, "annotations", -1 };
	long long n;
	json_t *v;

	if (!str_empty(value) &&
	    (!str_int(value, INT32_MIN, INT32_MAX, &n) || !str_eq(value, arena_printf(c->problems->arena, "%lld", n))))
		check_problem(c, &at, cost, "Invalid value: \"%s\": must be a 32bit integer", value);
	if (json_object_get(annotations, mirror) != NULL && str_empty(json_str(spec, "nodeName")))
		check_problem(c, &at, mirror,
		    "Invalid value: \"%s\": must set spec.nodeName if mirror pod annotation is set",
		    json_str(annotations, mirror) ?: "");
	json_object_foreach ((json_t *)annotations, key, v) {
		value = json_string_value(v);
		if (!str_starts(key, armor) || value == NULL)
			continue;
		if (!pod_has_container(spec, key + sizeof(armor) - 1))
			check_problem(
			    c, &at, key, "Invalid value: \"%s\": container not found", key + sizeof(armor) - 1);
		if (value[0] != '\0' && strcmp(value, "runtime/default") != 0 && strcmp(value, "unconfined") != 0 &&
		    !str_starts(value, "localhost/"))
			check_problem(c, &at, key, "Invalid value: \"%s\": invalid AppArmor profile name", value);
	}
}

void
pod_template_problems(struct problems *p, const json_t *template, const char *path, enum pod_owner owner)
{
	struct place root = { NULL, path, -1 }, meta = { &root, "metadata", -1 }, spec = { &root, "spec", -1 };
	const json_t *annotations = json_object_get(json_object_get(template, "metadata"), "annotations");
	struct checking c = { .problems = p, .owner = owner };

	if (!json_is_object(template))
		return;
	check_keys(&c, &meta, json_at(template, "/metadata/labels"), "labels", true);
	check_keys(&c, &meta, annotations, "annotations", false);
	check_annotations(&c, &meta, annotations, json_object_get(template, "spec"));
	check_pod(&c, &spec, json_object_get(template, "spec"));
}

static void check_struct(struct checking *, const struct place *, const struct go_type *, const json_t *);

static bool
has_go_type(struct arena *a, const struct go_field *f, const json_t *v)
{
	switch (f->kind) {
	case GO_STRING:
	case GO_TIME: return json_is_string(v);
	case GO_INT: return json_is_integer(v);
	case GO_BOOL: return json_is_boolean(v);
	case GO_INT_OR_STRING: return json_is_integer(v) || json_is_string(v);
	case GO_STRUCT: return json_is_object(v);
	case GO_QUANTITY:
		return json_is_number(v) || (json_is_string(v) && quantity_canonical(a, json_string_value(v)) != NULL);
	default: return true;
	}
}

static const char *
go_kind_text(enum go_kind k)
{
	static const char *const names[] = { [GO_STRING] = "a string",
		[GO_INT] = "an integer",
		[GO_BOOL] = "true or false",
		[GO_TIME] = "a time",
		[GO_QUANTITY] = "a quantity such as 500m or 128Mi",
		[GO_INT_OR_STRING] = "an integer or a string",
		[GO_STRUCT] = "an object" };

	return k < ARRAY_SIZE(names) && names[k] != NULL ? names[k] : "a value";
}

static void
check_value(struct checking *c, const struct place *at, const struct go_field *f, const json_t *v)
{
	if (!has_go_type(c->problems->arena, f, v))
		check_problem(c, at, "", "Invalid value: %s: must be %s", json_text_go(c->problems->arena, v),
		    go_kind_text(f->kind));
	else if (f->kind == GO_STRUCT)
		check_struct(c, at, f->of, v);
}

static void
check_field(struct checking *c, const struct place *up, const struct go_field *f, const json_t *v)
{
	const char *key;
	json_t *e;
	size_t i;

	if (f->shape == GO_LIST || f->shape == GO_MAP) {
		if (f->shape == GO_LIST ? !json_is_array(v) : !json_is_object(v))
			check_problem(
			    c, up, f->name, "Invalid value: must be %s", f->shape == GO_LIST ? "a list" : "an object");
		json_array_foreach (v, i, e) {
			struct place at = { up, f->name, (long)i };

			check_value(c, &at, f, e);
		}
		if (f->shape == GO_MAP)
			json_object_foreach ((json_t *)v, key, e) {
				struct place at = { up, f->name, -1 }, below = { &at, key, -1 };

				if (!json_is_null(e))
					check_value(c, &below, f, e);
			}
	} else {
		struct place at = { up, f->name, -1 };

		check_value(c, &at, f, v);
	}
}

static void
check_struct(struct checking *c, const struct place *at, const struct go_type *type, const json_t *object)
{
	const char *key;
	json_t *v;

	json_object_foreach ((json_t *)object, key, v) {
		const struct go_field *found = NULL;

		for (size_t i = 0; i < type->n && found == NULL; i++)
			if (strcmp(type->fields[i].name, key) == 0)
				found = &type->fields[i];
		if (found == NULL)
			check_problem(c, at, key, "unknown field");
		else if (!json_is_null(v))
			check_field(c, at, found, v);
	}
}

void
pod_template_unknown(struct problems *p, const json_t *template, const char *path)
{
	struct place root = { NULL, path, -1 };
	struct checking c = { .problems = p };

	if (json_is_object(template))
		check_struct(&c, &root, &go_PodTemplateSpec, template);
}
