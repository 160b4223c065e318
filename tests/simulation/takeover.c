/* tests/simulation/takeover.c: Argo Rollouts is stopped at a moment, and this controller continues.
 *
 * For every recorded story (tests/data/traces) and every moment: the objects are created as they were then, pods
 * become ready, and the controller starts. It must arrive at the same end with the same ReplicaSets. Where nothing
 * changed at that moment any more, no pod may be started or ended.
 */
#include <stdio.h>
#include <string.h>
#include "base/time.h"
#include "tests/simulation/stories.h"

#define HASH "rollouts-pod-template-hash"
#define PODS_MS 5000 /* until the pods of before are ready */
#define PODS_TURN_MS 1000 /* where time is real they are there when none has come in two turns */
#define REAL_TIME 20 /* times as long may it take where time is real: a busy machine is no fault */
#define ARRIVE_MS 150000
#define CHECK_MS 12000 /* in real time, where nothing is to happen */
#define LINES_MAX 400
#define VERSIONS_MAX 8
#define MERGE "application/merge-patch+json"

struct recording {
	json_t *lines[LINES_MAX]; /* of the list, which holds them */
	size_t n;
	const char *names[VERSIONS_MAX], *tags[VERSIONS_MAX]; /* of ReplicaSets, in the order in which they came */
	size_t n_names, n_tags;
	int64_t epoch; /* wall ms of its second 0 */
};

static bool
is_do(const json_t *line)
{
	return json_object_get(line, "do") != NULL;
}

/* The first time that anything in it says. */
static int64_t
first_time(const json_t *v)
{
	int64_t at = 0;
	const char *key;
	json_t *one;
	size_t i;

	if (json_is_string(v) && time_parse(json_string_value(v), &at))
		return at;
	json_array_foreach (v, i, one)
		if ((at = first_time(one)) != 0)
			return at;
	json_object_foreach ((json_t *)v, key, one)
		if ((at = first_time(one)) != 0)
			return at;
	return 0;
}

static const char *
tag_done(const json_t *line)
{
	const char *text = json_str(line, "do") ?: "";

	return str_starts(text, "create ") ? text + 7 : str_starts(text, "set image ") ? text + 10 : NULL;
}

/* Borrows the lines. */
static void
read_recording(const json_t *lines, struct recording *r)
{
	json_t *line;
	size_t k;

	*r = (struct recording){ 0 };
	json_array_foreach (lines, k, line) {
		const char *rs = str_eq(json_str(line, "kind"), "ReplicaSet") ? json_str(line, "name") : NULL;
		bool known = rs == NULL || r->n_names == VERSIONS_MAX;

		if (r->n == LINES_MAX)
			return;
		for (size_t i = 0; i < r->n_names; i++)
			known |= str_eq(r->names[i], rs);
		if (!known)
			r->names[r->n_names++] = rs;
		if (tag_done(line) != NULL && r->n_tags < VERSIONS_MAX)
			r->tags[r->n_tags++] = tag_done(line);
		if (r->epoch == 0 && (r->epoch = first_time(line)) != 0)
			r->epoch -= (int64_t)(json_number_value(json_object_get(line, "t")) * 1000);
		r->lines[r->n++] = line;
	}
}

/* The last line up to `at` about an object, or NULL. */
static const json_t *
last_of(const struct recording *r, size_t at, const char *kind, const char *name)
{
	for (size_t i = at + 1; i-- > 0;)
		if (str_eq(json_str(r->lines[i], "kind"), kind) &&
		    (name == NULL || str_eq(json_str(r->lines[i], "name"), name)))
			return r->lines[i];
	return NULL;
}

/* The last line before the next action of the user. */
static size_t
rest_of(const struct recording *r, size_t at)
{
	while (at + 1 < r->n && !is_do(r->lines[at + 1]))
		at++;
	return at;
}

/* All times in it, moved by so much. A new reference. */
static json_t *
moved(const json_t *v, int64_t by)
{
	json_t *copy, *one;
	const char *key;
	int64_t at;
	size_t i;

	if (json_is_string(v) && time_parse(json_string_value(v), &at)) {
		_cleanup_(arena_freep) struct arena *a = arena_new();

		return json_string(time_format(a, time_stored(at + by)));
	}
	copy = json_is_object(v) ? json_object() : json_is_array(v) ? json_array() : json_deep_copy(v);
	json_array_foreach (v, i, one)
		json_array_append_new(copy, moved(one, by));
	json_object_foreach ((json_t *)v, key, one)
		json_object_set_new(copy, key, moved(one, by));
	return copy;
}

static void
patch(struct cluster *c, const char *path, json_t *body)
{
	cluster_do(c, "PATCH", MERGE, path, body);
}

/* As the manifest has it, with another tag. A new reference. */
static json_t *
template_with(struct cluster *c, const char *tag)
{
	json_t *template = json_deep_copy(json_at(cluster_rollout(c), "/spec/template")),
	       *container = json_at(template, "/spec/containers/0");
	const char *image = json_str(container, "image");

	json_object_set_new(
	    container, "image", json_sprintf("%.*s:%s", (int)strcspn(image != NULL ? image : "", ":"), image, tag));
	return template;
}

static void
put_replicaset(struct cluster *c, const json_t *line, const char *tag, int64_t by)
{
	json_t *template = template_with(c, tag), *labels = json_object_get(line, "labels");
	json_t *owner =
	    json_pack("{s:s,s:s,s:s,s:O,s:b,s:b}", "apiVersion", "argoproj.io/v1alpha1", "kind", "Rollout", "name",
		c->name, "uid", json_at(cluster_rollout(c), "/metadata/uid"), "controller", 1, "blockOwnerDeletion", 1);

	json_object_set(json_at(template, "/metadata/labels"), HASH, json_object_get(labels, HASH));
	cluster_do(c, "POST", "application/json", "/apis/apps/v1/namespaces/default/replicasets",
	    json_pack("{s:s,s:s,s:{s:O,s:O,s:o,s:[o]},s:{s:O,s:{s:O},s:o}}", "apiVersion", "apps/v1", "kind",
		"ReplicaSet", "metadata", "name", json_object_get(line, "name"), "labels", labels, "annotations",
		moved(json_object_get(line, "annotations"), by), "ownerReferences", owner, "spec", "replicas",
		json_object_get(line, "replicas"), "selector", "matchLabels", json_object_get(line, "selector"),
		"template", template));
}

/* Everything as it was at the moment. */
static void
put(struct cluster *c, const struct recording *r, size_t at)
{
	const json_t *rollout = last_of(r, at, "Rollout", NULL), *line;
	int64_t by = cluster_wall(c) + PODS_MS -
		     (r->epoch + (int64_t)(json_number_value(json_object_get(r->lines[at], "t")) * 1000));
	static const char *const services[] = { "active", "preview" };
	const char *tag = r->tags[0];
	char path[200];

	for (size_t i = 0; i < r->n_names; i++)
		if ((line = last_of(r, at, "ReplicaSet", r->names[i])) != NULL)
			put_replicaset(c, line, r->tags[i], by);
	for (size_t i = 0; i <= at; i++)
		if (tag_done(r->lines[i]) != NULL)
			tag = tag_done(r->lines[i]);
		else if (str_eq(json_str(r->lines[i], "do"), "undo"))
			tag = r->tags[0];
	if ((line = last_of(r, at, "VirtualService", NULL)) != NULL)
		patch(c, "/apis/networking.istio.io/v1beta1/namespaces/default/virtualservices/myapp-vs",
		    json_pack("{s:{s:O}}", "spec", "http", json_object_get(line, "http")));
	if ((line = last_of(r, at, "DestinationRule", NULL)) != NULL)
		patch(c, "/apis/networking.istio.io/v1beta1/namespaces/default/destinationrules/myapp-dr",
		    json_pack("{s:{s:O},s:{s:O}}", "spec", "subsets", json_object_get(line, "subsets"), "metadata",
			"annotations", json_object_get(line, "annotations")));
	for (size_t i = 0; i < ARRAY_SIZE(services); i++)
		if ((line = last_of(r, at, "Service", services[i])) != NULL) {
			snprintf(path, sizeof(path), "/api/v1/namespaces/default/services/%s", services[i]);
			patch(c, path,
			    json_pack("{s:{s:O},s:{s:O}}", "spec", "selector", json_object_get(line, "selector"),
				"metadata", "annotations", json_object_get(line, "annotations")));
		}
	cluster_patch(c, false,
	    json_pack("{s:{s:O},s:{s:o}}", "metadata", "annotations", json_object_get(rollout, "annotations"), "spec",
		"template", template_with(c, tag)));
	cluster_patch(c, true, json_pack("{s:o}", "status", moved(json_object_get(rollout, "status"), by)));
}

struct churn {
	const struct recording *recording;
	bool counting;
	unsigned pods; /* made or ended */
	char stranger[80]; /* a ReplicaSet that Argo Rollouts did not make */
};

static void
on_change(const char *kind, const char *type, const json_t *o, void *arg)
{
	const char *name = json_str(json_object_get(o, "metadata"), "name");
	struct churn *k = arg;
	bool known = false;

	if (!k->counting)
		return;
	if (strcmp(kind, "Pod") == 0)
		k->pods += strcmp(type, "ADDED") == 0 || strcmp(type, "DELETED") == 0;
	if (strcmp(kind, "ReplicaSet") != 0)
		return;
	for (size_t i = 0; i < k->recording->n_names; i++)
		known |= str_eq(k->recording->names[i], name);
	if (!known)
		snprintf(k->stranger, sizeof(k->stranger), "%s", name);
}

/* Where it arrives, in a line. */
static const char *
arrival(struct arena *a, const json_t *status, int weight, const char *const *names, const int64_t *replicas, size_t n)
{
	const char *text = arena_printf(a, "%s, stable %s, step %lld, weight %d", json_str(status, "phase") ?: "-",
	    json_str(status, "stableRS") ?: "-", json_int(status, "currentStepIndex", -1), weight);

	for (size_t i = 0; i < n; i++)
		text = arena_printf(a, "%s, %s %lld", text, names[i], (long long)replicas[i]);
	return text;
}

static const char *
peers_arrival(struct arena *a, const struct recording *r, size_t rest, bool early)
{
	const json_t *vs = last_of(r, rest, "VirtualService", NULL);
	const json_t *weight = json_at(vs, "/http/0/route/1/weight");
	int64_t replicas[VERSIONS_MAX] = { 0 };

	/* One that has a deadline goes, however short the recording. */
	for (size_t i = 0; i < r->n_names; i++) {
		const json_t *line = last_of(r, rest, "ReplicaSet", r->names[i]);

		if (json_object_get(json_object_get(line, "annotations"), "scale-down-deadline") == NULL)
			replicas[i] = json_int(line, "replicas", 0);
	}
	return arrival(a, json_object_get(last_of(r, rest, "Rollout", NULL), "status"),
	    weight != NULL && !early ? (int)json_integer_value(weight) : -1, r->names, replicas,
	    early ? 0 : r->n_names);
}

static const char *
our_arrival(struct arena *a, struct cluster *c, const struct recording *r, bool early)
{
	int64_t replicas[VERSIONS_MAX] = { 0 };

	for (size_t i = 0; i < r->n_names; i++)
		replicas[i] = json_int(
		    json_object_get(cluster_get(c, "replicasets", "default", r->names[i]), "spec"), "replicas", 0);
	return arrival(a, json_object_get(cluster_rollout(c), "status"), early ? -1 : cluster_weight(c), r->names,
	    replicas, early ? 0 : r->n_names);
}

/* A deadline in the recording is still to strike. */
static bool
has_deadline(const struct recording *r, size_t at)
{
	for (size_t i = 0; i < r->n_names; i++) {
		const json_t *line = last_of(r, at, "ReplicaSet", r->names[i]);

		if (json_object_get(json_object_get(line, "annotations"), "scale-down-deadline") != NULL)
			return true;
	}
	return false;
}

/* The rollout is idle at this moment, and does not change without a further event. */
static bool
is_still(const struct story *t, const struct recording *r, size_t at)
{
	size_t rest = rest_of(r, at);

	return at == rest && !(strcmp(t->skip, "end") == 0 && rest + 1 == r->n) && !has_deadline(r, at);
}

/* Runs until the pods of before are there. */
static void
await_pods(struct cluster *c, struct churn *churn)
{
	cluster_run(c, c->remote != NULL ? PODS_MS - 2 * PODS_TURN_MS : PODS_MS);
	churn->counting = c->remote != NULL;
	for (int quiet = 0, turns = 0; c->remote != NULL && quiet < 2 && turns < REAL_TIME * PODS_MS / PODS_TURN_MS;
	     turns++) {
		churn->pods = 0;
		cluster_run(c, PODS_TURN_MS);
		quiet = churn->pods == 0 ? quiet + 1 : 0;
	}
	churn->pods = 0;
	churn->counting = true;
}

/* In the cluster, which is freed. */
static bool
take_over(const struct story *t, const struct recording *r, size_t at, struct cluster *c)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct churn churn = { .recording = r };
	size_t rest = rest_of(r, at);
	bool early = strcmp(t->skip, "end") == 0 && rest + 1 == r->n, still = is_still(t, r, at), ok;
	const char *ours, *peers;

	c->name = t->rollout;
	cluster_hold_controller(c, true);
	cluster_run(c, 10);
	cluster_apply(c, t->manifests);
	put(c, r, at);
	cluster_observe(c, on_change, &churn);
	await_pods(c, &churn);
	cluster_hold_controller(c, false);
	cluster_run(c, c->remote != NULL ? CHECK_MS : ARRIVE_MS);
	peers = peers_arrival(a, r, rest, early);
	for (int64_t until = cluster_now(c) + (c->remote != NULL ? REAL_TIME * CHECK_MS : 0);
	     strcmp(ours = our_arrival(a, c, r, early), peers) != 0 && cluster_now(c) < until;)
		cluster_run(c, PODS_TURN_MS);
	cluster_observe(c, NULL, NULL);
	ok = strcmp(ours, peers) == 0 && churn.stranger[0] == '\0' && (!still || churn.pods == 0);
	if (!ok)
		printf("  %s taken over after line %zu (%.2f s)\n    ours   %s\n    peer's %s\n%s%s%s", t->name, at + 1,
		    json_number_value(json_object_get(r->lines[at], "t")), ours, peers,
		    churn.stranger[0] != '\0' ? "    a new ReplicaSet: " : "", churn.stranger,
		    churn.stranger[0] != '\0' ? "\n" : "");
	if (!ok && still && churn.pods > 0)
		printf("    %u pods were made or ended, although nothing moved\n", churn.pods);
	if (!ok && getenv("SHOW") != NULL)
		fputs(str_text(&c->story), stdout);
	cluster_free(c);
	return ok;
}

/* In a namespace of its own. */
static bool
take_over_there(
    const struct story *t, const struct recording *r, size_t at, const char *sluice, const struct remote_place *place)
{
	_cleanup_(freep) char *ns = mem_printf("takeover-%s-%zu", t->name, at + 1);
	struct remote_place there = *place;
	struct cluster *c;

	there.namespace = ns;
	c = cluster_new_remote(sluice, &there);
	return c != NULL && take_over(t, r, at, c);
}

/* All moments of one story at which the Rollout holds what the user did last. */
static bool
take_over_all(const struct story *t, const struct recording *r, const char *sluice, const struct remote_place *place,
    unsigned *ret_moments, unsigned *ret_still)
{
	bool ok = r->n > 0, done = true;

	for (size_t k = 0; k < r->n; k++) {
		if (is_do(r->lines[k]))
			done = tag_done(r->lines[k]) != NULL || str_eq(json_str(r->lines[k], "do"), "undo");
		done |= str_eq(json_str(r->lines[k], "kind"), "Rollout");
		if (is_do(r->lines[k]) || !done || last_of(r, k, "Rollout", NULL) == NULL)
			continue;
		*ret_still += is_still(t, r, k);
		(*ret_moments)++;
		if (sluice == NULL)
			ok &= take_over(t, r, k, cluster_new(1));
		else if (is_still(t, r, k))
			ok &= take_over_there(t, r, k, sluice, place);
	}
	return ok;
}

bool
takeovers_run(void)
{
	unsigned moments = 0, still = 0;
	bool ok = true;

	for (const struct story *t = stories; t->name != NULL; t++) {
		_cleanup_(json_decrefp) json_t *lines = story_recording(t->name);
		struct recording r;

		/* The one of which not all must be repeated is about a run, which is not put there. */
		if (strcmp(t->skip, "weights") == 0)
			continue;
		read_recording(lines, &r);
		ok &= take_over_all(t, &r, NULL, NULL, &moments, &still);
	}
	printf("%s the rollouts of Argo Rollouts are taken over at any moment (%u of them; at %u nothing moves)\n",
	    ok ? "ok" : "not ok", moments, still);
	return ok;
}

bool
takeover_in_cluster(const char *name, const char *sluice, const struct remote_place *place)
{
	for (const struct story *t = stories; t->name != NULL; t++) {
		_cleanup_(json_decrefp) json_t *lines = story_recording(t->name);
		unsigned moments = 0, still = 0;
		struct recording r;
		bool ok;

		if (strcmp(t->name, name) != 0)
			continue;
		read_recording(lines, &r);
		ok = take_over_all(t, &r, sluice, place, &moments, &still);
		printf("%s %s is taken over at %u moments, and no pod is made or ended\n", ok ? "ok" : "not ok", name,
		    still);
		return ok;
	}
	printf("not ok take-over of %s: there is no story of that name\n", name);
	return false;
}
