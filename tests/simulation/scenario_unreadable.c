/* tests/simulation/scenario_unreadable.c: objects that the API server has and the controller cannot read.
 *
 * A scenario marks them by an annotation, so that a watch brings them again. What the controller receives of them
 * has a number beyond 64 bits outside of their metadata, as a tenant can store it.
 */
#include <string.h>
#include "base/str.h"
#include "tests/simulation/scenario.h"

#define MARK "tests.example/unreadable"
#define TOO_LARGE "\"unreadable\":123456789012345678901"
#define STANDS_FOR_IT "\"unreadable\":\"too large\""

static void
unreadable_object(json_t *o)
{
	if (json_object_get(json_object_get(json_object_get(o, "metadata"), "annotations"), MARK) != NULL)
		json_object_set_new(o, "unreadable", json_string("too large"));
}

/* An object, a list, or an event of a watch. Malloc'ed. */
static char *
unreadable_line(const char *line, size_t len)
{
	_cleanup_(json_decrefp) json_t *j = json_loadb(line, len, 0, NULL);
	_cleanup_(arena_freep) struct arena *a = arena_new();
	_cleanup_(freep) char *text = NULL;
	json_t *item;
	size_t i;

	if (j == NULL)
		return mem_printf("%.*s", (int)len, line);
	unreadable_object(j);
	unreadable_object(json_object_get(j, "object"));
	json_array_foreach (json_object_get(j, "items"), i, item)
		unreadable_object(item);
	text = json_dumps(j, JSON_COMPACT);
	return mem_strdup(str_replace(a, text, STANDS_FOR_IT, TOO_LARGE));
}

static void
unreadable_spoil(struct cluster *c, const struct request *r, char **text)
{
	struct str all;

	(void)c;
	if (r->url[0] != '/' || strstr(*text, MARK) == NULL)
		return;
	str_init(&all, 64u << 20);
	for (const char *at = *text; *at != '\0';) {
		size_t len = strcspn(at, "\n");
		_cleanup_(freep) char *line = unreadable_line(at, len);

		str_adds(&all, line);
		at += len;
		if (*at == '\n') {
			str_addc(&all, '\n');
			at++;
		}
	}
	free(*text);
	*text = mem_strdup(str_text(&all));
	str_done(&all);
}

struct marking {
	struct scenario *scenario;
	const char *kind, *name; /* name NULL: all */
	bool unreadable;
	size_t n;
};

static void
mark_one(const json_t *o, void *arg)
{
	struct marking *m = arg;
	const json_t *meta = json_object_get(o, "metadata");
	const char *name = json_str(meta, "name"), *ns = json_str(meta, "namespace");

	if ((m->name != NULL && !str_eq(m->name, name)) || (ns != NULL && strcmp(ns, "default") != 0))
		return;
	m->n++;
	if (cluster_do(m->scenario->cluster, "PATCH", "application/merge-patch+json",
		scenario_path(m->scenario, m->kind, "default", name),
		json_pack("{s:{s:{s:o}}}", "metadata", "annotations", MARK,
		    m->unreadable ? json_string("true") : json_null())) != 200)
		scenario_wrong(m->scenario, "%s %s could not be patched", m->kind, name);
}

void
scenario_mark(struct scenario *s, const char *which, bool unreadable)
{
	const char *text = scenario_expand(s, which != NULL ? which : ""), *space = strchr(text, ' ');
	struct marking m = { .scenario = s, .unreadable = unreadable };

	if (space == NULL) {
		scenario_wrong(s, "write: KIND NAME");
		return;
	}
	m.kind = arena_strndup(s->arena, text, (size_t)(space - text));
	m.name = strcmp(space + 1, "*") == 0 ? NULL : space + 1;
	cluster_note(s->cluster, "user: %s %s", text, unreadable ? "becomes unreadable" : "can be read");
	s->cluster->spoil = unreadable_spoil;
	for (const struct resource *r = store_resources; r->plural != NULL; r++)
		if (str_eq(r->kind, m.kind))
			cluster_each(s->cluster, r->plural, mark_one, &m);
	if (m.n == 0)
		scenario_wrong(s, "there is no %s", text);
}
