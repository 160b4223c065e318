/* tests/fleet/counts.c: counters by key, read from a /metrics page or an audit log. */
#include "tests/fleet/counts.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/json.h"
#include "base/time.h"

#define SERVICE_ACCOUNT "system:serviceaccount:argo-rollouts:"
#define LEASES " leases"
#define EVENTS " events"

/* The counters of a page that are summed up, whatever their labels. */
static const struct {
	const char *metric, *key;
} counts_metrics[] = {
	{ "rollout_reconcile_count", "passes" },
	{ "sluice_api_tls_handshakes_total", "handshakes" },
	{ "sluice_api_connections_total", "connections" },
	{ "sluice_dropped_events_total", "events dropped" },
};

void
counts_done(struct counts *c)
{
	map_done(&c->map);
}

int64_t
counts_get(const struct counts *c, const char *key)
{
	return (int64_t)(intptr_t)map_get(&c->map, key);
}

void
counts_add(struct counts *c, const char *key, int64_t n)
{
	map_set(&c->map, key, (void *)(intptr_t)(counts_get(c, key) + n));
}

int64_t
counts_writes(const struct counts *c, bool events)
{
	int64_t n = 0;

	map_each (&c->map, s)
		if (str_starts(s->key, COUNTS_WRITE) && !str_ends(s->key, LEASES) &&
		    (events || !str_ends(s->key, EVENTS)))
			n += (int64_t)(intptr_t)s->value;
	return n;
}

void
counts_since(struct counts *ret, const struct counts *before, const struct counts *now)
{
	map_each (&now->map, s) {
		int64_t n = (int64_t)(intptr_t)s->value - counts_get(before, s->key);

		if (n != 0)
			counts_add(ret, s->key, n);
	}
}

/* Returns the value of a label of a series in the arena; "" without it. */
static const char *
counts_label(struct arena *a, const char *series, const char *label)
{
	const char *want = arena_printf(a, "%s=\"", label), *at = strstr(series, want);

	return at != NULL ? arena_strndup(a, at + strlen(want), strcspn(at + strlen(want), "\"")) : "";
}

static void
counts_of_series(struct counts *c, const char *series, const char *value)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	int64_t n = (int64_t)strtod(value, NULL);
	const char *verb = counts_label(a, series, "verb");
	size_t len = strcspn(series, "{ ");

	for (size_t i = 0; i < ARRAY_SIZE(counts_metrics); i++)
		if (strlen(counts_metrics[i].metric) == len && strncmp(series, counts_metrics[i].metric, len) == 0)
			counts_add(c, counts_metrics[i].key, n);
	if (!str_starts(series, "controller_clientset_k8s_request_total{") || strcmp(verb, "Get") == 0 ||
	    strcmp(verb, "List") == 0 || strcmp(verb, "Watch") == 0)
		return;
	counts_add(c, arena_printf(a, COUNTS_WRITE "%s %s", verb, counts_label(a, series, "kind")), n);
}

void
counts_of_metrics(struct counts *c, const char *text)
{
	struct str line;

	str_init(&line, 1u << 16);
	while (*text != '\0') {
		size_t n = strcspn(text, "\n");
		char *space;

		line.len = 0;
		str_add(&line, text, n);
		if (n > 0 && text[0] != '#' && (space = strrchr(line.at, ' ')) != NULL) {
			*space = '\0';
			counts_of_series(c, line.at, space + 1);
		}
		text += n + (text[n] == '\n');
	}
	str_done(&line);
}

/* "2026-11-23T10:00:00.123456Z" in microseconds. */
static int64_t
counts_audit_time(const char *text)
{
	const char *dot = text != NULL ? strchr(text, '.') : NULL;
	int64_t ms = 0;

	if (text == NULL || !time_parse(text, &ms))
		return 0;
	return ms / 1000 * 1000000 + (dot != NULL ? strtoll(dot + 1, NULL, 10) : 0);
}

static void
counts_of_entry(struct counts *c, const json_t *entry, void (*seen)(void *, const struct audit_write *), void *arg)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const json_t *ref = json_object_get(entry, "objectRef");
	const char *resource = json_str(ref, "resource") ?: "", *sub = json_str(ref, "subresource");
	bool own = str_starts(json_str(json_object_get(entry, "user"), "username"), SERVICE_ACCOUNT);

	if (!str_eq(json_str(entry, "stage"), "ResponseComplete"))
		return;
	if (own)
		counts_add(c,
		    arena_printf(a, COUNTS_WRITE "%s %s%s%s", json_str(entry, "verb") ?: "", resource,
			sub != NULL ? "/" : "", sub ?: ""),
		    1);
	seen(arg, &(struct audit_write){ .resource = sub != NULL ? arena_printf(a, "%s/%s", resource, sub) : resource,
		      .name = json_str(ref, "name") ?: "",
		      .by_controller = own,
		      .arrived = counts_audit_time(json_str(entry, "requestReceivedTimestamp")),
		      .done = counts_audit_time(json_str(entry, "stageTimestamp")) });
}

void
counts_of_audit(
    struct counts *c, const char *file, long *offset, void (*seen)(void *, const struct audit_write *), void *arg)
{
	FILE *f = fopen(file, "r");
	char *line = NULL;
	size_t room = 0;
	ssize_t n;

	if (f == NULL)
		return;
	fseek(f, *offset, SEEK_SET);
	while ((n = getline(&line, &room, f)) > 0 && line[n - 1] == '\n') {
		json_t *entry = json_loadb(line, (size_t)n, 0, NULL);

		*offset += n;
		counts_of_entry(c, entry, seen, arg);
		json_decref(entry);
	}
	free(line);
	fclose(f);
}
