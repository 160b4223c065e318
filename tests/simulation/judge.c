/* tests/simulation/judge.c: the invariants. */
#include "tests/simulation/judge_parts.h"
#include <stdio.h>
#include <string.h>
#include "base/map.h"
#include "tests/simulation/split_objects.h"

#define FAULTS_MEMORY_MS 90000 /* a decision may rest on readiness that a slow request made old */
#define CALM_MEMORY_MS 300 /* a plan of some writes, a millisecond each way, and the watch event */
#define REQUEST_MAX_MS 45000 /* no injected delay is longer */

/* The largest number of available pods of a ReplicaSet in the last moments. */
struct readiness {
	long long available;
	int64_t fell_at; /* mono ms; for a while a higher number than now counts */
	long long was;
};

struct judge {
	struct cluster *cluster;
	struct map ready; /* hash → struct readiness */
	struct map services; /* name → hash, of those that ever selected one */
	long long replicas, replicas_low; /* spec.replicas, and the least of it lately */
	int64_t raised_at; /* mono ms */
	int64_t failed_at; /* mono ms of the last failed verdict; of failed_hash */
	char failed_hash[32];
	char verdict[400];
	int weight; /* of the VirtualService that was written last */
	unsigned long moves;
	struct course *course;
	struct pod_bounds *bounds;
	struct reports *reports;
	long long turns[2]; /* the weights of Services that take turns, in the order of the route */
	bool turned; /* they are known */
	size_t additional; /* destinations other than the two */
	int header_routes; /* that send requests to the canary's subset, and to nothing else */
	char hash[32];
};

#define wrong judge_wrong
#define SCALES_MAX 3

void
judge_wrong(struct judge *j, const char *format, ...)
{
	va_list ap;

	if (j->verdict[0] != '\0')
		return;
	va_start(ap, format);
	vsnprintf(j->verdict, sizeof(j->verdict), format, ap);
	va_end(ap);
	cluster_note(j->cluster, "WRONG: %s", j->verdict);
}

#define label facts_label

static long long lately_replicas(const struct judge *);

struct pod_search {
	const char *hash;
	const json_t *found;
};

static void
match(const json_t *rs, void *arg)
{
	struct pod_search *l = arg;

	if (strcmp(label(rs), l->hash) == 0)
		l->found = rs;
}

static const json_t *
replicaset_of(struct judge *j, const char *hash)
{
	struct pod_search l = { .hash = hash };

	store_each(j->cluster->store, "replicasets", match, &l);
	return l.found;
}

/* Returns the hash that the canary's (0) or stable (1) destination selects, by subset or by Service; NULL: none, or
 * there is no router. */
static const char *
subset_hash(struct judge *j, int i)
{
	struct traffic_facts t = facts_traffic(j->cluster);

	return i == 0 ? t.canary_hash : t.stable_hash;
}

/* The setCanaryScale steps in force: as the status has it; where a pause may be over, at the step behind it; and
 * where the status has not seen the spec, at the first step, with which edited steps begin. */
static size_t
scales(struct judge *j, const json_t *ret[SCALES_MAX])
{
	const json_t *rollout = cluster_rollout(j->cluster), *steps = facts_steps(rollout);
	const char *observed = json_str(json_object_get(rollout, "status"), "observedGeneration") ?: "";
	bool edited = strtoll(observed, NULL, 10) != json_int(json_object_get(rollout, "metadata"), "generation", 0);
	long long index = json_int(json_object_get(rollout, "status"), "currentStepIndex", 0);
	size_t n = 0;

	if (edited && (ret[n] = facts_step_scale(steps, 0)) != NULL)
		n++;
	if ((ret[n] = facts_step_scale(steps, index)) != NULL)
		n++;
	if (json_object_get(json_array_get(steps, (size_t)index), "pause") != NULL &&
	    (ret[n] = facts_step_scale(steps, index + 1)) != NULL)
		n++;
	return n;
}

/* The pods that must be there for a weight: its share of them, or as many as a user says suffice. */
static long long
pods_for(struct judge *j, long long weight, bool ready)
{
	const json_t *threshold =
	    json_at(cluster_rollout(j->cluster), "/spec/strategy/canary/replicaProgressThreshold");
	long long replicas = lately_replicas(j), need = facts_share(weight, replicas), value;
	const json_t *scale[SCALES_MAX];
	size_t n = scales(j, scale);

	for (size_t i = 0; i < n; i++) {
		long long pods = json_int(scale[i], "replicas", -1);

		if (pods < 0)
			pods = facts_share(json_int(scale[i], "weight", 0), replicas);
		need = pods < need ? pods : need;
	}
	value = json_int(threshold, "value", 100);
	if (ready && threshold != NULL)
		need = !str_eq(json_str(threshold, "type"), "Percent") ? (value < need ? value : need)
		       : value < 100				       ? facts_share(value, need)
								       : need;
	return need < 1 && weight > 0 && replicas > 0 ? 1 : need;
}

static long long
lately_available(struct judge *j, const char *hash)
{
	const struct readiness *r = map_get(&j->ready, hash);

	if (r == NULL)
		return 0;
	return loop_mono(j->cluster->loop) < r->fell_at + judge_memory(j->cluster) && r->was > r->available
		   ? r->was
		   : r->available;
}

bool
judge_has_faults(const struct cluster *c)
{
	return c->random_faults || loop_mono(c->loop) < c->faults_ended_at + REQUEST_MAX_MS ||
	       (c->struck_at != 0 && loop_mono(c->loop) < c->struck_at + FAULTS_MEMORY_MS);
}

int64_t
judge_memory(const struct cluster *c)
{
	return judge_has_faults(c) ? FAULTS_MEMORY_MS : CALM_MEMORY_MS;
}

/* A decision may be based on a number of replicas that a user has raised since. */
static long long
lately_replicas(const struct judge *j)
{
	return loop_mono(j->cluster->loop) < j->raised_at + judge_memory(j->cluster) && j->replicas_low < j->replicas
		   ? j->replicas_low
		   : j->replicas;
}

/* A stable version whose pods follow its traffic gets no more of it than its pods can carry, as long as the canary's
 * can. */
static void
on_weight_back(struct judge *j, int stable)
{
	bool dynamic = json_is_true(json_at(cluster_rollout(j->cluster), "/spec/strategy/canary/dynamicStableScale"));
	const char *hash = subset_hash(j, 1), *canary = subset_hash(j, 0);
	const struct readiness *r = canary != NULL ? map_get(&j->ready, canary) : NULL;
	long long need = stable * lately_replicas(j) / 100;

	if (!dynamic || hash == NULL || r == NULL || r->available == 0 || r->was == 0)
		return;
	if (lately_available(j, hash) < need)
		wrong(j, "the stable version gets %d %%, which needs %lld pods, but has %lld ready", stable, need,
		    lately_available(j, hash));
}

struct header_routes {
	const char *stable_service;
	int n;
};

static void
count_header_routes(const json_t *vs, void *arg)
{
	struct header_routes *all = arg;
	json_t *route;
	size_t i;

	/* One that makes a cookie expire leads to the stable version alone. */
	json_array_foreach (json_at(vs, "/spec/http"), i, route)
		all->n += json_array_size(json_object_get(route, "route")) == 1 &&
			  json_at(route, "/route/0/headers/response/add/Set-Cookie") == NULL;
	json_array_foreach (json_at(vs, "/spec/rules"), i, route)
		all->n += json_object_get(route, "name") != NULL &&
			  ((json_array_size(json_object_get(route, "backendRefs")) == 1 &&
			       !str_eq(json_str(json_at(route, "/backendRefs/0"), "name"), all->stable_service)) ||
			      json_at(route, "/filters/0/requestMirror") != NULL);
}

/* A route of its own to the canary needs a pod that responds. */
static void
on_header_routes(struct judge *j, const char *hash)
{
	struct header_routes all = { .stable_service =
					 json_str(json_at(cluster_rollout(j->cluster), "/spec/strategy/canary"),
					     "stableService") };
	int n, before = j->header_routes;

	store_each(j->cluster->store, "virtualservices", count_header_routes, &all);
	store_each(j->cluster->store, "httproutes", count_header_routes, &all);
	store_each(j->cluster->store, "grpcroutes", count_header_routes, &all);
	j->header_routes = n = all.n;
	if (n > before && (hash == NULL || lately_available(j, hash) == 0))
		wrong(j, "a managed route to a canary without a ready pod");
}

/* The pods of a third destination: the hash of its Service, which may be deleted when a slow request arrives. */
static const char *
destination_hash(struct judge *j, const json_t *destination)
{
	const char *host = json_string_value(json_at(destination, "/destination/host"));

	return host != NULL ? map_get(&j->services, host) : NULL;
}

/* The i-th destination of the split is an experiment's: neither of the two, nor of a subset. */
static bool
is_experiments(const json_t *route, size_t i)
{
	return i >= 2 && json_at(json_array_get(route, i), "/destination/subset") == NULL;
}

/* Such a destination is one of ready pods, when it comes. */
static void
on_additional(struct judge *j, const json_t *route)
{
	size_t n = 0;

	for (size_t i = 0; i < json_array_size(route); i++) {
		const char *hash = destination_hash(j, json_array_get(route, i));

		if (!is_experiments(route, i) || n++ < j->additional)
			continue;
		if (hash == NULL || lately_available(j, hash) == 0)
			wrong(j, "weight for %s, which has no ready pod",
			    hash != NULL ? hash : "a Service that never was");
	}
	j->additional = n;
}

/* One of them leads to pods of this hash. */
static bool
is_additional(struct judge *j, const char *hash)
{
	const json_t *route =
	    cluster_split_route(store_get(j->cluster->store, "virtualservices", "default", "myapp-vs"));

	for (size_t i = 0; i < json_array_size(route); i++)
		if (is_experiments(route, i) && str_eq(destination_hash(j, json_array_get(route, i)), hash))
			return true;
	return false;
}

static bool
takes_turns(struct judge *j)
{
	const json_t *canary = json_at(cluster_rollout(j->cluster), "/spec/strategy/canary");

	return json_object_get(canary, "pingPong") != NULL && json_object_get(canary, "canaryService") == NULL;
}

/* Of two Services that take turns, the one that gets more has the pods for it. What goes back to the stable version
 * goes back however many it has. */
static void
on_turns(struct judge *j, const json_t *route)
{
	const char *stable = json_string_value(json_at(cluster_rollout(j->cluster), "/status/stableRS"));

	for (size_t i = 0; i < ARRAY_SIZE(j->turns); i++) {
		long long weight = json_int(json_array_get(route, i), "weight", 0);
		long long need = weight > 0 ? pods_for(j, weight, true) : 0;
		const char *hash = destination_hash(j, json_array_get(route, i));

		if (weight > j->turns[i] && j->turned && need > 0 && facts_all_pods(j->cluster, NULL).available > 0 &&
		    (hash == NULL || (!str_eq(hash, stable) && lately_available(j, hash) < need)))
			wrong(j, "weight %lld needs %lld pods, but %s has %lld ready", weight, need,
			    hash != NULL ? hash : "nothing", hash != NULL ? lately_available(j, hash) : 0);
		j->turns[i] = weight;
	}
	j->turned = true;
}

/* The percent that Services which take turns give to pods of this hash. */
static long long
turns_share(struct judge *j, const char *hash)
{
	const json_t *route =
	    cluster_split_route(store_get(j->cluster->store, "virtualservices", "default", "myapp-vs"));
	long long share = 0;

	for (size_t i = 0; i < json_array_size(route); i++)
		if (str_eq(destination_hash(j, json_array_get(route, i)), hash))
			share += json_int(json_array_get(route, i), "weight", 0);
	return share;
}

/* Of a canary whose pods a user has fixed nothing holds them. */
static long long
turns_held(struct judge *j, const char *hash)
{
	const json_t *scale[SCALES_MAX];
	bool stable = str_eq(json_str(json_at(cluster_rollout(j->cluster), "/status"), "stableRS"), hash);

	return stable || scales(j, scale) == 0 ? turns_share(j, hash) : 0;
}

/* A weight is raised to no more than the canary's pods can carry, and not after a failed verdict. */
static void
on_weight_raised(struct judge *j, const char *hash, int weight)
{
	long long need = pods_for(j, weight, true), requested = pods_for(j, weight, false), have, wanted;

	if (hash == NULL || replicaset_of(j, hash) == NULL) {
		/* A write that a fault delayed may arrive after a user deleted the Rollout, and its ReplicaSets with
		 * it. */
		if (hash == NULL || lately_available(j, hash) < need)
			wrong(j, "weight %d for a subset that selects no ReplicaSet", weight);
		return;
	}
	wanted = json_int(json_object_get(replicaset_of(j, hash), "spec"), "replicas", 1);
	have = lately_available(j, hash);
	if (wanted < requested)
		wrong(j, "weight %d needs %lld pods, but ReplicaSet %s wants %lld", weight, requested, hash, wanted);
	if (have < need)
		wrong(j, "weight %d needs %lld pods, but ReplicaSet %s has %lld ready", weight, need, hash, have);
	if (strcmp(hash, j->failed_hash) == 0 && loop_mono(j->cluster->loop) - j->failed_at > judge_memory(j->cluster))
		wrong(j, "weight raised to %d, %lld ms after a failed verdict", weight,
		    (long long)(loop_mono(j->cluster->loop) - j->failed_at));
}

static void
on_virtual_service(struct judge *j, const json_t *before, const json_t *o)
{
	const json_t *route = cluster_split_route(o);
	int weight = (int)json_int(json_array_get(route, 1), "weight", 0);
	int stable = (int)json_int(json_array_get(route, 0), "weight", 0);
	const char *hash = subset_hash(j, 0) ?: destination_hash(j, json_array_get(route, 1));
	long long sum = 0;
	int old = (int)json_int(json_array_get(cluster_split_route(before), 1), "weight", 0);
	json_t *destination;
	size_t i;

	json_array_foreach (route, i, destination)
		sum += json_int(destination, "weight", 0);
	if (sum != 100)
		wrong(j, "the weights add up to %lld, not 100", sum);
	if (takes_turns(j)) {
		on_turns(j, route);
		return;
	}
	j->weight = weight;
	on_header_routes(j, hash);
	on_additional(j, route);
	if (weight < old)
		on_weight_back(j, stable);
	if (weight > old)
		on_weight_raised(j, hash, weight);
}

/* The weight of the canary's Service in a rule of the Gateway API, of the stable one, and of Services that the judge
 * has seen an experiment create; -1 if it has not both. */
static int
gateway_weight(struct judge *j, const json_t *rule, const json_t *canary, int *ret_stable, int *ret_others)
{
	int weight = -1, stable = -1;
	json_t *ref;
	size_t i;

	json_array_foreach (json_object_get(rule, "backendRefs"), i, ref)
		if (str_eq(json_str(ref, "name"), json_str(canary, "canaryService")))
			weight = (int)json_int(ref, "weight", 1);
		else if (str_eq(json_str(ref, "name"), json_str(canary, "stableService")))
			stable = (int)json_int(ref, "weight", 1);
		else if (map_get(&j->services, json_str(ref, "name") ?: "") != NULL)
			*ret_others += (int)json_int(ref, "weight", 1);
	*ret_stable = stable;
	return stable < 0 ? -1 : weight;
}

/* The rule that the i-th one was before: the one of its name, in the order of these. One that mirrors is new: it is
 * split as all others were. */
static const json_t *
gateway_rule_before(const json_t *before, const json_t *rules, size_t i)
{
	const char *name = json_str(json_array_get(rules, i), "name");
	const json_t *last = NULL;
	size_t number = 0, k;
	json_t *one;

	for (k = 0; k < i; k++)
		number += str_eq(json_str(json_array_get(rules, k), "name"), name);
	json_array_foreach (before, k, one) {
		if (str_eq(json_str(one, "name"), name) && number-- == 0)
			return one;
		if (json_array_size(json_object_get(one, "backendRefs")) > 1)
			last = one;
	}
	return last;
}

/* No user moves rules while a rollout is judged. */
static void
on_gateway_route(struct judge *j, const json_t *before, const json_t *o)
{
	const json_t *canary = json_at(cluster_rollout(j->cluster), "/spec/strategy/canary"), *rule;
	int total = (int)json_int(json_object_get(canary, "trafficRouting"), "maxTrafficWeight", 100);
	const char *hash = subset_hash(j, 0);
	size_t i;

	if (takes_turns(j) || j->cluster->urgency.user)
		return;
	on_header_routes(j, hash);
	json_array_foreach (json_at(o, "/spec/rules"), i, rule) {
		const json_t *was = gateway_rule_before(json_at(before, "/spec/rules"), json_at(o, "/spec/rules"), i);
		int stable, old_stable, others = 0, old_others = 0,
					weight = gateway_weight(j, rule, canary, &stable, &others),
					old = gateway_weight(j, was, canary, &old_stable, &old_others);

		if (weight < 0 || weight == old)
			continue;
		if (weight + stable + others != total)
			wrong(j, "the weights of rule %zu add up to %d, not %d", i, weight + stable + others, total);
		if (weight < old)
			on_weight_back(j, stable * 100 / total);
		else
			on_weight_raised(j, hash, weight * 100 / total);
	}
}

/* An object of a router that splits between two Services. */
static void
on_split_object(struct judge *j, const char *kind, const json_t *before, const json_t *o)
{
	const json_t *rollout = cluster_rollout(j->cluster);
	int weight = split_weight(rollout, kind, o), old = split_weight(rollout, kind, before);
	const char *hash = subset_hash(j, 0);

	if (j->cluster->urgency.user || weight < 0 || facts_traffic(j->cluster).opaque)
		return;
	if (split_has_header(kind, o) && !split_has_header(kind, before) &&
	    (hash == NULL || lately_available(j, hash) == 0))
		wrong(j, "a managed route to a canary without a ready pod");
	if (weight < old)
		on_weight_back(j, 100 - weight);
	if (weight > old)
		on_weight_raised(j, hash, weight);
}

/* Returns the hash that the active Service of a blue-green rollout selects; NULL: there is no such Service, or it
 * selects none yet. */
static const char *
active_hash(struct judge *j)
{
	return json_str(json_at(store_get(j->cluster->store, "services", "default", "active"), "/spec/selector"), HASH);
}

static bool
is_blue_green(struct judge *j)
{
	return json_at(cluster_rollout(j->cluster), "/spec/strategy/blueGreen") != NULL;
}

/* The active Service is switched to a version that has all its pods, or to one that has no fewer than the one
 * before. */
static void
remember_service(struct judge *j, const char *name, const char *hash)
{
	char *before = map_get(&j->services, name);

	if (hash == NULL || str_eq(before, hash))
		return;
	map_set(&j->services, name, mem_strdup(hash));
	free(before);
}

static void
on_service(struct judge *j, const json_t *old, const json_t *o)
{
	const char *name = json_str(json_object_get(o, "metadata"), "name");
	const char *from = json_str(json_at(old, "/spec/selector"), HASH),
		   *to = json_str(json_at(o, "/spec/selector"), HASH);
	const struct readiness *before = from != NULL ? map_get(&j->ready, from) : NULL;
	long long have;

	remember_service(j, name, to);
	if (old == NULL || !is_blue_green(j) || !str_eq(name, "active") || str_eq(from, to))
		return;
	have = to != NULL ? lately_available(j, to) : 0;
	if (have < lately_replicas(j) && (from == NULL || have == 0 || before == NULL || have < before->available))
		wrong(j, "the active Service selects %s, which has %lld pods ready of %lld",
		    to != NULL ? to : "nothing", have, lately_replicas(j));
	if (to != NULL && strcmp(to, j->failed_hash) == 0 &&
	    loop_mono(j->cluster->loop) - j->failed_at > judge_memory(j->cluster))
		wrong(j, "switched to %s, %lld ms after a failed verdict", to,
		    (long long)(loop_mono(j->cluster->loop) - j->failed_at));
}

/* The percent that the routing gives to pods of this hash. Of a canary whose pods a user has fixed it is nothing
 * that holds them. */
static long long
routed_share(struct judge *j, const char *hash)
{
	struct traffic_facts t = facts_traffic(j->cluster);
	const json_t *scale[SCALES_MAX];
	long long share = 0;

	if (!t.routed)
		return 0;
	if (str_eq(t.canary_hash, hash) && (str_eq(t.stable_hash, hash) || scales(j, scale) == 0))
		share += t.most > 0 || j->header_routes == 0 ? t.most : 1;
	if (str_eq(t.stable_hash, hash))
		share += 100 - t.least;
	return share > 100 ? 100 : share;
}

struct serving {
	const char *uid; /* of a ReplicaSet */
	long long n; /* its pods that are not being deleted */
};

static void
count_serving(const json_t *pod, void *arg)
{
	struct serving *s = arg;

	s->n += json_at(pod, "/metadata/deletionTimestamp") == NULL &&
		str_eq(json_str(json_at(pod, "/metadata/ownerReferences/0"), "uid"), s->uid);
}

/* The pods that can serve. With a ReplicaSet controller that lags, the status may still count deleted pods. */
static void
remember_ready(struct judge *j, const json_t *rs)
{
	long long available = json_int(json_object_get(rs, "status"), "availableReplicas", 0);
	struct readiness *r = map_get(&j->ready, label(rs));

	if (r == NULL) {
		r = mem_alloc(sizeof(*r));
		map_set(&j->ready, label(rs), r);
	}
	if (j->cluster->lags) {
		struct serving s = { .uid = json_str(json_object_get(rs, "metadata"), "uid") };

		store_each(j->cluster->store, "pods", count_serving, &s);
		available = s.n < available ? s.n : available;
	}
	if (available < r->available) {
		r->was = r->available > lately_available(j, label(rs)) ? r->available : lately_available(j, label(rs));
		r->fell_at = loop_mono(j->cluster->loop);
	}
	r->available = available;
}

static void
on_pod(struct judge *j, const json_t *pod)
{
	const char *owner = json_str(json_at(pod, "/metadata/ownerReferences/0"), "name");
	const json_t *rs =
	    owner != NULL && j->cluster->lags ? store_get(j->cluster->store, "replicasets", "default", owner) : NULL;

	if (rs != NULL && facts_owned(rs, "Rollout"))
		remember_ready(j, rs);
}

static void
on_replicaset(struct judge *j, const json_t *old, const json_t *o)
{
	long long replicas = lately_replicas(j), share = 0;
	long long before = json_int(json_object_get(old, "spec"), "replicas", 0),
		  now = json_int(json_object_get(o, "spec"), "replicas", 0);

	remember_ready(j, o);
	if (old == NULL || now >= before)
		return;
	if (now == 0 && is_additional(j, label(o)))
		wrong(j, "ReplicaSet of %s shrunk to 0, but the routing names its Service", label(o));
	if (takes_turns(j))
		share += turns_held(j, label(o));
	else if (is_blue_green(j))
		share += str_eq(active_hash(j), label(o)) ? 100 : 0;
	share += takes_turns(j) || is_blue_green(j) ? 0 : routed_share(j, label(o));
	if (now < (share * replicas + 99) / 100)
		wrong(j, "ReplicaSet %s shrunk from %lld to %lld, but the routing gives it %lld %%", label(o), before,
		    now, share);
}

static void
on_rollout(struct judge *j, const json_t *old, const json_t *o)
{
	const json_t *status = json_object_get(o, "status");
	const char *hash = json_str(status, "currentPodHash") ?: "";
	long long replicas = json_int(json_object_get(o, "spec"), "replicas", 1);

	if (replicas > j->replicas) {
		j->replicas_low = lately_replicas(j);
		j->raised_at = loop_mono(j->cluster->loop);
	}
	j->replicas = replicas;

	/* A retry, or the version deployed anew, begins without the old verdict. */
	if ((json_is_true(json_object_get(json_object_get(old, "status"), "abort")) &&
		!json_is_true(json_object_get(status, "abort"))) ||
	    strcmp(hash, j->hash) != 0)
		j->failed_hash[0] = '\0';
	snprintf(j->hash, sizeof(j->hash), "%s", hash);
}

static void
on_write(const struct resource *r, const char *type, const json_t *old, const json_t *o, void *arg)
{
	struct judge *j = arg;

	/* A user's write is not judged, but all parts are informed of it. */
	j->moves +=
	    strcmp(r->kind, "AnalysisRun") != 0 && strcmp(r->kind, "Event") != 0 && strcmp(r->kind, "Lease") != 0;
	course_on_write(j->course, r, type, old, o);
	pod_bounds_on_write(j->bounds, r, type, old, o);
	reports_on_write(j->reports, r, type, old, o);
	if (strcmp(type, "DELETED") == 0) {
		struct readiness *gone = strcmp(r->kind, "ReplicaSet") == 0 ? map_get(&j->ready, label(o)) : NULL;

		if (gone != NULL)
			*gone = (struct readiness){ .was = gone->available, .fell_at = loop_mono(j->cluster->loop) };
		if (strcmp(r->kind, "Pod") == 0)
			on_pod(j, o);
		if (strcmp(r->kind, "Service") == 0 && !j->cluster->urgency.user &&
		    is_additional(j, json_str(json_at(o, "/spec/selector"), HASH) ?: "none"))
			wrong(j, "a Service goes that the routing names");
		return;
	}
	if (strcmp(r->kind, "VirtualService") == 0)
		on_virtual_service(j, old, o);
	else if (gateways_is_route(r->kind))
		on_gateway_route(j, old, o);
	else if (split_weight(cluster_rollout(j->cluster), r->kind, o) >= 0)
		on_split_object(j, r->kind, old, o);
	else if (strcmp(r->kind, "ReplicaSet") == 0)
		on_replicaset(j, old, o);
	else if (strcmp(r->kind, "Pod") == 0)
		on_pod(j, o);
	else if (strcmp(r->kind, "Service") == 0)
		on_service(j, old, o);
	else if (strcmp(r->kind, "Rollout") == 0)
		on_rollout(j, old, o);
	else if ((strcmp(r->kind, "AnalysisRun") == 0 || strcmp(r->kind, "Experiment") == 0) &&
		 str_eq(json_str(json_object_get(o, "status"), "phase"), "Failed") &&
		 !str_eq(json_str(json_object_get(old, "status"), "phase"), "Failed")) {
		j->failed_at = loop_mono(j->cluster->loop);
		snprintf(j->failed_hash, sizeof(j->failed_hash), "%s", label(o));
	}
}

struct judge *
judge_new(struct cluster *c)
{
	struct judge *j = mem_alloc(sizeof(*j));

	j->cluster = c;
	j->course = course_new(c, j);
	j->bounds = pod_bounds_new(c, j);
	j->reports = reports_new(c, j);
	store_on_write(c->store, on_write, j);
	return j;
}

struct judge *
judge_free(struct judge *j)
{
	map_each (&j->ready, slot)
		free(slot->value);
	map_done(&j->ready);
	map_each (&j->services, slot)
		free(slot->value);
	map_done(&j->services);
	course_free(j->course);
	pod_bounds_free(j->bounds);
	reports_free(j->reports);
	free(j);
	return NULL;
}

const char *
judge_verdict(const struct judge *j)
{
	if (j->verdict[0] == '\0' && j->cluster->spins)
		return "thousands of passes in a millisecond: each requests another at once";
	if (j->verdict[0] == '\0' && j->cluster->two_write)
		return "a controller that has not the Lease wrote";
	return j->verdict[0] != '\0' ? j->verdict : NULL;
}

unsigned long
judge_moves(const struct judge *j)
{
	return j->moves;
}

static const char *
phase_of(const struct judge *j)
{
	return json_str(json_object_get(cluster_rollout(j->cluster), "status"), "phase") ?: "";
}

bool
judge_may_rest(const struct judge *j)
{
	return strcmp(phase_of(j), "Progressing") != 0 && strcmp(phase_of(j), "") != 0;
}

/* Something is measured, which causes passes. */
static void
find_unfinished(const json_t *run, void *arg)
{
	const char *phase = json_str(json_object_get(run, "status"), "phase") ?: "";

	*(bool *)arg |= strcmp(phase, "") == 0 || strcmp(phase, "Pending") == 0 || strcmp(phase, "Running") == 0;
}

/* A response that a fault delayed may arrive after the rest began; and a controller that starts passes over every
 * key once. */
static bool
recently_struck(const struct cluster *c)
{
	return (c->struck_at != 0 && loop_mono(c->loop) < c->struck_at + 2 * FAULTS_MEMORY_MS) ||
	       loop_mono(c->loop) < c->began_at + FAULTS_MEMORY_MS;
}

void
judge_rest(struct judge *j, unsigned long passes)
{
	const json_t *ro = cluster_rollout(j->cluster), *status = json_object_get(ro, "status");
	bool measuring = false;

	store_each(j->cluster->store, "analysisruns", find_unfinished, &measuring);
	store_each(j->cluster->store, "experiments", find_unfinished, &measuring);
	if (passes > 0 && !measuring && !recently_struck(j->cluster))
		wrong(j, "%lu passes over a rollout at rest, which is %s (%s)", passes, phase_of(j),
		    json_str(status, "message") ?: "");
	if (strcmp(phase_of(j), "Degraded") == 0 && !json_is_true(json_object_get(status, "abort")))
		wrong(j, "it stays Degraded, though nothing is wrong: %s", json_str(status, "message") ?: "");
}

/* An Experiment that a user made has a duration, so it ends. */
static void
find_left_over(const json_t *experiment, void *arg)
{
	struct judge *j = arg;
	const char *name = json_str(json_object_get(experiment, "metadata"), "name");
	bool unfinished = false;

	if (facts_owned(experiment, "Rollout") || json_at(experiment, "/spec/duration") == NULL)
		return;
	find_unfinished(experiment, &unfinished);
	if (unfinished)
		wrong(j, "at the end the Experiment %s is %s", name,
		    json_str(json_object_get(experiment, "status"), "phase") ?: "without a phase");
}

const char *
judge_end(struct judge *j, unsigned long writes)
{
	const json_t *ro = cluster_rollout(j->cluster), *status = json_object_get(ro, "status");
	const char *phase = json_str(status, "phase") ?: "";
	bool aborted = json_is_true(json_object_get(status, "abort"));

	if (strcmp(phase, "Healthy") != 0 && strcmp(phase, "Paused") != 0 && strcmp(phase, "Degraded") != 0)
		wrong(j, "at the end the phase is \"%s\" (%s)", phase, json_str(status, "message") ?: "");
	if (aborted && j->weight != 0)
		wrong(j, "aborted, but the canary still has weight %d", j->weight);
	if (is_blue_green(j) && (aborted || strcmp(phase, "Healthy") == 0) &&
	    !str_eq(active_hash(j), json_str(status, "stableRS")))
		wrong(j, "at the end the active Service selects %s, not the stable version", active_hash(j));
	if (takes_turns(j) && (aborted || strcmp(phase, "Healthy") == 0) &&
	    json_int(json_object_get(ro, "spec"), "replicas", 1) > 0 &&
	    turns_share(j, json_str(status, "stableRS") ?: "") != 100)
		wrong(j, "at the end the stable version's Service has not all the traffic");
	if ((aborted || strcmp(phase, "Healthy") == 0) && j->header_routes > 0)
		wrong(j, "at the end a managed route is left");
	if ((aborted || strcmp(phase, "Healthy") == 0) && j->additional > 0)
		wrong(j, "at the end an experiment's destination is left");
	if (strcmp(phase, "Healthy") == 0 && j->weight != 0)
		wrong(j, "healthy, but the canary destination still has weight %d", j->weight);
	store_each(j->cluster->store, "experiments", find_left_over, j);
	if (writes > 0)
		wrong(j, "%lu writes in a minute in which nothing happened", writes);
	return judge_verdict(j);
}
