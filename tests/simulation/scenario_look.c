/* tests/simulation/scenario_look.c: compares the cluster with the expectations of a scenario. */
#include <stdio.h>
#include <string.h>
#include "tests/simulation/scenario.h"

#define HASH "rollouts-pod-template-hash"

struct finding {
	struct scenario *s;
	const char *tag;
	const json_t *found;
};

static void
match_tag(const json_t *rs, void *arg)
{
	struct finding *f = arg;
	const char *image = json_string_value(json_at(rs, "/spec/template/spec/containers/0/image"));
	const json_t *reference = json_at(rs, "/metadata/ownerReferences/0");
	/* A Deployment may have the name of the Rollout that refers to it. */
	const char *owner = str_eq(json_str(reference, "kind"), "Deployment") ? NULL : json_str(reference, "name");
	const char *colon = image != NULL ? strrchr(image, ':') : NULL;

	if (str_eq(owner, f->s->cluster->name) && colon != NULL && strcmp(colon + 1, f->tag) == 0)
		f->found = rs;
}

const json_t *
scenario_version(struct scenario *s, const char *tag)
{
	struct finding f = { .s = s, .tag = tag };

	cluster_each(s->cluster, "replicasets", match_tag, &f);
	return f.found;
}

static const char *
name_of(const json_t *o)
{
	return json_str(json_object_get(o, "metadata"), "name");
}

/* The tag of a hash's version, or the hash itself. */
static const char *
tag_of(struct scenario *s, const char *hash)
{
	const char *rs_name = arena_printf(s->arena, "%s-%s", s->cluster->name, hash != NULL ? hash : "");
	const json_t *rs = cluster_get(s->cluster, "replicasets", "default", rs_name);
	const char *image = json_string_value(json_at(rs, "/spec/template/spec/containers/0/image"));

	return image != NULL && strrchr(image, ':') != NULL ? strrchr(image, ':') + 1 : hash != NULL ? hash : "none";
}

const char *
scenario_expand(struct scenario *s, const char *text)
{
	const char *open, *close;

	while ((open = strchr(text, '{')) != NULL && (close = strchr(open, '}')) != NULL) {
		const json_t *rs = scenario_version(s, arena_strndup(s->arena, open + 1, (size_t)(close - open - 1)));

		text = arena_printf(s->arena, "%.*s%s%s", (int)(open - text), text,
		    rs != NULL ? name_of(rs) : "(no such version)", close + 1);
	}
	return text;
}

static const char *
shown(struct scenario *s, const json_t *v)
{
	return v == NULL ? "nothing" : json_is_string(v) ? json_string_value(v) : json_text(s->arena, v);
}

/* Each returns what there is, as the scenario would write it. A new reference, or NULL for "nothing". */
static json_t *
status_text(struct scenario *s, const char *field)
{
	return json_incref(json_object_get(json_object_get(cluster_rollout(s->cluster), "status"), field));
}

static json_t *
see_weight(struct scenario *s, const json_t *want)
{
	(void)want;
	return json_integer(cluster_weight(s->cluster));
}

static json_t *
see_stable(struct scenario *s, const json_t *want)
{
	(void)want;
	return json_string(tag_of(s, json_str(json_object_get(cluster_rollout(s->cluster), "status"), "stableRS")));
}

static json_t *
see_aborted(struct scenario *s, const json_t *want)
{
	(void)want;
	return json_boolean(json_is_true(json_at(cluster_rollout(s->cluster), "/status/abort")));
}

static json_t *
see_step(struct scenario *s, const json_t *want)
{
	(void)want;
	return status_text(s, "currentStepIndex");
}

static json_t *
see_phase(struct scenario *s, const json_t *want)
{
	(void)want;
	return status_text(s, "phase");
}

/* A part of the message is enough; "": there must be no message. */
static json_t *
see_message(struct scenario *s, const json_t *want)
{
	const char *message = json_str(json_object_get(cluster_rollout(s->cluster), "status"), "message") ?: "";
	const char *part = json_string_value(want) ?: "";

	if (part[0] != '\0' && strstr(message, part) != NULL)
		return json_string(part);
	return json_string(message);
}

/* For each version in question: a number of its ReplicaSet. */
static json_t *
see_numbers(struct scenario *s, const json_t *want, const char *pointer)
{
	json_t *seen = json_object(), *v;
	const char *tag;

	json_object_foreach ((json_t *)want, tag, v)
		json_object_set_new(
		    seen, tag, json_integer(json_integer_value(json_at(scenario_version(s, tag), pointer))));
	return seen;
}

static json_t *
see_pods(struct scenario *s, const json_t *want)
{
	return see_numbers(s, want, "/spec/replicas");
}

static json_t *
see_ready(struct scenario *s, const json_t *want)
{
	return see_numbers(s, want, "/status/availableReplicas");
}

/* Which versions the destinations select. */
static json_t *
see_selects(struct scenario *s, const json_t *want)
{
	const json_t *dr = cluster_get(s->cluster, "destinationrules", "default", "myapp-dr");
	json_t *seen = json_object(), *v;
	const char *key;

	json_object_foreach ((json_t *)want, key, v) {
		const char *hash = NULL;
		const json_t *subset, *service;
		size_t i;

		json_array_foreach (json_at(dr, "/spec/subsets"), i, subset)
			if (str_eq(json_str(subset, "name"), key))
				hash = json_str(json_object_get(subset, "labels"), HASH);
		service = cluster_get(s->cluster, "services", "default", key);
		if (service != NULL)
			hash = json_str(json_at(service, "/spec/selector"), HASH);
		json_object_set_new(seen, key, json_string(tag_of(s, hash)));
	}
	return seen;
}

struct carrying {
	const char *hash;
	const json_t *labels; /* as wanted; null: not there */
	size_t n;
	bool all;
};

static void
check_pod(const json_t *pod, void *arg)
{
	const json_t *labels = json_at(pod, "/metadata/labels");
	struct carrying *c = arg;
	json_t *value;
	const char *key;

	if (!str_eq(json_str(labels, HASH), c->hash) || json_at(pod, "/metadata/deletionTimestamp") != NULL)
		return;
	c->n++;
	json_object_foreach ((json_t *)c->labels, key, value) {
		const json_t *is = json_object_get(labels, key);

		c->all &= json_is_null(value) ? is == NULL : json_equal(is, value);
	}
}

/* {v1: {role: stable}}: the version has pods, and all of them carry these labels. */
static json_t *
see_carry(struct scenario *s, const json_t *want)
{
	json_t *seen = json_object(), *labels;
	const char *tag;

	json_object_foreach ((json_t *)want, tag, labels) {
		const json_t *rs = scenario_version(s, tag);
		struct carrying c = { json_str(json_at(rs, "/metadata/labels"), HASH), labels, 0, true };

		cluster_each(s->cluster, "pods", check_pod, &c);
		json_object_set_new(
		    seen, tag, c.all && c.n > 0 ? json_incref(labels) : json_string("not carried by every pod"));
	}
	return seen;
}

static json_t *
see_conditions(struct scenario *s, const json_t *want)
{
	json_t *seen = json_object(), *v, *one;
	const char *type;
	size_t i;

	json_object_foreach ((json_t *)want, type, v)
		json_array_foreach (json_at(cluster_rollout(s->cluster), "/status/conditions"), i, one)
			if (str_eq(json_str(one, "type"), type))
				json_object_set_new(seen, type, json_string(json_str(one, "reason")));
	return seen;
}

struct last_run {
	const json_t *run;
};

static void
later(const json_t *run, void *arg)
{
	struct last_run *l = arg;
	const char *uid = json_str(json_object_get(run, "metadata"), "uid"),
		   *best = json_str(json_object_get(l->run, "metadata"), "uid");

	/* The store's uids grow. */
	if (best == NULL || strcmp(uid, best) > 0)
		l->run = run;
}

static json_t *
see_analysis(struct scenario *s, const json_t *want)
{
	struct last_run l = { 0 };

	(void)want;
	cluster_each(s->cluster, "analysisruns", later, &l);
	return json_incref(json_object_get(json_object_get(l.run, "status"), "phase"));
}

struct counting {
	json_int_t n;
};

static void
count_one(const json_t *o, void *arg)
{
	(void)o;
	((struct counting *)arg)->n++;
}

/* {replicasets: 2, analysisruns: 1} */
static json_t *
see_objects(struct scenario *s, const json_t *want)
{
	json_t *seen = json_object(), *v;
	const char *plural;

	json_object_foreach ((json_t *)want, plural, v) {
		struct counting c = { 0 };

		cluster_each(s->cluster, plural, count_one, &c);
		json_object_set_new(seen, plural, json_integer(c.n));
	}
	return seen;
}

/* {"replicasets {v1} /metadata/ownerReferences/0/name": myapp}: anything, by pointer; null: it is not there;
 * {present: true}: it is, whatever it holds. {has: TEXT}: that is a part of it, as JSON. */
static json_t *
see_fields(struct scenario *s, const json_t *want)
{
	json_t *seen = json_object(), *v;
	const char *key;

	json_object_foreach ((json_t *)want, key, v) {
		char *plural = arena_strdup(s->arena, scenario_expand(s, key)), *name = strchr(plural, ' '), *pointer,
		     *slash;
		const char *ns = str_starts(plural, "customresourcedefinitions ") ? NULL : "default";
		const json_t *o, *field;

		if (name == NULL || (pointer = strchr(name + 1, ' ')) == NULL) {
			json_object_set_new(seen, key, json_string("(write: PLURAL [NS/]NAME /POINTER)"));
			continue;
		}
		*name++ = '\0';
		*pointer++ = '\0';
		if ((slash = strchr(name, '/')) != NULL) {
			*slash = '\0';
			ns = name;
			name = slash + 1;
		}
		o = cluster_get(s->cluster, plural, ns, name);
		field = o != NULL ? json_at(o, pointer) : NULL;
		if (json_object_get(v, "present") != NULL)
			json_object_set_new(seen, key, json_pack("{s:b}", "present", field != NULL));
		else if (field != NULL && json_str(v, "has") != NULL &&
			 strstr(json_text(s->arena, field), json_str(v, "has")) != NULL)
			json_object_set(seen, key, v);
		else
			json_object_set(seen, key, field != NULL ? (json_t *)field : json_null());
	}
	return seen;
}

static const struct {
	const char *name;
	json_t *(*see)(struct scenario *, const json_t *want);
} views[] = {
	{ "phase", see_phase },
	{ "message", see_message },
	{ "step", see_step },
	{ "weight", see_weight },
	{ "aborted", see_aborted },
	{ "stable", see_stable },
	{ "pods", see_pods },
	{ "ready", see_ready },
	{ "selects", see_selects },
	{ "carry", see_carry },
	{ "conditions", see_conditions },
	{ "analysis", see_analysis },
	{ "objects", see_objects },
	{ "fields", see_fields },
};

bool
scenario_is(struct scenario *s, const json_t *want, const char **ret_why)
{
	const char *key;
	json_t *v;

	json_object_foreach ((json_t *)want, key, v) {
		_cleanup_(json_decrefp) json_t *seen = NULL;
		size_t i = 0;

		if (strcmp(key, "within") == 0)
			continue;
		while (i < ARRAY_SIZE(views) && strcmp(views[i].name, key) != 0)
			i++;
		if (i == ARRAY_SIZE(views)) {
			*ret_why = arena_printf(s->arena, "a scenario knows no \"%s\"", key);
			return false;
		}
		seen = views[i].see(s, v);
		if (!json_equal(seen, v) && !(seen == NULL && json_is_null(v))) {
			*ret_why = arena_printf(s->arena, "%s is %s, not %s", key, shown(s, seen), shown(s, v));
			return false;
		}
	}
	return true;
}

#define STREAMS_MAX 16

/* The lines of one watch: where the last one that was found ends. */
struct order_stream {
	char kind[32]; /* "event", or the kind of the objects */
	const char *after;
};

/* Sets *ret to the second word of a line of the story, or the third if the second is a type of change. */
static void
order_kind(const char *line, char *ret, size_t size)
{
	static const char *const types[] = { "ADDED ", "MODIFIED ", "DELETED " };

	line += strspn(line, " ");
	line += strcspn(line, " ");
	line += strspn(line, " ");
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (strncmp(line, types[i], strlen(types[i])) == 0)
			line += strlen(types[i]);
	snprintf(ret, size, "%.*s", (int)strcspn(line, " \n"), line);
}

/* In real time each kind has its own watch, and that of another may be read later: only lines of one kind have an
 * order. Finds the next occurrence behind what was found of its kind. */
static bool
order_in_its_watch(const char *story, const char *text, struct order_stream *streams)
{
	for (const char *found = story; (found = strstr(found, text)) != NULL; found++) {
		const char *line = found;
		char kind[sizeof(streams->kind)];
		size_t i = 0;

		while (line > story && line[-1] != '\n')
			line--;
		order_kind(line, kind, sizeof(kind));
		while (i < STREAMS_MAX && streams[i].after != NULL && strcmp(streams[i].kind, kind) != 0)
			i++;
		if (i == STREAMS_MAX || (streams[i].after != NULL && found < streams[i].after))
			continue;
		memcpy(streams[i].kind, kind, sizeof(kind));
		streams[i].after = found + strlen(text);
		return true;
	}
	return false;
}

bool
scenario_order(struct scenario *s, const json_t *texts, const char **ret_why)
{
	const char *story = str_text(&s->cluster->story), *at = story;
	struct order_stream streams[STREAMS_MAX] = { 0 };
	json_t *v;
	size_t i;

	json_array_foreach (texts, i, v) {
		const char *text = scenario_expand(s, json_string_value(v) ?: "");
		const char *found = strstr(at, text);

		if (s->cluster->remote != NULL ? !order_in_its_watch(story, text, streams) : found == NULL) {
			*ret_why = arena_printf(s->arena, "\"%s\" is not in the story%s", text,
			    i > 0 ? " behind what is to come before it" : "");
			return false;
		}
		at = found != NULL ? found + strlen(text) : at;
	}
	return true;
}

static long long
lines_with(struct scenario *s, const char *text)
{
	long long n = 0;

	text = scenario_expand(s, text);
	for (const char *at = str_text(&s->cluster->story); (at = strstr(at, text)) != NULL; at += strlen(text))
		n++;
	return n;
}

bool
scenario_count(struct scenario *s, const json_t *counts, const char **ret_why)
{
	const char *text;
	json_t *v;

	json_object_foreach ((json_t *)counts, text, v)
		if (lines_with(s, text) != json_integer_value(v)) {
			*ret_why = arena_printf(s->arena, "\"%s\" is there %lld times, not %lld", text,
			    lines_with(s, text), (long long)json_integer_value(v));
			return false;
		}
	return true;
}

bool
scenario_never(struct scenario *s, const json_t *texts, const char **ret_why)
{
	json_t *v;
	size_t i;

	json_array_foreach (texts, i, v)
		if (lines_with(s, json_string_value(v) ?: "") > 0) {
			*ret_why = arena_printf(s->arena, "\"%s\" is in the story", json_string_value(v));
			return false;
		}
	return true;
}
