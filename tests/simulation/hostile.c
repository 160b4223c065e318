/* tests/simulation/hostile.c: an API server whose responses are cut, huge, deep, of wrong types, or errors.
 *
 * A canary is deployed while a trick is played for 40 s, and the judge checks every write: none may be made that the
 * true state forbids. A minute after the end of the trick the rollout must be where it would be without it, and
 * neither requests nor memory may have grown.
 */
#include <malloc.h>
#include <stdio.h>
#include "base/str.h"
#include "tests/simulation/cluster.h"
#include "tests/simulation/judge.h"

#define TRICK_MS 40000
#define RECOVERS_MS 60000
#define REQUESTS_MAX 8000 /* while a trick is played: a dozen watches that back off, and the keys of one rollout */
#define MEMORY_MAX (8u << 20) /* bytes that may be in use afterwards beyond those before: the story grows too */
#define TENANT "{\"metadata\":{\"name\":\"evil\",\"namespace\":\"tenant\",\"uid\":\"e1\",\"resourceVersion\":\"1\"}"

struct trick {
	const char *name;
	/* Replaces the text; NULL: it arrives as it is. */
	char *(*spoil)(const char *text);
	int status; /* of every response; 0: as it is */
	int64_t retry_after_ms;
	bool only_lists; /* objects are put into lists only */
};

static char *
replaced(const char *text, const char *what, const char *by)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();

	return mem_strdup(str_replace(a, text, what, by));
}

/* Puts objects before those of a list. */
static char *
with_items(const char *text, const char *items)
{
	const char *list = strstr(text, "\"items\":[");
	size_t n = list != NULL ? (size_t)(list - text) + strlen("\"items\":[") : 0;

	if (list == NULL)
		return mem_strdup(text);
	return mem_printf("%.*s%s%s%s", (int)n, text, items, text[n] == ']' ? "" : ",", text + n);
}

static char *
repeated(const char *head, char c, size_t n, const char *tail)
{
	char *text = mem_alloc(strlen(head) + n + strlen(tail) + 1);
	size_t at = strlen(head);

	memcpy(text, head, at);
	memset(text + at, c, n);
	memcpy(text + at + n, tail, strlen(tail) + 1);
	return text;
}

static char *
cut(const char *text)
{
	return mem_printf("%.*s", (int)(strlen(text) / 2), text);
}

/* Events that do not arrive at all are no trick that a client could see. */
static char *
nothing(const char *text)
{
	return mem_strdup(str_starts(text, "{\"type\":") ? text : "");
}

static char *
page(const char *text)
{
	(void)text;
	return mem_strdup("<html>502 Bad Gateway</html>\n");
}

static char *
without_ends(const char *text)
{
	return replaced(text, "\n", " ");
}

static char *
deep(const char *text)
{
	_cleanup_(freep) char *open = repeated(TENANT ",\"spec\":", '[', 5000, ""),
			      *item = repeated(open, ']', 5000, "}");

	return with_items(text, item);
}

static char *
huge(const char *text)
{
	_cleanup_(freep) char *item = repeated(TENANT ",\"spec\":\"", 'x', 9u << 20, "\"}");

	return with_items(text, item);
}

static char *
odd(const char *text)
{
	return with_items(text,
	    TENANT ",\"spec\":{\"replicas\":123456789012345678901}},{\"a\\u0000b\":1},{\"metadata\":7},[],{},"
		   "{\"metadata\":{\"name\":[\"x\"],\"namespace\":{}}},{\"metadata\":{\"name\":\"y\"},\"metadata\":{"
		   "\"name\":\"z\"}},"
		   "{\"metadata\":{\"name\":\"w\",\"namespace\":\"default\",\"uid\":\"w\",\"resourceVersion\":\"2\","
		   "\"ownerReferences\":[{\"controller\":true}]}}");
}

static char *
without_uids(const char *text)
{
	return replaced(text, "\"uid\":", "\"u1d\":");
}

static char *
without_kinds(const char *text)
{
	return replaced(text, "\"kind\":\"Rollout\"", "\"kynd\":\"Rollout\"");
}

static char *
numbers_as_texts(const char *text)
{
	_cleanup_(freep) char *replicas = replaced(text, "\"replicas\":", "\"replicas\":\"many\",\"r\":");
	_cleanup_(freep) char *weights = replaced(replicas, "\"weight\":", "\"weight\":\"all\",\"w\":");

	return replaced(weights, "\"selector\":{", "\"selector\":7,\"s\":{");
}

static char *
numbers_too_large(const char *text)
{
	return replaced(text, "\"generation\":", "\"generation\":99999999999999999999,\"g\":");
}

static char *
keys_twice(const char *text)
{
	return replaced(text, "\"spec\":{", "\"spec\":{},\"spec\":{");
}

static char *
no_text(const char *text)
{
	return replaced(text, "\"labels\":{", "\"labels\":{\"\xff\xfe\":\"\",");
}

static const struct trick tricks[] = {
	{ .name = "responses that are cut", .spoil = cut },
	{ .name = "empty responses", .spoil = nothing },
	{ .name = "a page in place of JSON", .spoil = page },
	{ .name = "events that do not end", .spoil = without_ends },
	{ .name = "an object nested 5000 deep", .spoil = deep, .only_lists = true },
	{ .name = "an object of 9 MiB", .spoil = huge, .only_lists = true },
	{ .name = "objects of no sense", .spoil = odd, .only_lists = true },
	{ .name = "objects without uid", .spoil = without_uids },
	{ .name = "owners without kind", .spoil = without_kinds },
	{ .name = "texts in place of numbers", .spoil = numbers_as_texts },
	{ .name = "numbers beyond 64 bits", .spoil = numbers_too_large },
	{ .name = "keys that are there twice", .spoil = keys_twice },
	{ .name = "keys that are no UTF-8", .spoil = no_text },
	{ .name = "429 with Retry-After", .status = 429, .retry_after_ms = 20000 },
	{ .name = "429 with a Retry-After of an hour", .status = 429, .retry_after_ms = 3600000 },
	{ .name = "500", .status = 500 },
	{ .name = "503 with Retry-After", .status = 503, .retry_after_ms = 10000 },
	{ .name = "401", .status = 401 },
	{ .name = "403", .status = 403 },
	{ .name = "404", .status = 404 },
	{ .name = "410", .status = 410 },
	{ .name = "302", .status = 302 },
};

struct playing {
	const struct trick *trick; /* NULL: none is played now */
	unsigned requests;
};

static void
on_request(struct cluster *c, const struct request *r, struct fault *f)
{
	struct playing *p = c->fault_arg;

	(void)r;
	p->requests++;
	if (p->trick == NULL)
		return;
	f->status = p->trick->status;
	f->retry_after_ms = p->trick->retry_after_ms;
}

static void
on_text(struct cluster *c, const struct request *r, char **text)
{
	const struct playing *p = c->fault_arg;
	char *was = *text;

	if (p->trick == NULL || p->trick->spoil == NULL || (p->trick->only_lists && !r->stream))
		return;
	*text = p->trick->spoil(was);
	free(was);
}

/* Returns the failure, in the arena; NULL: none. With `from_start` the controller starts during the trick. */
static const char *
trick_play(const struct trick *t, bool from_start, struct arena *a)
{
	struct cluster *c = cluster_new(1);
	struct judge *j = judge_new(c);
	struct playing p = { 0 };
	unsigned long requests, before, after;
	const char *wrong = NULL;
	size_t memory;
	bool paused;

	c->fault = on_request;
	c->fault_arg = &p;
	c->spoil = on_text;
	cluster_apply(c, "tests/data/traces/istio.yaml");
	if (!cluster_wait(c, "Healthy", 4, 60000))
		wrong = "it does not begin Healthy";
	cluster_run(c, 10000);
	memory = mallinfo2().uordblks;
	p = (struct playing){ .trick = t };
	if (from_start)
		cluster_kill_controller(c);
	cluster_set_image(c, "myregistry/myapp:v2");
	cluster_run(c, TRICK_MS);
	if (wrong == NULL && p.requests > REQUESTS_MAX)
		wrong = arena_printf(a, "%u requests while it lasted", p.requests);
	p.trick = NULL;
	paused = cluster_wait(c, "Paused", 1, RECOVERS_MS);
	if (wrong == NULL && !paused)
		wrong = arena_printf(a, "a minute later it is not paused at its first step, but %s",
		    json_str(json_at(cluster_rollout(c), "/status"), "phase"));
	cluster_promote(c);
	if (wrong == NULL && !cluster_wait(c, "Healthy", 4, 120000))
		wrong = "it does not end Healthy";
	cluster_run(c, 60000);
	if (wrong == NULL && mallinfo2().uordblks > memory + MEMORY_MAX)
		wrong = arena_printf(a, "%zu bytes more in use", mallinfo2().uordblks - memory);
	store_counts(c->store, &requests, &before);
	cluster_run(c, 60000);
	store_counts(c->store, &requests, &after);
	if (wrong == NULL)
		wrong = arena_strdup(a, judge_verdict(j));
	if (wrong == NULL)
		wrong = arena_strdup(a, judge_end(j, after - before));
	if (wrong != NULL)
		printf("%s\n", str_text(&c->story));
	judge_free(j);
	cluster_free(c);
	return wrong;
}

bool
hostile_run(const char *only)
{
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(tricks); i++)
		for (int from_start = 0; from_start <= 1; from_start++) {
			_cleanup_(arena_freep) struct arena *a = arena_new();
			const char *wrong;

			if (only != NULL && strcmp(only, tricks[i].name) != 0)
				continue;
			n++;
			if ((wrong = trick_play(&tricks[i], from_start == 1, a)) != NULL) {
				printf("not ok hostile server, %s%s: %s\n", tricks[i].name,
				    from_start == 1 ? " from the controller's start" : "", wrong);
				return false;
			}
		}
	printf("ok %zu tricks of a hostile API server: no wrong write, and all is well a minute later\n", n);
	return n > 0;
}
