/* gitops/flux/helm_release_chart.c: the HelmChart that a HelmRelease creates from its template. Source: Flux's
 * documentation of HelmRelease, "Chart template". */
#include "base/str.h"
#include "gitops/flux/helm_release.h"
#include "gitops/flux/helm_source.h"

#define LABEL_NAME "helm.toolkit.fluxcd.io/name"
#define LABEL_NAMESPACE "helm.toolkit.fluxcd.io/namespace"

/* An OCIRepository whose spec is refused has no chart; its status has the reason. */
static const struct helm_chart *
hr_refused_oci(struct arena *a, const struct oci_repository *oci)
{
	struct helm_chart *chart = arena_alloc(a, sizeof(*chart));

	*chart = (struct helm_chart){ .object = oci->object, .status = oci->status };
	return chart;
}

const struct helm_chart *
hr_chart(struct flux_pass *p, const struct helm_release *h, const char **ret_namespace, const char **ret_name)
{
	const struct helm_chart_ref *ref = h->spec.chart_ref;
	const struct meta *own = &h->object.meta;
	const struct oci_repository *oci;
	struct problem problem;
	const char *ns, *name;

	if (ref != NULL) {
		ns = !str_empty(ref->namespace) ? ref->namespace : own->namespace;
		name = ref->name;
	} else {
		ns = h->spec.chart->spec.source.namespace;
		ns = !str_empty(ns) ? ns : own->namespace;
		name = arena_printf(p->arena, "%s-%s", own->namespace, own->name);
	}
	*ret_namespace = ns;
	*ret_name = name;
	if (ref != NULL && str_eq(ref->kind, oci_repository_type.kind)) {
		oci = (const struct oci_repository *)view_get(p->w.pass->view, &oci_repository_type, ns, name);
		return oci == NULL ? NULL
		       : object_problem(&oci->object, "spec") != NULL || helm_source_oci_problem(oci, &problem)
			   ? hr_refused_oci(p->arena, oci)
			   : helm_source_oci_chart(p->arena, oci);
	}
	return (const struct helm_chart *)view_get(p->w.pass->view, &helm_chart_type, ns, name);
}

/* Returns the spec of the HelmChart, as JSON; a new reference. */
static json_t *
hr_chart_spec(const struct helm_release *h)
{
	struct helm_chart_spec spec = h->spec.chart->spec;

	spec.source.namespace = NULL;
	spec.suspend = false;
	if (spec.interval.text == NULL)
		spec.interval = h->spec.interval;
	return encode(&helm_chart_spec_type, &spec);
}

static json_t *
hr_chart_labels(const struct helm_release *h)
{
	const struct flux_metadata *meta = h->spec.chart->metadata;
	json_t *labels = meta != NULL ? string_map_encode(&meta->labels) : json_object();

	json_object_set_new(labels, LABEL_NAME, json_string(h->object.meta.name));
	json_object_set_new(labels, LABEL_NAMESPACE, json_string(h->object.meta.namespace));
	return labels;
}

bool
hr_owns_chart(const struct helm_release *h, const struct object *chart)
{
	return str_eq(string_map_get(&chart->meta.labels, LABEL_NAME), h->object.meta.name) &&
	       str_eq(string_map_get(&chart->meta.labels, LABEL_NAMESPACE), h->object.meta.namespace);
}

static void
hr_create_chart(struct flux_pass *p, const struct helm_release *h, const char *ns, const char *name)
{
	const struct flux_metadata *meta = h->spec.chart->metadata;
	json_t *object = json_pack("{s:s, s:s, s:{s:s, s:s, s:o}, s:o}", "apiVersion",
	    type_api_version(&helm_chart_type, p->arena), "kind", helm_chart_type.kind, "metadata", "name", name,
	    "namespace", ns, "labels", hr_chart_labels(h), "spec", hr_chart_spec(h));

	if (meta != NULL && meta->annotations.n > 0)
		json_object_set_new(
		    json_object_get(object, "metadata"), "annotations", string_map_encode(&meta->annotations));
	plan_create(p->plan, &helm_chart_type, ns, name, object);
}

/* Plans to change what differs in the spec: fields that the template has no more are removed. */
static void
hr_update_chart(struct flux_pass *p, const struct helm_release *h, const struct helm_chart *chart)
{
	_cleanup_(json_decrefp) json_t *is = encode(&helm_chart_spec_type, &chart->spec), *wanted = hr_chart_spec(h);
	const char *key;
	json_t *value;

	if (json_equal(is, wanted))
		return;
	json_object_foreach (is, key, value)
		if (json_object_get(wanted, key) == NULL)
			json_object_set_new(wanted, key, json_null());
	plan_merge(p->plan, &chart->object, json_pack("{s:O}", "spec", wanted));
}

void
hr_write_chart(struct flux_pass *p, const struct helm_release *h)
{
	const char *ns, *name, *key;
	const struct helm_chart *chart;

	if (h->spec.chart == NULL) {
		hr_delete_chart(p);
		return;
	}
	chart = hr_chart(p, h, &ns, &name);
	key = arena_printf(p->arena, "%s/%s", ns, name);
	if (!str_eq(p->status.helm_chart, key))
		hr_delete_chart(p);
	p->status.helm_chart = key;
	if (chart == NULL)
		hr_create_chart(p, h, ns, name);
	else if (hr_owns_chart(h, &chart->object) && chart->object.meta.deletion_timestamp == 0)
		hr_update_chart(p, h, chart);
}

void
hr_delete_chart(struct flux_pass *p)
{
	const struct helm_release *h = (const struct helm_release *)p->w.object;
	const char *key = p->status.helm_chart, *slash = key != NULL ? strchr(key, '/') : NULL;
	const struct object *chart;

	p->status.helm_chart = NULL;
	if (slash == NULL)
		return;
	chart =
	    view_get(p->w.pass->view, &helm_chart_type, arena_strndup(p->arena, key, (size_t)(slash - key)), slash + 1);
	if (chart != NULL && hr_owns_chart(h, chart) && chart->meta.deletion_timestamp == 0)
		plan_delete(p->plan, chart);
}
