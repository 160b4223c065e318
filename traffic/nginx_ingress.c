/* traffic/nginx_ingress.c: the canary Ingress of an Ingress: what it shall have, and the least patch. */
#include "base/str.h"
#include "kube/api/names.h"
#include "traffic/nginx.h"
#include "traffic/owned.h"

#define CLASS "kubernetes.io/ingress.class"
#define PREFIX "nginx.ingress.kubernetes.io"

static const char *
nginx_prefix(const struct nginx_routing *n)
{
	return !str_empty(n->annotation_prefix) ? n->annotation_prefix : PREFIX;
}

const char *
nginx_annotation(struct arena *a, const struct nginx_routing *n, const char *name)
{
	return arena_printf(a, "%s/%s", nginx_prefix(n), name);
}

/* Sets the Service of each path of the rule to the canary's, if it is the stable one. Returns whether there is one. */
static bool
nginx_ingress_redirect(const struct canary_strategy *c, const json_t *rule)
{
	json_t *path;
	bool found = false;
	size_t i;

	json_array_foreach (json_at(rule, "/http/paths"), i, path) {
		json_t *service = json_at(path, "/backend/service");

		if (!str_eq(json_str(service, "name"), c->stable_service))
			continue;
		json_object_set_new(service, "name", json_string(c->canary_service));
		found = true;
	}
	return found;
}

/* The rules with a path to the stable Service. A new reference. */
static json_t *
nginx_ingress_rules(const struct canary_strategy *c, const struct ingress *stable)
{
	_cleanup_(json_decrefp) json_t *all =
	    stable->spec.rules != NULL ? json_loads(stable->spec.rules, 0, NULL) : NULL;
	json_t *rules = json_array(), *rule;
	size_t i;

	json_array_foreach (all, i, rule)
		if (nginx_ingress_redirect(c, rule))
			json_array_append(rules, rule);
	return rules;
}

/* The members of the spec that the router sets. A new reference. */
static json_t *
nginx_ingress_spec(const struct canary_strategy *c, const struct ingress *stable)
{
	json_t *spec = json_pack("{s:o}", "rules", nginx_ingress_rules(c, stable));

	if (stable->spec.ingress_class_name != NULL)
		json_object_set_new(spec, "ingressClassName", json_string(stable->spec.ingress_class_name));
	if (stable->spec.tls != NULL)
		json_object_set_new(spec, "tls", json_loads(stable->spec.tls, 0, NULL));
	return spec;
}

const char *
nginx_ingress_key(struct arena *a, const struct nginx_routing *n, const char *key)
{
	return str_starts(key, nginx_prefix(n)) ? key : nginx_annotation(a, n, key);
}

static void
nginx_ingress_set(const char *key, const char *value, void *arg)
{
	if (value != NULL)
		json_object_set_new(arg, key, json_string(value));
}

/* The annotations that the canary Ingress shall have. The later ones replace the earlier. A new reference. */
static json_t *
nginx_ingress_annotations(
    struct arena *a, const struct canary_strategy *c, const struct ingress *stable, const struct nginx_wish *wish)
{
	const struct nginx_routing *n = nginx_of(c);
	const struct string_map *additional = &n->additional_ingress_annotations, *own = &n->canary_ingress_annotations;
	json_t *all = json_object();

	nginx_ingress_set(CLASS, object_annotation(&stable->object, CLASS), all);
	for (size_t i = 0; i < additional->n; i++)
		nginx_ingress_set(nginx_ingress_key(a, n, additional->at[i].key), additional->at[i].value, all);
	for (size_t i = 0; i < own->n; i++)
		nginx_ingress_set(own->at[i].key, own->at[i].value, all);
	if (wish->header != NULL)
		nginx_header_annotations(a, n, wish->header, nginx_ingress_set, all);
	nginx_ingress_set(nginx_annotation(a, n, "canary"), "true", all);
	nginx_ingress_set(
	    nginx_annotation(a, n, "canary-weight"), arena_printf(a, "%lld", (long long)wish->weight), all);
	if (c->traffic_routing->max_traffic_weight.present)
		nginx_ingress_set(nginx_annotation(a, n, "canary-weight-total"),
		    arena_printf(a, "%lld", (long long)weight_total(c)), all);
	return all;
}

/* An API server refuses to create an Ingress whose class is named twice, differently. */
static struct err *
nginx_ingress_class_problem(
    struct arena *a, const struct canary_strategy *c, const struct nginx_target *t, const char *field)
{
	const struct object *stable = &t->stable->object;
	const char *own = string_map_get(&nginx_of(c)->canary_ingress_annotations, CLASS),
		   *copied = object_annotation(stable, CLASS), *name = t->stable->spec.ingress_class_name;

	if (name == NULL || t->canary != NULL || str_eq(own ?: copied ?: name, name))
		return NULL;
	if (own != NULL)
		return err_at(a, NGINX_FIELD ".canaryIngressAnnotations",
		    err_new(a, ERR_INVALID,
			"Invalid value: \"%s\": annotation " CLASS " must be the ingressClassName \"%s\" of Ingress %s",
			own, name, t->name));
	return err_at(a, field,
	    err_new(a, ERR_INVALID,
		"Invalid value: \"%s\": its annotation " CLASS " is \"%s\" and its ingressClassName \"%s\"; no Ingress "
		"with both can be created: remove the annotation",
		t->name, copied, name));
}

/* A key that the canary Ingress has already is one that the API server accepted. */
static struct err *
nginx_ingress_key_problem(struct arena *a, const struct canary_strategy *c, const struct nginx_target *t)
{
	const struct nginx_routing *n = nginx_of(c);
	const struct string_map *maps[] = { &n->additional_ingress_annotations, &n->canary_ingress_annotations };

	for (size_t i = 0; i < ARRAY_SIZE(maps); i++)
		for (size_t k = 0; k < maps[i]->n; k++) {
			const char *key = maps[i]->at[k].key, *why;

			key = i == 0 ? nginx_ingress_key(a, n, key) : key;
			why = name_qualified_problem(key);
			if (why != NULL && (t->canary == NULL || object_annotation(&t->canary->object, key) == NULL))
				return err_at(a,
				    arena_printf(a, NGINX_FIELD ".%s",
					i == 0 ? "additionalIngressAnnotations" : "canaryIngressAnnotations"),
				    err_new(a, ERR_INVALID, "Invalid value: \"%s\": %s", key, why));
		}
	return NULL;
}

struct err *
nginx_ingress_problem(struct arena *a, const struct rollout *r, const struct nginx_target *t, const char *field)
{
	const struct canary_strategy *c = r->spec.strategy.canary;
	_cleanup_(json_decrefp) json_t *rules = nginx_ingress_rules(c, t->stable);
	struct err *e;

	if (json_array_size(rules) == 0)
		return err_at(a, field,
		    err_new(a, ERR_INVALID, "Invalid value: \"%s\": ingress `%s` has no rules using service %s backend",
			t->name, t->name, c->stable_service));
	e = nginx_ingress_class_problem(a, c, t, field);
	return e != NULL ? e : nginx_ingress_key_problem(a, c, t);
}

json_t *
nginx_ingress_new(struct arena *a, const struct rollout *r, const struct nginx_target *t, const struct nginx_wish *wish)
{
	const struct canary_strategy *c = r->spec.strategy.canary;
	json_t *o = owned_new(r, type_api_version(&ingress_type, a), ingress_type.kind, t->canary_name);

	json_object_set_new(
	    json_object_get(o, "metadata"), "annotations", nginx_ingress_annotations(a, c, t->stable, wish));
	json_object_set_new(o, "spec", nginx_ingress_spec(c, t->stable));
	return o;
}

/* Sets *ret where the key is one of the managed header's. */
struct nginx_key {
	const char *key;
	bool found;
};

static void
nginx_ingress_compare_key(const char *key, const char *value, void *arg)
{
	struct nginx_key *k = arg;

	(void)value;
	k->found |= str_eq(key, k->key);
}

/* Returns whether an annotation is of the ingress controller: the rollout's own, as the object is. It may have been
 * written with the prefix that the strategy had before. A class that is not the ingressClassName (NULL: none) is one of
 * these. */
static bool
nginx_ingress_is_own(
    struct arena *a, const struct nginx_routing *n, const struct string_pair *live, const char *class, bool keep_header)
{
	const char *key = live->key;
	struct nginx_key header = { .key = key };

	if (keep_header)
		nginx_header_annotations(a, n, NULL, nginx_ingress_compare_key, &header);
	if (str_eq(key, CLASS))
		return class != NULL && !str_eq(live->value, class);
	return !header.found &&
	       (str_starts(key, PREFIX "/") || str_starts(key, arena_printf(a, "%s/", nginx_prefix(n))));
}

/* Adds what sets the wanted annotations, and removes those of the ingress controller that are not wanted. */
static void
nginx_ingress_patch_annotations(struct arena *a, const struct nginx_routing *n, const struct object *o,
    const json_t *want, const char *class, bool keep_header, json_t **ops)
{
	const char *key;
	json_t *value;

	json_object_foreach ((json_t *)want, key, value)
		if (!str_eq(object_annotation(o, key), json_string_value(value)))
			object_patch_annotation(a, json_patch_of(ops), o, key, json_string_value(value));
	for (size_t i = 0; i < o->meta.annotations.n; i++)
		if (json_object_get(want, key = o->meta.annotations.at[i].key) == NULL &&
		    nginx_ingress_is_own(a, n, &o->meta.annotations.at[i], class, keep_header))
			object_patch_annotation(a, json_patch_of(ops), o, key, NULL);
}

/* Adds what replaces a member of the spec: `live` is its JSON, or NULL. */
static void
nginx_ingress_patch_member(struct arena *a, const char *name, const char *live, const json_t *want, json_t **ops)
{
	_cleanup_(json_decrefp) json_t *now = live != NULL ? json_loads(live, JSON_DECODE_ANY, NULL) : NULL;
	const char *path = arena_printf(a, "/spec/%s", name);

	if (now == want || (now != NULL && want != NULL && json_equal(now, want)))
		return;
	if (now != NULL)
		json_patch_add(json_patch_of(ops), "test", path, json_incref(now));
	json_patch_add(json_patch_of(ops), want != NULL ? "add" : "remove", path,
	    want != NULL ? json_incref((json_t *)want) : NULL);
}

static void
nginx_ingress_patch_spec(struct arena *a, const struct ingress_spec *live, const json_t *want, json_t **ops)
{
	const char *class =
	    live->ingress_class_name != NULL ? arena_printf(a, "\"%s\"", live->ingress_class_name) : NULL;
	const struct {
		const char *name, *live;
	} members[] = { { "ingressClassName", class }, { "rules", live->rules }, { "tls", live->tls },
		{ "defaultBackend", live->default_backend } };

	for (size_t i = 0; i < ARRAY_SIZE(members); i++)
		nginx_ingress_patch_member(
		    a, members[i].name, members[i].live, json_object_get(want, members[i].name), ops);
}

void
nginx_ingress_patch(
    struct arena *a, const struct rollout *r, const struct nginx_target *t, const struct nginx_wish *wish, json_t **ops)
{
	const struct canary_strategy *c = r->spec.strategy.canary;
	const struct object *o = &t->canary->object;
	_cleanup_(json_decrefp) json_t *annotations = NULL, *spec = NULL;
	const char *key = nginx_annotation(a, nginx_of(c), "canary-weight"),
		   *value = arena_printf(a, "%lld", (long long)wish->weight);

	if (t->stable == NULL) {
		if (!str_eq(object_annotation(o, key), value))
			object_patch_annotation(a, json_patch_of(ops), o, key, value);
		return;
	}
	annotations = nginx_ingress_annotations(a, c, t->stable, wish);
	nginx_ingress_patch_annotations(
	    a, nginx_of(c), o, annotations, t->stable->spec.ingress_class_name, wish->keep_header, ops);
	spec = nginx_ingress_spec(c, t->stable);
	nginx_ingress_patch_spec(a, &t->canary->spec, spec, ops);
}

void
nginx_ingress_weight(
    struct arena *a, const struct rollout *r, const struct ingress *canary, int64_t *ret_least, int64_t *ret_most)
{
	const struct canary_strategy *c = r->spec.strategy.canary;
	const struct nginx_routing *n = nginx_of(c);
	const struct object *o = &canary->object;
	const char *of = object_annotation(o, nginx_annotation(a, n, "canary-weight-total"));
	long long weight = 0, total = 100;

	*ret_least = *ret_most = 0;
	if (!str_eq(object_annotation(o, nginx_annotation(a, n, "canary")), "true"))
		return;
	if (of != NULL && !str_int(of, 1, INT32_MAX, &total))
		total = 100;
	if (!str_int(object_annotation(o, nginx_annotation(a, n, "canary-weight")) ?: "0", 0, INT32_MAX, &weight))
		weight = 0;
	weight = weight < total ? weight : total;
	*ret_least = weight * weight_total(c) / total;
	*ret_most = (weight * weight_total(c) + total - 1) / total;
}
