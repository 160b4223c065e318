/* traffic/target_groups.c: whether the target groups of a Service have its pods.
 *
 * The objects are read from the API server in each round (traffic/elbv2_rounds.h), and not watched: they are needed for
 * seconds after a switch of a Service, and EndpointSlices of all Services would change all the time.
 */
#include "traffic/target_groups.h"
#include <inttypes.h>
#include <string.h>
#include "base/json.h"
#include "base/str.h"
#include "kube/api/replicaset.h"
#include "kube/api/rollout.h"
#include "traffic/elbv2_rounds.h"

#define OBJECTS_TIMEOUT_MS 30000
#define OBJECTS_MAX (8u << 20) /* bytes of a list */
#define GENERATED_NAME_MAX 58 /* characters of a pod's name before its random ones; a limit of Kubernetes */

/* The bits of what has been reported about a Service. From REPORTED_GROUP on, two bits for each target group: it has
 * the pods, and it does not. */
enum target_group_reported { REPORTED_ERROR = 1 << 0, REPORTED_GROUP = 1 << 1 };
#define REPORTED_GROUPS_MAX 16 /* further target groups share the last bits */

/* The subject of a round. */
struct target_groups {
	const char *service;
	const char *replicaset; /* whose pods the Service selects; NULL: it is not known */
};

/* --- objects of the API server --- */

/* Reads an object or list. Returns false if it is not known: it is awaited, or is an error. *ret is NULL if it does not
 * exist; else it is borrowed until elbv2_done. */
static bool
target_groups_get(struct elbv2 *x, const char *path, const json_t **ret)
{
	struct arena *a = x->plan->arena;
	struct query q = { .request = { .method = "GET",
			       .url = path,
			       .timeout_ms = OBJECTS_TIMEOUT_MS,
			       .response_max = OBJECTS_MAX },
		.to = QUERY_API_SERVER };
	const struct seen_query *got = elbv2_response(x, arena_printf(a, "%s%s", x->round, path), &q);
	json_t *tree = NULL;
	struct err *e = NULL;

	*ret = NULL;
	if (got == NULL)
		return false;
	x->responded_at = got->done_at > x->responded_at ? got->done_at : x->responded_at;
	if (got->response.err == NULL && got->response.status == 404)
		return true;
	if (got->response.err != NULL)
		e = err_copy(a, got->response.err);
	else if (got->response.status != 200)
		e = err_new(a, ERR_AGAIN, "the API server responded with status %d", got->response.status);
	else
		e = json_parse(a, got->response.body.at, got->response.body.len, &tree);
	if (e != NULL) {
		elbv2_fail(x, arena_printf(a, "%s: %s", path, err_text(a, e)));
		return false;
	}
	json_array_append_new(x->trees, tree);
	*ret = tree;
	return true;
}

/* --- addresses and targets --- */

/* Returns the port of the Service that a binding names by its number or name; NULL: the Service has none like it. */
static const json_t *
target_group_service_port(const json_t *ports, const json_t *port)
{
	json_t *one;
	size_t i;

	json_array_foreach (ports, i, one)
		if (json_is_integer(port)
			? json_int(one, "port", 0) == json_integer_value(port)
			: json_is_string(port) && str_eq(json_str(one, "name"), json_string_value(port)))
			return one;
	return NULL;
}

/* Returns the number of the pods' port in an EndpointSlice; 0: the slice does not have the port. Its name is that of
 * the Service's port; Argo Rollouts compares the name of the pods' port, which some write there by hand. */
static int64_t
target_group_port(const json_t *slice, const json_t *service_port)
{
	const json_t *target = json_object_get(service_port, "targetPort");
	const char *const names[] = { json_str(service_port, "name") ?: "", json_string_value(target) };
	json_t *one;
	size_t i;

	if (!json_is_string(target))
		return json_is_integer(target) ? json_integer_value(target) : json_int(service_port, "port", 0);
	for (size_t k = 0; k < ARRAY_SIZE(names); k++)
		json_array_foreach (json_object_get(slice, "ports"), i, one)
			if (str_eq(json_str(one, "name") ?: "", names[k]))
				return json_int(one, "port", 0);
	return 0;
}

static bool
target_group_has(const struct elbv2_target *targets, size_t n, const char *address, int64_t port)
{
	for (size_t i = 0; i < n; i++)
		if (targets[i].port == port && str_eq(targets[i].id, address))
			return true;
	return false;
}

/* Whether an endpoint is ready is not known if the slice does not have it, and counts as ready, as in Kubernetes. */
static void
target_group_compare(
    const json_t *endpoint, int64_t port, const struct elbv2_target *targets, size_t n, struct target_group_check *ret)
{
	json_t *address;
	size_t i;

	if (json_is_false(json_object_get(json_object_get(endpoint, "conditions"), "ready")))
		return;
	json_array_foreach (json_object_get(endpoint, "addresses"), i, address) {
		ret->total++;
		ret->registered += target_group_has(targets, n, json_string_value(address) ?: "", port);
	}
}

struct target_group_check
target_group_check(const char *target_type, const json_t *port, const json_t *ports, const json_t *slices,
    const struct elbv2_target *targets, size_t n)
{
	struct target_group_check ret = { 0 };
	const json_t *service_port = target_group_service_port(ports, port);
	json_t *slice, *endpoint;
	size_t i, k;

	if (!str_eq(target_type, "ip") || service_port == NULL)
		return ret;
	json_array_foreach (slices, i, slice) {
		int64_t number = target_group_port(slice, service_port);

		if (number == 0)
			continue;
		ret.applies = true;
		json_array_foreach (json_object_get(slice, "endpoints"), k, endpoint)
			target_group_compare(endpoint, number, targets, n, &ret);
	}
	return ret;
}

/* --- a round --- */

/* Returns whether the pod of an endpoint is of another version: the EndpointSlice is older than the selector. Pods are
 * named after their ReplicaSet. */
static bool
target_groups_is_stale(const struct elbv2_round *v, const json_t *endpoint)
{
	const struct target_groups *s = v->subject;
	const json_t *pod = json_object_get(endpoint, "targetRef");
	const char *name = json_str(pod, "name"), *prefix;

	if (s->replicaset == NULL || name == NULL || !str_eq(json_str(pod, "kind"), "Pod"))
		return false;
	prefix = arena_printf(v->events->arena, "%s-", s->replicaset);
	return strncmp(name, prefix, strlen(prefix) < GENERATED_NAME_MAX ? strlen(prefix) : GENERATED_NAME_MAX) != 0;
}

/* Returns whether the EndpointSlices have pods, and only those of the version. Without that the targets of a target
 * group mean nothing: Argo Rollouts takes those of the version before, or none, for registered. */
static bool
target_groups_follow(struct elbv2_round *v, const json_t *slices)
{
	const struct target_groups *s = v->subject;
	json_t *slice, *endpoint;
	size_t i, k, n = 0;

	json_array_foreach (slices, i, slice)
		json_array_foreach (json_object_get(slice, "endpoints"), k, endpoint) {
			if (json_is_false(json_object_get(json_object_get(endpoint, "conditions"), "ready")))
				continue;
			if (target_groups_is_stale(v, endpoint)) {
				elbv2_unlike(
				    v, "the EndpointSlices of Service %s have pods of another version", s->service);
				return false;
			}
			n++;
		}
	if (n == 0)
		elbv2_unlike(v, "the EndpointSlices of Service %s have no ready pod", s->service);
	return n > 0;
}

/* Returns the EndpointSlices with addresses of the family of a target group: a Service may have both. Borrowed until
 * elbv2_done. */
static const json_t *
target_groups_of_family(struct elbv2_round *v, const json_t *slices, const json_t *binding_spec)
{
	bool six = str_eq(json_str(binding_spec, "ipAddressType"), "ipv6");
	json_t *list = json_array(), *one;
	size_t i;

	json_array_append_new(v->api.trees, list);
	json_array_foreach (slices, i, one)
		if (str_eq(json_str(one, "addressType"), six ? "IPv6" : "IPv4"))
			json_array_append(list, one);
	return list;
}

/* Compares one target group; `i`: its number. */
static void
target_groups_verify_one(
    struct elbv2_round *v, size_t i, const json_t *binding, const json_t *service, const json_t *slices)
{
	const struct target_groups *s = v->subject;
	const json_t *spec = json_object_get(binding, "spec"), *port = json_at(spec, "/serviceRef/port"),
		     *ports = json_at(service, "/spec/ports");
	const char *type = json_str(spec, "targetType"), *arn = json_str(spec, "targetGroupARN") ?: "";
	int64_t bit = (int64_t)REPORTED_GROUP << 2 * (i < REPORTED_GROUPS_MAX ? i : REPORTED_GROUPS_MAX);
	struct target_group_check found;
	struct elbv2_target *targets;
	size_t n;

	slices = target_groups_of_family(v, slices, spec);
	if (json_array_size(slices) == 0)
		elbv2_unlike(v, "the EndpointSlices of Service %s have no address like those of target group %s",
		    s->service, arn);
	if (!target_group_check(type, port, ports, slices, NULL, 0).applies ||
	    !elbv2_targets(&v->api, arn, &targets, &n))
		return;
	found = target_group_check(type, port, ports, slices, targets, n);
	if (found.registered == found.total) {
		elbv2_report(v, bit, false, "TargetGroupVerified",
		    "Service %s (TargetGroup %s) verified: %zu endpoints registered", s->service, arn,
		    found.registered);
		return;
	}
	elbv2_unlike(v, "target group %s has %zu of the %zu addresses of Service %s", arn, found.registered,
	    found.total, s->service);
	elbv2_report(v, bit << 1, true, "TargetGroupUnverified",
	    "Service %s (TargetGroup %s) not verified: %zu/%zu endpoints registered", s->service, arn, found.registered,
	    found.total);
}

static bool
target_groups_concern(const struct elbv2_round *v, const json_t *binding)
{
	const struct target_groups *s = v->subject;
	const json_t *spec = json_object_get(binding, "spec");

	return str_eq(json_str(json_object_get(spec, "serviceRef"), "name"), s->service) &&
	       str_eq(json_str(spec, "targetType"), "ip");
}

static void
target_groups_read(struct elbv2_round *v)
{
	const struct target_groups *s = v->subject;
	struct arena *a = v->api.plan->arena;
	const char *ns = v->rollout->object.meta.namespace,
		   *version = pass_settings(v->api.pass)->target_group_binding_version ?: TARGET_GROUP_BINDING_VERSION;
	const json_t *bindings, *service, *slices;
	json_t *one;
	size_t i, n = 0;

	if (!target_groups_get(
		&v->api, arena_printf(a, "/apis/%s/namespaces/%s/targetgroupbindings", version, ns), &bindings))
		return;
	json_array_foreach (json_object_get(bindings, "items"), i, one)
		n += target_groups_concern(v, one);
	if (n == 0 ||
	    !target_groups_get(
		&v->api, arena_printf(a, "/api/v1/namespaces/%s/services/%s", ns, s->service), &service) ||
	    !target_groups_get(&v->api,
		arena_printf(a,
		    "/apis/discovery.k8s.io/v1/namespaces/%s/"
		    "endpointslices?labelSelector=kubernetes.io%%2Fservice-name%%3D%s",
		    ns, s->service),
		&slices))
		return;
	slices = json_object_get(slices, "items");
	if (!target_groups_follow(v, slices))
		return;
	n = 0;
	json_array_foreach (json_object_get(bindings, "items"), i, one)
		if (target_groups_concern(v, one))
			target_groups_verify_one(v, n++, one, service, slices);
}

static void
target_groups_verify(struct elbv2_round *v)
{
	const struct target_groups *s = v->subject;

	target_groups_read(v);
	if (v->api.err == NULL)
		return;
	v->why = err_text(v->api.plan->arena, v->api.err);
	elbv2_report(v, REPORTED_ERROR, true, "TargetGroupVerifyError",
	    "Failed to verify Service %s (TargetGroup unknown): %s", s->service, v->why);
}

/* Returns the name of the rollout's ReplicaSet of a version, or NULL. */
static const char *
target_groups_replicaset(const struct rollout *r, const struct view *view, const char *hash, struct arena *a)
{
	const struct object **list;
	size_t n = view_owned(view, &replicaset_type, r->object.meta.namespace, r->object.meta.uid, a, &list);

	for (size_t i = 0; i < n; i++)
		if (str_eq(object_label(list[i], LABEL_POD_TEMPLATE_HASH), hash))
			return list[i]->meta.name;
	return NULL;
}

/* That the target groups have the pods is a note: what else is queried about later does not make it unknown. */
void
target_groups_confirm(const struct rollout *r, const char *service, const char *hash, bool queries,
    const struct pass *pass, struct plan *plan, const char **ret_unregistered)
{
	const char *name = arena_printf(plan->arena, "target-groups/%s=%s", service, hash),
		   *verified = arena_printf(plan->arena, "%s verified", name);
	struct target_groups subject = { .service = service };
	struct elbv2_round v = { 0 };
	bool complete = false;

	if (!pass_settings(pass)->verify_target_groups)
		return;
	if (seen_note(pass->seen, verified, 0) == 0) {
		subject.replicaset = target_groups_replicaset(r, pass->view, hash, plan->arena);
		if (queries)
			complete = elbv2_rounds_confirm(r, pass, name, &subject, target_groups_verify, plan, &v);
		*ret_unregistered = complete || v.why != NULL ? v.why : "AWS is queried about the target groups";
	}
	if (*ret_unregistered == NULL)
		plan_note(plan, verified, 1);
}
