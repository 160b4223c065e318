/* tests/simulation/judge_events.c: an event reports what was written: as often as it was written, and after it.
 *
 * Writes are counted by what an event would say of them; an event takes one of these away.
 */
#include <stdio.h>
#include <string.h>
#include "base/map.h"
#include "tests/simulation/judge_parts.h"

struct reports {
	struct cluster *cluster;
	struct judge *judge;
	struct map writes; /* the claim of an event → a counter */
};

static void printf_like(2, 3) reports_add(struct reports *w, const char *format, ...)
{
	char text[300];
	long *n;
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	n = map_get(&w->writes, text);
	if (n == NULL) {
		n = mem_alloc(sizeof(*n));
		map_set(&w->writes, text, n);
	}
	++*n;
}

static void
reports_take(struct reports *w, const char *text, const char *message)
{
	long *n = map_get(&w->writes, text);

	if (n == NULL || *n <= 0)
		judge_wrong(w->judge, "an event reports what was not written: %s", message);
	else
		--*n;
}

/* "Scaled up ReplicaSet NAME (revision N) from A to B" */
static void
reports_on_scaled(struct reports *w, const char *message)
{
	const char *at = strstr(message, "ReplicaSet "), *from = strstr(message, " from ");
	char text[300];

	if (at == NULL || from == NULL)
		return;
	at += strlen("ReplicaSet ");
	snprintf(text, sizeof(text), "scaled %.*s%s", (int)strcspn(at, " "), at, from);
	reports_take(w, text, message);
}

/* "Rollout step N/M completed (TEXT)" */
static void
reports_on_step(struct reports *w, const char *message)
{
	long long n = 0;
	char text[64];

	if (!str_starts(message, "Rollout step "))
		return;
	n = strtoll(message + strlen("Rollout step "), NULL, 10);
	snprintf(text, sizeof(text), "step %lld", n - 1);
	reports_take(w, text, message);
}

/* "Rollout completed update to revision N (HASH): WHY" */
static void
reports_on_completed(struct reports *w, const char *message)
{
	const char *at = strchr(message, '(');
	char text[100];

	if (at == NULL)
		return;
	snprintf(text, sizeof(text), "stable %.*s", (int)strcspn(at + 1, ")"), at + 1);
	reports_take(w, text, message);
}

/* Returns the text between the first two of these quotes, in `room`; NULL: there are no quotes. */
static const char *
reports_quoted(const char *message, char quote, char *room, size_t size)
{
	const char *at = strchr(message, quote), *end = at != NULL ? strchr(at + 1, quote) : NULL;

	if (end == NULL)
		return NULL;
	snprintf(room, size, "%.*s", (int)(end - at - 1), at + 1);
	return room;
}

/* "Switched selector for service 'NAME' from 'HASH' to 'HASH'" */
static void
reports_on_switched(struct reports *w, const char *message)
{
	const char *from = strstr(message, " from ");
	char name[260], text[400];

	if (from == NULL || reports_quoted(message, '\'', name, sizeof(name)) == NULL)
		return;
	snprintf(text, sizeof(text), "service %s%s", name, from);
	reports_take(w, text, message);
}

/* "Created Experiment 'NAME'" */
static void
reports_on_experiment(struct reports *w, const char *message)
{
	char name[260], text[300];

	if (reports_quoted(message, '\'', name, sizeof(name)) == NULL)
		return;
	snprintf(text, sizeof(text), "experiment %s", name);
	reports_take(w, text, message);
}

/* `start`, a name, and more: a write of that kind of object. */
static void
reports_on_named(struct reports *w, const char *message, const char *start, const char *kind)
{
	char text[300];

	if (!str_starts(message, start))
		return;
	message += strlen(start);
	snprintf(text, sizeof(text), "%s %.*s", kind, (int)strcspn(message, " "), message);
	reports_take(w, text, message);
}

/* "Created ReplicaSet NAME (revision N)" */
static void
reports_on_created(struct reports *w, const char *message)
{
	reports_on_named(w, message, "Created ReplicaSet ", "replicaset");
}

/* "DestinationRule NAME subset updated (…)" */
static void
reports_on_subsets(struct reports *w, const char *message)
{
	reports_on_named(w, message, "DestinationRule ", "destinationrule");
}

/* "VirtualService `NAME` set to desiredWeight 'N'", or a route of the Gateway API */
static void
reports_on_weight(struct reports *w, const char *message)
{
	const char *to = strstr(message, "desiredWeight '");
	char name[260], text[400];

	if (to == NULL || reports_quoted(message, '`', name, sizeof(name)) == NULL)
		return;
	snprintf(text, sizeof(text), "%.*s %s", (int)strcspn(message, " "), message, name);
	reports_take(w, text, message);
}

/* "Updating Ingress `NAME` to desiredWeight 'N'" */
static void
reports_on_ingress(struct reports *w, const char *message)
{
	if (str_starts(message, "Updating "))
		reports_on_weight(w, message + strlen("Updating "));
}

/* An event that happened again has a higher count: each time is one report. */
static void
reports_on_event(struct reports *w, const json_t *old, const json_t *event)
{
	static const struct {
		const char *reason;
		void (*take)(struct reports *, const char *);
	} kinds[] = { { "ScalingReplicaSet", reports_on_scaled }, { "RolloutStepCompleted", reports_on_step },
		{ "RolloutCompleted", reports_on_completed }, { "SwitchService", reports_on_switched },
		{ "ExperimentCreated", reports_on_experiment }, { "NewReplicaSetCreated", reports_on_created },
		{ "Updated VirtualService", reports_on_weight }, { "Updated HTTPRoute", reports_on_weight },
		{ "Updated GRPCRoute", reports_on_weight }, { "Updated TCPRoute", reports_on_weight },
		{ "Updated TLSRoute", reports_on_weight }, { "PatchingCanaryIngress", reports_on_ingress },
		{ "Updated TraefikService", reports_on_weight }, { "Updated ApisixRoute", reports_on_weight },
		{ "Updated HTTPProxy", reports_on_weight }, { "Updated TrafficSplit", reports_on_weight },
		{ "UpdatedDestinationRule", reports_on_subsets } };
	const char *message = json_str(event, "message") ?: "";

	if (!str_eq(json_str(json_object_get(event, "involvedObject"), "kind"), "Rollout"))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (str_eq(json_str(event, "reason"), kinds[i].reason))
			for (json_int_t n = json_int(old, "count", 0); n < json_int(event, "count", 1); n++)
				kinds[i].take(w, message);
}

static void
reports_on_rollout(struct reports *w, const json_t *old, const json_t *o)
{
	const json_t *was = json_object_get(old, "status"), *is = json_object_get(o, "status");
	const char *stable = json_str(is, "stableRS");

	for (long long i = json_int(was, "currentStepIndex", 0); i < json_int(is, "currentStepIndex", 0); i++)
		reports_add(w, "step %lld", i);
	if (stable != NULL && !str_eq(stable, json_str(was, "stableRS")))
		reports_add(w, "stable %s", stable);
}

static void
reports_on_object(struct reports *w, const char *kind, const json_t *old, const json_t *o)
{
	const char *name = json_str(json_object_get(o, "metadata"), "name");
	const char *was = json_str(json_at(old, "/spec/selector"), HASH) ?: "",
		   *is = json_str(json_at(o, "/spec/selector"), HASH) ?: "";

	if (strcmp(kind, "Service") == 0 && !str_eq(was, is))
		reports_add(w, "service %s from '%s' to '%s'", name, was, is);
	else if (strcmp(kind, "Experiment") == 0 && old == NULL)
		reports_add(w, "experiment %s", name);
	else if (strcmp(kind, "ReplicaSet") == 0 && old == NULL)
		reports_add(w, "replicaset %s", name);
	else if (strcmp(kind, "VirtualService") == 0 && old != NULL)
		reports_add(w, "VirtualService %s", name);
	else if ((gateways_is_route(kind) || strcmp(kind, "HTTPProxy") == 0) && old != NULL &&
		 !json_equal(json_object_get(old, "spec"), json_object_get(o, "spec")))
		reports_add(w, "%s %s", kind, name);
	else if ((strcmp(kind, "Ingress") == 0 || strcmp(kind, "TraefikService") == 0 ||
		     strcmp(kind, "ApisixRoute") == 0 || strcmp(kind, "TrafficSplit") == 0) &&
		 old != NULL)
		reports_add(w, "%s %s", kind, name);
	else if (strcmp(kind, "DestinationRule") == 0 && old != NULL)
		reports_add(w, "destinationrule %s", name);
}

void
reports_on_write(struct reports *w, const struct resource *r, const char *type, const json_t *old, const json_t *o)
{
	long long was = json_int(json_object_get(old, "spec"), "replicas", 0),
		  is = json_int(json_object_get(o, "spec"), "replicas", 0);

	if (strcmp(type, "DELETED") == 0)
		return;
	if (strcmp(r->kind, "Event") == 0)
		reports_on_event(w, old, o);
	else if (strcmp(r->kind, "Rollout") == 0)
		reports_on_rollout(w, old, o);
	else
		reports_on_object(w, r->kind, old, o);
	if (strcmp(r->kind, "ReplicaSet") == 0 && was != is)
		reports_add(
		    w, "scaled %s from %lld to %lld", json_str(json_object_get(o, "metadata"), "name"), was, is);
}

struct reports *
reports_new(struct cluster *c, struct judge *j)
{
	struct reports *w = mem_alloc(sizeof(*w));

	w->cluster = c;
	w->judge = j;
	return w;
}

struct reports *
reports_free(struct reports *w)
{
	map_each (&w->writes, slot)
		free(slot->value);
	map_done(&w->writes);
	free(w);
	return NULL;
}
