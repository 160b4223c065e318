/* cli/cmd_events.c: events: the events of a namespace or an object, the newest last. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/str.h"
#include "base/time.h"
#include "cli/cli.h"

static int events_run(struct cli *);

const struct command cmd_events = {
	.name = "events",
	.args = "",
	.group = GROUP_SEE,
	.summary = "List events, the newest last",
	.example = "events -n argocd|events -n flux-system --for kustomization/shop",
	.flags =
	    (const struct flag[]){
		FLAG_ALL_NAMESPACES,
		{ .name = "for", .value = "KIND/NAME", .text = "Only of this object" },
		{ .name = "types", .value = "TYPE", .choices = "Normal|Warning", .text = "Only of this type" },
		{ 0 },
	    },
	.run = events_run,
};

struct shown_event {
	int64_t last; /* wall ms */
	const json_t *event; /* borrowed from the list */
};

static int
events_compare(const void *a, const void *b)
{
	const struct shown_event *x = a, *y = b;

	return x->last < y->last ? -1 : x->last > y->last;
}

/* The last time at which the event happened; events of newer clients have other fields. */
static int64_t
events_last(const json_t *e)
{
	static const char *const fields[] = { "/series/lastObservedTime", "/lastTimestamp", "/eventTime",
		"/metadata/creationTimestamp" };
	int64_t ms;

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		const char *text = json_string_value(json_at(e, fields[i]));

		if (text != NULL && time_parse(text, &ms))
			return ms;
	}
	return 0;
}

static bool
events_selects(const struct cli *c, const json_t *e, const char *kind, const char *name)
{
	const json_t *of = json_object_get(e, "involvedObject");

	return (name == NULL ||
		   (strcasecmp(json_str(of, "kind") ?: "", kind) == 0 && str_eq(json_str(of, "name"), name))) &&
	       (cli_flag(c, "types") == NULL || str_eq(json_str(e, "type"), cli_flag(c, "types")));
}

static void
events_print(struct cli *c, const struct shown_event *s)
{
	const json_t *of = json_object_get(s->event, "involvedObject");

	if (cli_on(c, "all-namespaces"))
		printf("%-20s ", json_str(of, "namespace") ?: "");
	printf("%-21s %-8s %-24s %-40s %s\n", s->last != 0 ? time_format(c->arena, s->last) : "-",
	    json_str(s->event, "type") ?: "", json_str(s->event, "reason") ?: "",
	    arena_printf(c->arena, "%s/%s", json_str(of, "kind") ?: "", json_str(of, "name") ?: ""),
	    json_str(s->event, "message") ?: "");
}

static int
events_run(struct cli *c)
{
	_cleanup_(json_decrefp) json_t *list = NULL;
	const char *kind = cli_flag(c, "for"), *name = kind != NULL ? strchr(kind, '/') : NULL;
	struct shown_event *shown;
	struct err *e;
	json_t *event;
	size_t i, n = 0;

	if (c->n_args != 0 || (kind != NULL && name == NULL))
		return cli_fail(c, "usage: sluice events [--for KIND/NAME]");
	if (name != NULL) {
		kind = arena_strndup(c->arena, kind, (size_t)(name - kind));
		name++;
	}
	if (cli_connect(c) != 0)
		return 1;
	e = cli_call_list(c, NULL,
	    cli_on(c, "all-namespaces")
		? "/api/v1/events"
		: arena_printf(c->arena, "/api/v1/namespaces/%s/events", str_url_escape(c->arena, c->namespace)),
	    &list);
	if (e != NULL)
		return cli_error(c, e);
	shown = arena_new_array(c->arena, struct shown_event, json_array_size(json_object_get(list, "items")) + 1);
	json_array_foreach (json_object_get(list, "items"), i, event)
		if (events_selects(c, event, kind, name))
			shown[n++] = (struct shown_event){ events_last(event), event };
	qsort(shown, n, sizeof(*shown), events_compare);
	if (n == 0)
		fprintf(stderr, "No events in %s.\n",
		    cli_on(c, "all-namespaces") ? "any namespace"
						: arena_printf(c->arena, "namespace %s", c->namespace));
	else if (cli_on(c, "all-namespaces"))
		printf("%-20s ", "NAMESPACE");
	if (n > 0)
		printf("%-21s %-8s %-24s %-40s %s\n", "LAST", "TYPE", "REASON", "OBJECT", "MESSAGE");
	for (i = 0; i < n; i++)
		events_print(c, &shown[i]);
	return 0;
}
