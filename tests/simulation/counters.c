/* tests/simulation/counters.c: a pod's counters begin at 0 when it is created, and grow with its traffic. */
#include "tests/simulation/counters.h"
#include <stdlib.h>
#include <string.h>
#include "base/json.h"
#include "base/time.h"

struct counted_query {
	const struct counted *counted;
	struct str text;
	char prefix[2][300]; /* of the canary's pods' names, of the stable version's */
	int64_t start, end, step; /* s */
	bool some;
};

/* Decodes the value of a form's field. */
static void
counted_field(const char *body, const char *name, char *ret, size_t size)
{
	const char *at = strstr(body, name);
	size_t n = 0;

	for (at = at != NULL ? at + strlen(name) : ""; *at != '\0' && *at != '&' && n + 1 < size; at++)
		if (*at == '%' && at[1] != '\0' && at[2] != '\0') {
			char hex[] = { at[1], at[2], '\0' };

			ret[n++] = (char)strtol(hex, NULL, 16);
			at += 2;
		} else {
			ret[n++] = *at;
		}
	ret[n] = '\0';
}

static const struct counted_image *
counted_image(const struct counted_traffic *t, const char *tag)
{
	for (size_t i = 0; i < t->n; i++)
		if (strcmp(t->images[i].tag, tag) == 0)
			return &t->images[i];
	return NULL;
}

/* Returns the value of a counter of an image's pod. */
static double
counted_until(const struct counted *c, const char *tag, int64_t created, int64_t at, bool bad)
{
	double sum = 0;

	for (size_t i = 0; i < c->n && c->changes[i].from < at; i++) {
		const struct counted_traffic *t = &c->changes[i];
		const struct counted_image *image = counted_image(t, tag);
		int64_t from = created > t->from ? created : t->from,
			to = i + 1 < c->n && c->changes[i + 1].from < at ? c->changes[i + 1].from : at;
		double rate = image != NULL ? image->requests : t->requests;

		if (bad)
			rate *= image != NULL ? image->bad : 0;
		if (image != NULL && image->restarted)
			sum = 0;
		if (to > from)
			sum += rate * (double)(to - from) / 1000;
	}
	return sum;
}

static bool
counted_is_missing(const struct counted *c, const char *tag, int64_t at)
{
	bool missing = false;

	for (size_t i = 0; i < c->n && c->changes[i].from < at; i++) {
		const struct counted_image *image = counted_image(&c->changes[i], tag);

		missing = c->changes[i].missing || (image != NULL && image->hidden);
	}
	return missing;
}

/* A program exports a series of bad requests from its first one on. */
static void
counted_series(struct counted_query *q, const json_t *pod, size_t arm, bool bad)
{
	const char *name = json_str(json_object_get(pod, "metadata"), "name"),
		   *image = json_string_value(json_at(pod, "/spec/containers/0/image")), *tag;
	int64_t created = 0;
	bool some = false;

	tag = image != NULL && strrchr(image, ':') != NULL ? strrchr(image, ':') + 1 : "";
	time_parse(json_str(json_object_get(pod, "metadata"), "creationTimestamp") ?: "", &created);
	for (int64_t at = q->start; at <= q->end; at += q->step) {
		double value = counted_until(q->counted, tag, created, at * 1000, bad);

		if (at * 1000 < created || (bad && value < 0.5) || counted_is_missing(q->counted, tag, at * 1000))
			continue;
		if (!some)
			str_addf(&q->text, "%s{\"metric\":{\"pod\":\"%s\",\"sluice\":\"%s/%s\"},\"values\":[",
			    q->some ? "," : "", name, arm == 0 ? "canary" : "stable", bad ? "bad" : "total");
		str_addf(&q->text, "%s[%lld,\"%.0f\"]", some ? "," : "", (long long)at, value);
		some = true;
	}
	if (some)
		str_adds(&q->text, "]}");
	q->some |= some;
}

static void
counted_pod(const json_t *pod, void *arg)
{
	struct counted_query *q = arg;
	const char *name = json_str(json_object_get(pod, "metadata"), "name");

	for (size_t arm = 0; arm < 2; arm++)
		if (q->prefix[arm][0] != '\0' && str_starts(name, q->prefix[arm])) {
			counted_series(q, pod, arm, false);
			counted_series(q, pod, arm, true);
		}
}

char *
counted_response(const struct counted *c, struct store *store, const struct request *r)
{
	struct counted_query q = { .counted = c };
	char query[4096], number[40];
	const char *at = query;

	if (c->n == 0 || r->body == NULL || !str_ends(r->url, "/api/v1/query_range"))
		return NULL;
	counted_field(r->body, "query=", query, sizeof(query));
	for (size_t arm = 0; arm < 2 && (at = strstr(at, "pod=~\"")) != NULL; arm++) {
		at += strlen("pod=~\"");
		snprintf(q.prefix[arm], sizeof(q.prefix[arm]), "%.*s", (int)strcspn(at, "."), at);
	}
	counted_field(r->body, "start=", number, sizeof(number));
	q.start = strtoll(number, NULL, 10);
	counted_field(r->body, "end=", number, sizeof(number));
	q.end = strtoll(number, NULL, 10);
	counted_field(r->body, "step=", number, sizeof(number));
	q.step = strtoll(number, NULL, 10);
	if (q.step <= 0)
		return NULL;
	str_init(&q.text, 8u << 20);
	str_adds(&q.text, "{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[");
	store_each(store, "pods", counted_pod, &q);
	str_adds(&q.text, "]}}");
	return q.text.at;
}
