/* rollout/affinity.c: antiAffinity: pods of the new version avoid nodes that run pods of the stable one.
 *
 * A term with the stable version's hash is added to the template of the new ReplicaSet (not to the template that is
 * hashed), as in Argo Rollouts. When another version has become stable, the term is corrected.
 */
#include "rollout/affinity.h"
#include "base/str.h"
#include "kube/api/replicaset.h"
#include "rollout/pass.h"

#define PREFERRED "preferredDuringSchedulingIgnoredDuringExecution"
#define REQUIRED "requiredDuringSchedulingIgnoredDuringExecution"

static const char *const lists[] = { PREFERRED, REQUIRED };

static const struct anti_affinity *
affinity_spec(const struct rollout_pass *p)
{
	return p->canary != NULL ? p->canary->anti_affinity : p->blue_green->anti_affinity;
}

static json_t *
affinity_term(const char *stable)
{
	return json_pack("{s:{s:[{s:s,s:s,s:[s]}]},s:s}", "labelSelector", "matchExpressions", "key",
	    LABEL_POD_TEMPLATE_HASH, "operator", "In", "values", stable, "topologyKey", "kubernetes.io/hostname");
}

/* The hash in a term of a list; NULL: the term was not added by affinity_add(). */
static const char *
affinity_term_hash(const json_t *of_list)
{
	const json_t *t = json_object_get(of_list, "podAffinityTerm") ?: of_list;
	const json_t *over = json_at(t, "/labelSelector/matchExpressions/0");

	if (!str_eq(json_str(over, "key"), LABEL_POD_TEMPLATE_HASH))
		return NULL;
	return json_string_value(json_at(over, "/values/0")) ?: "";
}

static void
affinity_drop_terms(json_t *list)
{
	for (size_t i = json_array_size(list); i-- > 0;)
		if (affinity_term_hash(json_array_get(list, i)) != NULL)
			json_array_remove(list, i);
}

static json_t *
affinity_object_in(json_t *o, const char *key)
{
	if (json_object_get(o, key) == NULL)
		json_object_set_new(o, key, json_object());
	return json_object_get(o, key);
}

void
affinity_remove(json_t *template)
{
	json_t *spec = json_object_get(template, "spec"), *affinity = json_object_get(spec, "affinity"),
	       *anti = json_object_get(affinity, "podAntiAffinity");

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		json_t *list = json_object_get(anti, lists[i]);
		bool had = json_array_size(list) > 0;

		affinity_drop_terms(list);
		if (had && json_array_size(list) == 0)
			json_object_del(anti, lists[i]);
	}
	if (anti != NULL && json_object_size(anti) == 0)
		json_object_del(affinity, "podAntiAffinity");
	if (affinity != NULL && json_object_size(affinity) == 0)
		json_object_del(spec, "affinity");
}

void
affinity_add(const struct rollout_pass *p, json_t *template)
{
	const struct anti_affinity *a = affinity_spec(p);
	json_t *anti, *list;
	const char *key;

	if (a == NULL || p->st.stable_rs == NULL || p->promotion == PROMOTED)
		return;
	anti =
	    affinity_object_in(affinity_object_in(affinity_object_in(template, "spec"), "affinity"), "podAntiAffinity");
	key = a->preferred != NULL ? PREFERRED : REQUIRED;
	if (json_object_get(anti, key) == NULL)
		json_object_set_new(anti, key, json_array());
	list = json_object_get(anti, key);
	if (a->preferred != NULL)
		json_array_append_new(list, json_pack("{s:I,s:o}", "weight", (json_int_t)a->preferred->weight,
						"podAffinityTerm", affinity_term(p->st.stable_rs)));
	else
		json_array_append_new(list, affinity_term(p->st.stable_rs));
}

/* Returns whether the template has a term over this hash. */
static bool
affinity_has_term(const json_t *template, const char *stable)
{
	const json_t *anti = json_at(template, "/spec/affinity/podAntiAffinity");
	json_t *one;
	size_t k;

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		json_array_foreach (json_object_get(anti, lists[i]), k, one)
			if (str_eq(affinity_term_hash(one), stable))
				return true;
	return false;
}

bool
affinity_is_stale(const struct rollout_pass *p, const struct replicaset *rs, json_t **ret)
{
	_cleanup_(json_decrefp) json_t *is = NULL, *want = NULL;

	if (affinity_spec(p) == NULL || p->promotion == PROMOTED || p->st.stable_rs == NULL)
		return false;
	is = json_loads(rs->spec.template, 0, NULL);
	if (affinity_has_term(is, p->st.stable_rs))
		return false;
	want = json_loads(p->w->rollout->spec.template, 0, NULL);
	affinity_add(p, want);
	*ret = json_incref(json_at(want, "/spec/affinity"));
	return true;
}
