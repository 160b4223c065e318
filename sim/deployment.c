/* sim/deployment.c: one decision about a Deployment: its ReplicaSets, their revisions, and how the new one replaces the
 * others. Source: Kubernetes' pkg/controller/deployment (sync.go, rolling.go, recreate.go) and its util. */
#include "sim/deployment.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/time.h"
#include "kube/api/pod_template.h"
#include "kube/api/selector.h"
#include "sim/deployment_parts.h"

#define MANAGER "?fieldManager=kube-controller-manager"
#define PREFIX "deployment.kubernetes.io/"
#define REVISION PREFIX "revision"
#define HISTORY PREFIX "revision-history"
#define DESIRED PREFIX "desired-replicas"
#define MOST PREFIX "max-replicas"
#define CREATE_ERROR "ReplicaSetCreateError"
#define HISTORY_MAX 2000 /* characters of the revisions that a ReplicaSet had before */
#define REFUSED_AGAIN_MS 10000 /* a creation that was refused is tried again */

static const json_t *
set_meta(const json_t *o)
{
	return json_object_get(o, "metadata");
}

const char *
deployment_path(struct deployment_pass *p, const char *suffix)
{
	return arena_printf(p->arena, "/apis/apps/v1/namespaces/%s/deployments/%s%s" MANAGER, p->ns, p->name, suffix);
}

static const char *
set_path(struct deployment_pass *p, const char *name)
{
	return arena_printf(
	    p->arena, "/apis/apps/v1/namespaces/%s/replicasets%s%s", p->ns, name[0] != '\0' ? "/" : "", name);
}

struct deployment_request *
deployment_request(struct deployment_pass *p, const char *method, const char *path, json_t *body)
{
	struct deployment_plan *plan = p->plan;

	plan->requests = arena_grow(p->arena, plan->requests, plan->n, &plan->capacity, sizeof(*plan->requests));
	plan->requests[plan->n] = (struct deployment_request){ .method = method, .path = path, .body = body };
	return &plan->requests[plan->n++];
}

static void
deployment_event(struct deployment_pass *p, const char *type, const char *reason, const char *message)
{
	const json_t *m = set_meta(p->w->deployment);
	const char *now = time_format(p->arena, p->w->now);

	deployment_request(p, "POST", arena_printf(p->arena, "/api/v1/namespaces/%s/events", p->ns),
	    json_pack("{s:s,s:s,s:{s:s},s:{s:s,s:s,s:s,s:s,s:s},s:s,s:s,s:s,s:i,s:s,s:s,s:{s:s}}", "apiVersion", "v1",
		"kind", "Event", "metadata", "generateName", arena_printf(p->arena, "%s.", p->name), "involvedObject",
		"apiVersion", "apps/v1", "kind", "Deployment", "namespace", p->ns, "name", p->name, "uid",
		json_str(m, "uid") ?: "", "type", type, "reason", reason, "message", message, "count", 1,
		"firstTimestamp", now, "lastTimestamp", now, "source", "component", "deployment-controller"));
}

/* Returns a number in an annotation; -1: it is absent or no number. */
static int64_t
set_annotation(const json_t *object, const char *annotation)
{
	const char *text = json_str(json_object_get(set_meta(object), "annotations"), annotation);
	long long n;

	return text != NULL && str_int(text, 0, INT64_MAX, &n) ? n : -1;
}

static const json_t *
set_controller(const json_t *set)
{
	json_t *owner;
	size_t i;

	json_array_foreach (json_object_get(set_meta(set), "ownerReferences"), i, owner)
		if (json_is_true(json_object_get(owner, "controller")))
			return owner;
	return NULL;
}

static json_t *
deployment_owner_of_sets(const struct deployment_pass *p)
{
	return json_pack("{s:s,s:s,s:s,s:s,s:b,s:b}", "apiVersion", "apps/v1", "kind", "Deployment", "name", p->name,
	    "uid", json_str(set_meta(p->w->deployment), "uid") ?: "", "controller", 1, "blockOwnerDeletion", 1);
}

static int
set_by_age(const void *a, const void *b)
{
	const struct owned_set *x = a, *y = b;

	return x->created != y->created ? (x->created < y->created ? -1 : 1) : strcmp(x->name, y->name);
}

/* Adopts ReplicaSets without a controller that the selector matches, and releases those that it no longer does. */
static bool
deployment_claims(struct deployment_pass *p, const struct selector *selector, const json_t *set)
{
	const char *path = set_path(p, json_str(set_meta(set), "name"));
	bool matches = selector_matches(selector, json_object_get(set_meta(set), "labels"));
	json_t *owners;

	if (set_controller(set) != NULL && matches)
		return true;
	if (set_controller(set) == NULL &&
	    (!matches || json_object_get(set_meta(set), "deletionTimestamp") != NULL ||
		json_object_get(set_meta(p->w->deployment), "deletionTimestamp") != NULL))
		return false;
	owners = json_deep_copy(json_object_get(set_meta(set), "ownerReferences")) ?: json_array();
	for (size_t i = json_array_size(owners); i-- > 0;)
		if (!matches &&
		    str_eq(json_str(json_array_get(owners, i), "uid"), json_str(set_meta(p->w->deployment), "uid")))
			json_array_remove(owners, i);
	if (matches)
		json_array_append_new(owners, deployment_owner_of_sets(p));
	deployment_request(p, "PATCH", path,
	    json_pack("{s:{s:O?}}", "metadata", "ownerReferences", json_array_size(owners) > 0 ? owners : NULL));
	json_decref(owners);
	return matches;
}

static void
deployment_gather(struct deployment_pass *p)
{
	struct selector selector;

	p->sets = arena_new_array(p->arena, struct owned_set, p->w->n_sets + 1);
	if (selector_from_json(p->arena, json_object_get(p->spec, "selector"), &selector) != NULL)
		return;
	for (size_t i = 0; i < p->w->n_sets; i++) {
		const json_t *o = p->w->sets[i].object, *status = json_object_get(o, "status");
		struct owned_set *s = &p->sets[p->n_sets];
		int64_t revision = set_annotation(o, REVISION);

		if (!deployment_claims(p, &selector, o))
			continue;
		*s = (struct owned_set){ .object = o,
			.name = json_str(set_meta(o), "name"),
			.replicas = json_int(json_object_get(o, "spec"), "replicas", 1),
			.actual = json_int(status, "replicas", 0),
			.ready = json_int(status, "readyReplicas", 0),
			.available = json_int(status, "availableReplicas", 0),
			.revision = revision > 0 ? revision : 0,
			.pods = p->w->sets[i].pods };
		time_parse(json_str(set_meta(o), "creationTimestamp"), &s->created);
		p->n_sets++;
	}
	qsort(p->sets, p->n_sets, sizeof(*p->sets), set_by_age);
}

/* The template without the label of its hash, in the form that is compared. */
static const char *
template_text(struct arena *a, const json_t *template)
{
	_cleanup_(json_decrefp) json_t *copy = json_deep_copy(template);

	json_object_del(json_at(copy, "/metadata/labels"), DEPLOYMENT_HASH);
	return pod_template_canonical(a, copy != NULL ? json_text(a, copy) : NULL);
}

static void
deployment_find_current(struct deployment_pass *p)
{
	const char *want = template_text(p->arena, json_object_get(p->spec, "template"));

	for (size_t i = 0; i < p->n_sets && p->current == NULL; i++)
		if (strcmp(template_text(p->arena, json_at(p->sets[i].object, "/spec/template")), want) == 0)
			p->current = &p->sets[i];
}

static bool
deployment_is_old(const struct deployment_pass *p, const struct owned_set *s)
{
	return s != p->current;
}

/* The revision of the template: one more than the largest of the other ReplicaSets. */
static int64_t
deployment_next_revision(const struct deployment_pass *p)
{
	int64_t most = 0;

	for (size_t i = 0; i < p->n_sets; i++)
		if (deployment_is_old(p, &p->sets[i]) && p->sets[i].revision > most)
			most = p->sets[i].revision;
	return most < INT64_MAX ? most + 1 : most;
}

static json_t *
deployment_decimal(int64_t n)
{
	return json_sprintf("%lld", (long long)n);
}

/* Returns a member that is an object, and is made if it is absent. Borrowed. */
static json_t *
deployment_object_in(json_t *object, const char *key)
{
	if (!json_is_object(json_object_get(object, key)))
		json_object_set_new(object, key, json_object());
	return json_object_get(object, key);
}

/* The annotations of the Deployment that its ReplicaSets have too. */
static json_t *
deployment_annotations_of_sets(const struct deployment_pass *p)
{
	static const char *const own[] = { "kubectl.kubernetes.io/last-applied-configuration", REVISION, HISTORY,
		DESIRED, MOST, "deprecated.deployment.rollback.to" };
	const json_t *annotations = json_object_get(set_meta(p->w->deployment), "annotations");
	json_t *copy = annotations != NULL ? json_copy((json_t *)annotations) : json_object();

	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		json_object_del(copy, own[i]);
	return copy;
}

/* A revision that the ReplicaSet had before is kept in its history, whose oldest entries are dropped. */
static json_t *
set_history(struct arena *a, const json_t *annotations)
{
	const char *history = json_str(annotations, HISTORY), *old = json_str(annotations, REVISION) ?: "";
	const char *all = str_empty(history) ? old : arena_printf(a, "%s,%s", history, old);

	while (strlen(all) > HISTORY_MAX && strchr(all, ',') != NULL)
		all = strchr(all, ',') + 1;
	return json_string(all);
}

/* Writes the Deployment's annotation of the revision, if it is another. */
static void
deployment_write_revision(struct deployment_pass *p, int64_t revision)
{
	if (set_annotation(p->w->deployment, REVISION) != revision)
		deployment_request(p, "PATCH", deployment_path(p, ""),
		    json_pack("{s:{s:{s:o}}}", "metadata", "annotations", REVISION, deployment_decimal(revision)));
}

/* The ReplicaSet of the template gets the newest revision, the annotations and minReadySeconds of the Deployment. */
static void
deployment_renew_current(struct deployment_pass *p)
{
	const json_t *have = json_object_get(set_meta(p->current->object), "annotations");
	json_t *want = deployment_annotations_of_sets(p), *v, *patch;
	int64_t revision = deployment_next_revision(p);
	json_int_t ready = json_int(p->spec, "minReadySeconds", 0);
	const char *key;
	void *next;

	if (p->current->revision < revision) {
		json_object_set_new(want, REVISION, deployment_decimal(revision));
		if (json_str(have, REVISION) != NULL)
			json_object_set_new(want, HISTORY, set_history(p->arena, have));
	} else {
		revision = p->current->revision;
	}
	json_object_foreach_safe (want, next, key, v)
		if (json_equal(json_object_get(have, key), v))
			json_object_del(want, key);
	patch = json_object();
	if (json_object_size(want) > 0)
		json_object_set_new(patch, "metadata", json_pack("{s:O}", "annotations", want));
	if (json_int(json_object_get(p->current->object, "spec"), "minReadySeconds", 0) != ready)
		json_object_set_new(patch, "spec", json_pack("{s:I}", "minReadySeconds", ready));
	json_decref(want);
	if (json_object_size(patch) > 0)
		deployment_request(p, "PATCH", set_path(p, p->current->name), patch);
	else
		json_decref(patch);
	deployment_write_revision(p, revision);
	if (p->watched && deployment_condition(p->conditions, "Progressing") == NULL)
		deployment_set_condition(p, "Progressing", "True", "FoundNewReplicaSet",
		    arena_printf(p->arena, "Found new replica set \"%s\"", p->current->name));
}

static int64_t
deployment_wanted(const struct deployment_pass *p)
{
	int64_t n = 0;

	for (size_t i = 0; i < p->n_sets; i++)
		n += p->sets[i].replicas;
	return n;
}

/* The pods that the new ReplicaSet, which has `has`, may have now: maxSurge bounds the sum. */
static int64_t
deployment_new_pods(const struct deployment_pass *p, int64_t has)
{
	int64_t room = p->limits.replicas + p->limits.surge - deployment_wanted(p);

	if (!p->limits.rolling)
		return p->limits.replicas;
	if (room <= 0)
		return has;
	return has + (room < p->limits.replicas - has ? room : p->limits.replicas - has);
}

static json_t *
deployment_new_set(struct deployment_pass *p, const char *name, const char *hash, int64_t replicas, int64_t revision)
{
	json_t *template = json_deep_copy(json_object_get(p->spec, "template")),
	       *selector = json_deep_copy(json_object_get(p->spec, "selector")),
	       *annotations = deployment_annotations_of_sets(p), *labels, *set;

	labels = deployment_object_in(deployment_object_in(template, "metadata"), "labels");
	json_object_set_new(labels, DEPLOYMENT_HASH, json_string(hash));
	json_object_set_new(deployment_object_in(selector, "matchLabels"), DEPLOYMENT_HASH, json_string(hash));
	json_object_set_new(annotations, REVISION, deployment_decimal(revision));
	json_object_set_new(annotations, DESIRED, deployment_decimal(p->limits.replicas));
	json_object_set_new(annotations, MOST, deployment_decimal(p->limits.replicas + p->limits.surge));
	set = json_pack("{s:s,s:s,s:{s:s,s:s,s:o,s:o,s:[o]},s:{s:I,s:o,s:o}}", "apiVersion", "apps/v1", "kind",
	    "ReplicaSet", "metadata", "name", name, "namespace", p->ns, "labels", json_deep_copy(labels), "annotations",
	    annotations, "ownerReferences", deployment_owner_of_sets(p), "spec", "replicas", (json_int_t)replicas,
	    "selector", selector, "template", template);
	if (json_int(p->spec, "minReadySeconds", 0) != 0)
		json_object_set(
		    json_object_get(set, "spec"), "minReadySeconds", json_object_get(p->spec, "minReadySeconds"));
	return set;
}

/* A name that another ReplicaSet has changes the hash; any other refusal is shown in a condition. Returns whether the
 * ReplicaSet can be created now. */
static bool
deployment_may_create(struct deployment_pass *p, const char *name)
{
	const char *message;

	if (p->w->refused == 0)
		return true;
	p->plan->again_ms = REFUSED_AGAIN_MS;
	if (p->w->refused == 409) {
		p->collisions = p->collisions < 0 ? 1 : p->collisions + 1;
		p->plan->again_ms = 0;
		return false;
	}
	message = arena_printf(
	    p->arena, "Failed to create new replica set \"%s\": %s", name, p->w->refusal ?: "no reason given");
	if (!str_eq(json_str(deployment_condition(p->conditions, "Progressing"), "reason"), CREATE_ERROR))
		deployment_event(p, "Warning", CREATE_ERROR, message);
	if (p->watched)
		deployment_set_condition(p, "Progressing", "False", CREATE_ERROR, message);
	return false;
}

static void
deployment_create_current(struct deployment_pass *p)
{
	const char *text = template_text(p->arena, json_object_get(p->spec, "template"));
	/* Not the hash of a Rollout, whose ReplicaSet of the same template would have the same name. */
	const char *hash = text_hash(p->arena, arena_printf(p->arena, "%lld %s", (long long)p->collisions, text));
	const char *name = arena_printf(p->arena, "%s-%s", p->name, hash);
	int64_t replicas = deployment_new_pods(p, 0), revision = deployment_next_revision(p);

	if (!deployment_may_create(p, name))
		return;
	deployment_request(p, "POST", set_path(p, ""), deployment_new_set(p, name, hash, replicas, revision))
	    ->creates_set = true;
	if (replicas > 0)
		deployment_event(p, "Normal", "ScalingReplicaSet",
		    arena_printf(p->arena, "Scaled up replica set %s from 0 to %lld", name, (long long)replicas));
	p->sets[p->n_sets] = (struct owned_set){ .name = name, .replicas = replicas, .created = p->w->now };
	p->current = &p->sets[p->n_sets++];
	deployment_write_revision(p, revision);
	if (p->watched)
		deployment_set_condition(p, "Progressing", "True", "NewReplicaSetCreated",
		    arena_printf(p->arena, "Created new replica set \"%s\"", name));
}

/* Plans the number of pods of a ReplicaSet, with the numbers of the Deployment that scaling in proportion needs
 * later. Returns whether it changes. */
static bool
deployment_scale(struct deployment_pass *p, const struct owned_set *s, int64_t n)
{
	int64_t most = p->limits.replicas + p->limits.surge;

	if (s->object == NULL || (s->replicas == n && set_annotation(s->object, DESIRED) == p->limits.replicas &&
				     set_annotation(s->object, MOST) == most))
		return false;
	deployment_request(p, "PATCH", set_path(p, s->name),
	    json_pack("{s:{s:{s:o,s:o}},s:{s:I}}", "metadata", "annotations", DESIRED,
		deployment_decimal(p->limits.replicas), MOST, deployment_decimal(most), "spec", "replicas",
		(json_int_t)n));
	if (s->replicas == n)
		return false;
	deployment_event(p, "Normal", "ScalingReplicaSet",
	    arena_printf(p->arena, "Scaled %s replica set %s from %lld to %lld", n > s->replicas ? "up" : "down",
		s->name, (long long)s->replicas, (long long)n));
	return true;
}

/* The same, if the number is another. */
static bool
deployment_scale_to(struct deployment_pass *p, const struct owned_set *s, int64_t n)
{
	return s->replicas != n && deployment_scale(p, s, n);
}

static bool
set_has_pods(const struct owned_set *s)
{
	return s->replicas > 0;
}

/* The only ReplicaSet with pods; without one, the newest; NULL: several have pods, or none exists. */
static const struct owned_set *
deployment_only_set(const struct deployment_pass *p)
{
	const struct owned_set *found = NULL, *newest = p->current;
	size_t n = 0;

	for (size_t i = 0; i < p->n_sets; i++)
		if (set_has_pods(&p->sets[i])) {
			found = &p->sets[i];
			n++;
		}
	if (newest == NULL && p->n_sets > 0)
		newest = &p->sets[p->n_sets - 1];
	return n == 0 ? newest : n == 1 ? found : NULL;
}

static bool
deployment_is_saturated(const struct deployment_pass *p)
{
	const struct owned_set *s = p->current;

	return s != NULL && s->replicas == p->limits.replicas && s->available == p->limits.replicas &&
	       set_annotation(s->object, DESIRED) == p->limits.replicas;
}

/* The change of a ReplicaSet that keeps its part of all pods; `left` of the change is not given to others yet. */
static int64_t
deployment_proportion(const struct deployment_pass *p, const struct owned_set *s, int64_t left)
{
	int64_t before = set_annotation(s->object, MOST), change;

	if (s->replicas == 0 || left == 0)
		return 0;
	if (before <= 0)
		before = json_int(json_object_get(p->w->deployment, "status"), "replicas", 0);
	if (p->limits.replicas == 0)
		change = -s->replicas;
	else if (before <= 0)
		return 0;
	else
		change = (int64_t)round(
			     (double)s->replicas * (double)(p->limits.replicas + p->limits.surge) / (double)before) -
			 s->replicas;
	if (left > 0)
		return change < left ? change : left;
	return change > left ? change : left;
}

static int
set_larger_and_newer(const void *a, const void *b)
{
	const struct owned_set *x = *(const struct owned_set *const *)a, *y = *(const struct owned_set *const *)b;

	return x->replicas != y->replicas ? (x->replicas > y->replicas ? -1 : 1) : set_by_age(y, x);
}

static int
set_larger_and_older(const void *a, const void *b)
{
	const struct owned_set *x = *(const struct owned_set *const *)a, *y = *(const struct owned_set *const *)b;

	return x->replicas != y->replicas ? (x->replicas > y->replicas ? -1 : 1) : set_by_age(x, y);
}

/* A rollout that is in progress is scaled in proportion: the largest ReplicaSet gets what rounding leaves. */
static void
deployment_scale_in_proportion(struct deployment_pass *p)
{
	const struct owned_set **active = arena_new_array(p->arena, const struct owned_set *, p->n_sets + 1);
	int64_t *sizes = arena_new_array(p->arena, int64_t, p->n_sets + 1), left = 0;
	size_t n = 0;

	for (size_t i = 0; i < p->n_sets; i++)
		if (set_has_pods(&p->sets[i])) {
			active[n++] = &p->sets[i];
			left -= p->sets[i].replicas;
		}
	if (p->limits.replicas > 0)
		left += p->limits.replicas + p->limits.surge;
	qsort(active, n, sizeof(const struct owned_set *), left > 0 ? set_larger_and_newer : set_larger_and_older);
	for (size_t i = 0; i < n; i++) {
		int64_t change = deployment_proportion(p, active[i], left);

		sizes[i] = active[i]->replicas + change;
		left -= change;
	}
	if (n > 0)
		sizes[0] = sizes[0] + left > 0 ? sizes[0] + left : 0;
	for (size_t i = 0; i < n; i++)
		deployment_scale(p, active[i], sizes[i]);
}

/* Follows spec.replicas without starting or continuing a rollout. */
static void
deployment_follow_replicas(struct deployment_pass *p)
{
	const struct owned_set *only = deployment_only_set(p);

	if (only != NULL) {
		deployment_scale_to(p, only, p->limits.replicas);
		return;
	}
	if (deployment_is_saturated(p)) {
		for (size_t i = 0; i < p->n_sets; i++)
			if (deployment_is_old(p, &p->sets[i]))
				deployment_scale_to(p, &p->sets[i], 0);
	} else if (p->limits.rolling) {
		deployment_scale_in_proportion(p);
	}
}

static int
set_by_revision(const void *a, const void *b)
{
	const struct owned_set *x = *(const struct owned_set *const *)a, *y = *(const struct owned_set *const *)b;

	return x->revision != y->revision ? (x->revision < y->revision ? -1 : 1) : set_by_age(x, y);
}

/* Deletes the old ReplicaSets without pods that are more than revisionHistoryLimit. */
static void
deployment_clean_up(struct deployment_pass *p)
{
	const struct owned_set **old = arena_new_array(p->arena, const struct owned_set *, p->n_sets + 1);
	json_int_t limit = json_int(p->spec, "revisionHistoryLimit", 10);
	size_t n = 0;

	for (size_t i = 0; i < p->n_sets; i++)
		if (deployment_is_old(p, &p->sets[i]) &&
		    json_object_get(set_meta(p->sets[i].object), "deletionTimestamp") == NULL)
			old[n++] = &p->sets[i];
	if (limit == INT32_MAX || (json_int_t)n <= limit)
		return;
	qsort(old, n, sizeof(const struct owned_set *), set_by_revision);
	for (size_t i = 0; i < n - (size_t)limit; i++) {
		const json_t *o = old[i]->object;

		if (old[i]->actual == 0 && old[i]->replicas == 0 &&
		    json_int(set_meta(o), "generation", 0) <=
			json_int(json_object_get(o, "status"), "observedGeneration", 0))
			deployment_request(p, "DELETE", set_path(p, old[i]->name), NULL);
	}
}

/* Pods that are not available are removed first. Returns how many of at most `most`. */
static int64_t
deployment_remove_unhealthy(struct deployment_pass *p, int64_t *left, int64_t most)
{
	int64_t done = 0;

	for (size_t i = 0; i < p->n_sets && done < most; i++) {
		const struct owned_set *s = &p->sets[i];
		int64_t n = s->replicas - s->available;

		if (!deployment_is_old(p, s) || s->replicas == 0 || n <= 0)
			continue;
		n = n < most - done ? n : most - done;
		left[i] -= n;
		done += n;
	}
	return done;
}

/* Scales old ReplicaSets down as far as maxUnavailable permits. Returns whether it changes one. */
static bool
deployment_shrink_old(struct deployment_pass *p)
{
	int64_t least = p->limits.replicas - p->limits.unavailable, available = 0, most, done, *left;
	bool changed = false;

	left = arena_new_array(p->arena, int64_t, p->n_sets + 1);
	for (size_t i = 0; i < p->n_sets; i++) {
		left[i] = p->sets[i].replicas;
		available += p->sets[i].available;
	}
	most = deployment_wanted(p) - least - (p->current->replicas - p->current->available);
	if (most <= 0)
		return false;
	deployment_remove_unhealthy(p, left, most);
	done = 0;
	for (size_t i = 0; i < p->n_sets && done < available - least; i++) {
		int64_t n = left[i] < available - least - done ? left[i] : available - least - done;

		if (!deployment_is_old(p, &p->sets[i]))
			continue;
		left[i] -= n;
		done += n;
	}
	for (size_t i = 0; i < p->n_sets; i++)
		if (deployment_is_old(p, &p->sets[i]))
			changed |= deployment_scale_to(p, &p->sets[i], left[i]);
	return changed;
}

static void
deployment_roll(struct deployment_pass *p)
{
	const struct owned_set *s;
	bool changed;

	if (p->current == NULL)
		deployment_create_current(p);
	if ((s = p->current) == NULL)
		return;
	changed = deployment_scale_to(
	    p, s, s->replicas > p->limits.replicas ? p->limits.replicas : deployment_new_pods(p, s->replicas));
	if (!changed && !deployment_shrink_old(p) &&
	    deployment_complete(p, json_object_get(p->w->deployment, "status")))
		deployment_clean_up(p);
}

/* The old pods end before a new one is created. */
static void
deployment_recreate(struct deployment_pass *p)
{
	bool changed = false, running = false;

	for (size_t i = 0; i < p->n_sets; i++)
		if (deployment_is_old(p, &p->sets[i])) {
			changed |= deployment_scale_to(p, &p->sets[i], 0);
			running |= p->sets[i].actual > 0 || p->sets[i].pods > 0;
		}
	if (changed || running)
		return;
	if (p->current == NULL)
		deployment_create_current(p);
	if (p->current == NULL)
		return;
	deployment_scale_to(p, p->current, p->limits.replicas);
	if (deployment_complete(p, json_object_get(p->w->deployment, "status")))
		deployment_clean_up(p);
}

/* A pause stops the clock of the progress deadline, and its end starts it again. */
static void
deployment_pause(struct deployment_pass *p, bool paused)
{
	const char *reason = json_str(deployment_condition(p->conditions, "Progressing"), "reason");
	bool noted = str_eq(reason, "DeploymentPaused");

	if (!p->watched || str_eq(reason, "ProgressDeadlineExceeded"))
		return;
	if (paused && !noted)
		deployment_set_condition(p, "Progressing", "Unknown", "DeploymentPaused", "Deployment is paused");
	else if (!paused && noted)
		deployment_set_condition(p, "Progressing", "Unknown", "DeploymentResumed", "Deployment is resumed");
}

/* Returns whether spec.replicas changed since the ReplicaSets with pods were scaled. */
static bool
deployment_was_scaled(const struct deployment_pass *p)
{
	for (size_t i = 0; i < p->n_sets; i++) {
		int64_t desired = set_annotation(p->sets[i].object, DESIRED);

		if (set_has_pods(&p->sets[i]) && desired >= 0 && desired != p->limits.replicas)
			return true;
	}
	return false;
}

void
deployment_decide(const struct deployment_world *w, struct arena *a, struct deployment_plan *ret)
{
	const json_t *m = set_meta(w->deployment), *status = json_object_get(w->deployment, "status");
	_cleanup_(json_decrefp) json_t *conditions =
	    json_deep_copy(json_object_get(status, "conditions")) ?: json_array();
	struct deployment_pass p = { .w = w,
		.arena = a,
		.plan = ret,
		.ns = json_str(m, "namespace"),
		.name = json_str(m, "name"),
		.spec = json_object_get(w->deployment, "spec"),
		.conditions = conditions,
		.collisions = json_int(status, "collisionCount", -1) };
	bool paused = json_is_true(json_object_get(p.spec, "paused")), follows;

	*ret = (struct deployment_plan){ .again_ms = -1 };
	p.limits = deployment_limits(p.spec);
	p.watched = json_int(p.spec, "progressDeadlineSeconds", 600) != INT32_MAX;
	deployment_gather(&p);
	deployment_find_current(&p);
	if (json_object_get(m, "deletionTimestamp") != NULL) {
		deployment_write_status(&p, false);
		return;
	}
	deployment_pause(&p, paused);
	follows = paused || deployment_was_scaled(&p);
	if (p.current != NULL)
		deployment_renew_current(&p);
	if (follows) {
		deployment_follow_replicas(&p);
		if (paused)
			deployment_clean_up(&p);
	} else if (p.limits.rolling) {
		deployment_roll(&p);
	} else {
		deployment_recreate(&p);
	}
	deployment_write_status(&p, !follows);
}

void
deployment_plan_done(struct deployment_plan *plan)
{
	for (size_t i = 0; i < plan->n; i++)
		json_decref(plan->requests[i].body);
	plan->n = 0;
}
