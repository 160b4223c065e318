/* tests/simulation/judge.c: the invariants. */
#include "tests/simulation/judge.h"
#include <stdio.h>
#include <string.h>
#include "base/map.h"

#define HASH "rollouts-pod-template-hash"
#define READY_MEMORY_MS 90000 /* a decision may rest on readiness that a slow request made old */
#define VERDICT_MEMORY_MS 90000
#define REQUEST_MAX_MS 45000 /* no injected delay is longer */

/* What a ReplicaSet had at most available lately. */
struct readiness {
	long long available;
	int64_t until; /* mono ms up to which a higher number than now counts */
	long long was;
};

struct judge {
	struct cluster *cluster;
	struct map ready; /* hash → struct readiness */
	struct map services; /* name → hash, of those that ever selected one */
	long long replicas, replicas_low; /* spec.replicas, and the least of it lately */
	int64_t low_until; /* mono ms */
	int64_t failed_at; /* mono ms of the last failed verdict; of failed_hash */
	char failed_hash[32];
	char verdict[400];
	int weight;
	long long turns[2]; /* the weights of Services that take turns, in the order of the route */
	char turn_hosts[2][64];
	bool turned; /* they are known */
	size_t additional; /* destinations besides the two */
	int header_routes; /* that send requests to the canary's subset, and to nothing else */
	long long index;
	char hash[32];
};

static void
wrong(struct judge *j, const char *format, ...)
{
	va_list ap;

	if (j->verdict[0] != '\0')
		return;
	va_start(ap, format);
	vsnprintf(j->verdict, sizeof(j->verdict), format, ap);
	va_end(ap);
	cluster_note(j->cluster, "WRONG: %s", j->verdict);
}

static const char *
label(const json_t *o)
{
	return json_str(json_object_get(json_object_get(o, "metadata"), "labels"), HASH) ?: "";
}

struct looking {
	const char *hash;
	const json_t *found;
};

static void
match(const json_t *rs, void *arg)
{
	struct looking *l = arg;

	if (strcmp(label(rs), l->hash) == 0)
		l->found = rs;
}

static const json_t *
replicaset_of(struct judge *j, const char *hash)
{
	struct looking l = { .hash = hash };

	store_each(j->cluster->store, "replicasets", match, &l);
	return l.found;
}

static const char *
subset_hash(struct judge *j, int i)
{
	const json_t *dr = store_get(j->cluster->store, "destinationrules", "default", "myapp-dr");
	const json_t *s = json_array_get(json_at(dr, "/spec/subsets"), (size_t)i);

	return json_str(json_object_get(s, "labels"), HASH);
}

static long long
lately_available(struct judge *j, const char *hash)
{
	const struct readiness *r = map_get(&j->ready, hash);

	if (r == NULL)
		return 0;
	return loop_mono(j->cluster->loop) < r->until && r->was > r->available ? r->was : r->available;
}

/* Faults are being injected, or a request that met one may still be on its way. */
static bool
in_trouble(const struct judge *j)
{
	return j->cluster->trouble || loop_mono(j->cluster->loop) < j->cluster->trouble_over + REQUEST_MAX_MS;
}

/* A decision may rest on a number of replicas that a person has raised since. */
static long long
lately_replicas(const struct judge *j)
{
	return loop_mono(j->cluster->loop) < j->low_until && j->replicas_low < j->replicas ? j->replicas_low
											   : j->replicas;
}

/* A stable version whose pods follow its traffic gets no more of it than its pods can carry, as long as the canary's can. */
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

/* A route of its own to the canary needs a pod that answers. */
static void
on_header_routes(struct judge *j, const json_t *o)
{
	int n = 0, before = j->header_routes;
	json_t *route;
	size_t i;

	json_array_foreach (json_at(o, "/spec/http"), i, route)
		n += json_array_size(json_object_get(route, "route")) == 1;
	j->header_routes = n;
	if (n > before && (subset_hash(j, 0) == NULL || lately_available(j, subset_hash(j, 0)) == 0))
		wrong(j, "a managed route to a canary without a ready pod");
}

/* What pods a destination besides the two leads to: the hash of its Service, which may be gone by the time at which a slow request
 * arrives. */
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
	return json_at(cluster_rollout(j->cluster), "/spec/strategy/canary/pingPong") != NULL;
}

/* Of two Services that take turns, the one that gets more has the pods for it. What goes back to the stable version goes back however
 * many it has. */
static void
on_turns(struct judge *j, const json_t *route)
{
	const char *stable = json_string_value(json_at(cluster_rollout(j->cluster), "/status/stableRS"));

	for (size_t i = 0; i < ARRAY_SIZE(j->turns); i++) {
		long long weight = json_int(json_array_get(route, i), "weight", 0);
		long long need = weight * lately_replicas(j) / 100;
		const char *hash = destination_hash(j, json_array_get(route, i));

		if (weight > j->turns[i] && j->turned && need > 0 &&
		    (hash == NULL || (!str_eq(hash, stable) && lately_available(j, hash) < need)))
			wrong(j, "weight %lld needs %lld pods, but %s has %lld ready", weight, need,
			    hash != NULL ? hash : "nothing", hash != NULL ? lately_available(j, hash) : 0);
		j->turns[i] = weight;
		snprintf(j->turn_hosts[i], sizeof(j->turn_hosts[i]), "%s",
		    json_string_value(json_at(json_array_get(route, i), "/destination/host")) ?: "");
	}
	j->turned = true;
}

/* The percent that Services which take turns give to pods of this hash. */
static long long
turns_share(struct judge *j, const char *hash)
{
	long long share = 0;

	for (size_t i = 0; i < ARRAY_SIZE(j->turns); i++)
		if (str_eq(map_get(&j->services, j->turn_hosts[i]), hash))
			share += j->turns[i];
	return share;
}

static void
on_virtual_service(struct judge *j, const json_t *o)
{
	const json_t *route = cluster_split_route(o) ?: json_at(o, "/spec/tls/0/route");
	int weight = (int)json_int(json_array_get(route, 1), "weight", 0);
	int stable = (int)json_int(json_array_get(route, 0), "weight", 0);
	long long replicas = lately_replicas(j);
	long long need = (weight * replicas + 99) / 100, have, wanted;
	const char *hash = subset_hash(j, 0) ?: destination_hash(j, json_array_get(route, 1));
	long long sum = 0;
	int old = j->weight;
	json_t *destination;
	size_t i;

	json_array_foreach (route, i, destination)
		sum += json_int(destination, "weight", 0);
	if (sum != 100)
		wrong(j, "the weights add up to %lld, not 100", sum);
	if (json_at(o, "/spec/http") == NULL)
		return;
	if (takes_turns(j)) {
		on_turns(j, route);
		return;
	}
	j->weight = weight;
	on_header_routes(j, o);
	on_additional(j, route);
	if (weight < old)
		on_weight_back(j, stable);
	if (weight <= old)
		return;
	if (hash == NULL || replicaset_of(j, hash) == NULL) {
		wrong(j, "weight %d for a subset that selects no ReplicaSet", weight);
		return;
	}
	wanted = json_int(json_object_get(replicaset_of(j, hash), "spec"), "replicas", 1);
	have = lately_available(j, hash);
	if (wanted < need)
		wrong(j, "weight %d needs %lld pods, but ReplicaSet %s wants %lld", weight, need, hash, wanted);
	if (have < need)
		wrong(j, "weight %d needs %lld pods, but ReplicaSet %s has %lld ready", weight, need, hash, have);
	if (strcmp(hash, j->failed_hash) == 0 &&
	    loop_mono(j->cluster->loop) - j->failed_at > (in_trouble(j) ? VERDICT_MEMORY_MS : 100))
		wrong(j, "weight raised to %d, %lld ms after a failed verdict", weight,
		    (long long)(loop_mono(j->cluster->loop) - j->failed_at));
}

struct adding {
	struct judge *j;
	const char *except;
	long long sum;
};

static void
add_available(const json_t *rs, void *arg)
{
	struct adding *a = arg;

	if (strcmp(label(rs), a->except) != 0)
		a->sum += lately_available(a->j, label(rs));
}

/* What the active Service of a blue-green rollout selects; NULL: there is none, or nothing yet. */
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

/* The active Service is switched to a version that has all its pods, or to one that has no fewer than the one before. */
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
	    loop_mono(j->cluster->loop) - j->failed_at > (in_trouble(j) ? VERDICT_MEMORY_MS : 100))
		wrong(j, "switched to %s, %lld ms after a failed verdict", to,
		    (long long)(loop_mono(j->cluster->loop) - j->failed_at));
}

/* Without traffic routing every pod that is ready serves: those that remain must be as many as the rollout wants, as the
 * manifest's maxUnavailable is 0. */
static void
on_shrink_unrouted(struct judge *j, const json_t *rs, long long now)
{
	struct adding a = { .j = j, .except = label(rs) };
	const struct readiness *r = map_get(&j->ready, label(rs));

	if (r == NULL || now >= r->available)
		return; /* nobody is missed */
	store_each(j->cluster->store, "replicasets", add_available, &a);
	if (a.sum + now < lately_replicas(j))
		wrong(j, "ReplicaSet %s shrunk to %lld, which leaves %lld pods ready of %lld", label(rs), now,
		    a.sum + now, lately_replicas(j));
}

static void
on_replicaset(struct judge *j, const json_t *old, const json_t *o)
{
	long long replicas = lately_replicas(j), share = 0;
	long long before = json_int(json_object_get(old, "spec"), "replicas", 0),
		  now = json_int(json_object_get(o, "spec"), "replicas", 0);
	long long available = json_int(json_object_get(o, "status"), "availableReplicas", 0);
	struct readiness *r = map_get(&j->ready, label(o));

	if (r == NULL) {
		r = mem_alloc(sizeof(*r));
		map_set(&j->ready, label(o), r);
	}
	if (available < r->available) {
		r->was = r->available > lately_available(j, label(o)) ? r->available : lately_available(j, label(o));
		r->until = loop_mono(j->cluster->loop) + READY_MEMORY_MS;
	}
	r->available = available;
	if (old == NULL || now >= before)
		return;
	if (now == 0 && is_additional(j, label(o)))
		wrong(j, "ReplicaSet of %s shrunk to 0, but the routing names its Service", label(o));
	if (takes_turns(j))
		share += turns_share(j, label(o));
	else if (is_blue_green(j))
		share += str_eq(active_hash(j), label(o)) ? 100 : 0;
	else if (cluster_weight(j->cluster) < 0)
		on_shrink_unrouted(j, o, now);
	if (str_eq(subset_hash(j, 0), label(o)))
		share += j->weight > 0 || j->header_routes == 0 ? j->weight : 1;
	if (str_eq(subset_hash(j, 1), label(o)))
		share += 100 - j->weight;
	if (now < (share * replicas + 99) / 100)
		wrong(j, "ReplicaSet %s shrunk from %lld to %lld, but the routing gives it %lld %%", label(o), before,
		    now, share);
}

/* A pause that is over by itself may be passed together with the step behind it. With a rollback window, going back to an older
 * version passes over the steps. */
static bool
may_skip(const json_t *rollout, long long from)
{
	const json_t *list = json_at(rollout, "/spec/strategy/canary/steps");
	long long steps = (long long)json_array_size(list);

	if (json_int(json_object_get(rollout, "status"), "currentStepIndex", 0) == from + 2 &&
	    json_at(json_array_get(list, (size_t)from), "/pause/duration") != NULL)
		return true;
	return json_at(rollout, "/spec/rollbackWindow") != NULL &&
	       json_int(json_object_get(rollout, "status"), "currentStepIndex", 0) == steps;
}

static void
on_rollout(struct judge *j, const json_t *old, const json_t *o)
{
	const json_t *status = json_object_get(o, "status");
	const char *hash = json_str(status, "currentPodHash") ?: "";
	long long index = json_int(status, "currentStepIndex", 0);
	long long replicas = json_int(json_object_get(o, "spec"), "replicas", 1);

	if (replicas > j->replicas) {
		j->replicas_low = lately_replicas(j);
		j->low_until = loop_mono(j->cluster->loop) + READY_MEMORY_MS;
	}
	j->replicas = replicas;

	if (strcmp(hash, j->hash) == 0 && index > j->index + 1 && !may_skip(o, j->index) &&
	    !json_is_true(json_object_get(status, "promoteFull")) && !str_eq(json_str(status, "stableRS"), hash))
		wrong(j, "step index jumped from %lld to %lld", j->index, index);
	/* A retry, or the version deployed anew, begins without the old verdict. */
	if ((json_is_true(json_object_get(json_object_get(old, "status"), "abort")) &&
		!json_is_true(json_object_get(status, "abort"))) ||
	    strcmp(hash, j->hash) != 0)
		j->failed_hash[0] = '\0';
	j->index = index;
	snprintf(j->hash, sizeof(j->hash), "%s", hash);
}

static void
on_write(const struct resource *r, const char *type, const json_t *old, const json_t *o, void *arg)
{
	struct judge *j = arg;

	if (strcmp(type, "DELETED") == 0) {
		if (strcmp(r->kind, "Service") == 0 &&
		    is_additional(j, json_str(json_at(o, "/spec/selector"), HASH) ?: "none"))
			wrong(j, "a Service goes that the routing names");
		return;
	}
	if (strcmp(r->kind, "VirtualService") == 0)
		on_virtual_service(j, o);
	else if (strcmp(r->kind, "ReplicaSet") == 0)
		on_replicaset(j, old, o);
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
	free(j);
	return NULL;
}

const char *
judge_verdict(const struct judge *j)
{
	return j->verdict[0] != '\0' ? j->verdict : NULL;
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
	if (writes > 0)
		wrong(j, "%lu writes in a minute in which nothing happened", writes);
	return judge_verdict(j);
}
