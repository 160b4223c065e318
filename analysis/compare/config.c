/* analysis/compare/config.c: reads the fields of a comparison, and writes its query.
 *
 * One query returns all counters, so that they are samples of the same times:
 *
 *	label_replace(sum by (pod) (requests_total{job="x",pod=~"myapp-abc-.*"}), "sluice", "canary/total", "", "")
 *	or label_replace(…)
 */
#include "analysis/compare/config.h"
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/time.h"

#define CONFIG_STEP_MS 15000
#define CONFIG_STEP_MIN_MS 1000
#define CONFIG_STEP_MAX_MS 300000
#define CONFIG_WARMUP_SLOW_MS 60000
#define CONFIG_WAIT_MS 3600000
#define CONFIG_WAIT_MAX_MS (24 * 3600000)
#define CONFIG_LAG_MS 10000
#define CONFIG_LEAD_MS 120000
#define CONFIG_NAME_MAX 253 /* bytes of a name in a release */
#define CONFIG_ROLLOUT_MAX 46 /* bytes of a name that leaves the hash of the ReplicaSet whole in its pods' names */
#define CONFIG_HASH_MAX 10 /* bytes of the hash of a ReplicaSet */
#define CONFIG_GENERATED_MAX 58 /* bytes of the name of an owner that Kubernetes keeps in a generated name */

/* A number: JSON, or a text with or without "%". */
struct config_number {
	const char *field, *json;
	double standard, least, most; /* the default; the limits, which are excluded for a probability or share */
	double *ret;
};

static bool
config_parse_number(const char *json, double *ret)
{
	size_t len = strlen(json);
	char *end;

	if (len >= 2 && json[0] == '"' && json[len - 1] == '"') {
		json++;
		len -= 2;
	}
	if (len == 0 || len > 20 || strchr("0123456789.", json[0]) == NULL)
		return false;
	*ret = strtod(json, &end);
	if (end < json + len && *end == '%') {
		*ret /= 100;
		end++;
	}
	return end == json + len && isfinite(*ret);
}

static struct err *
config_read_number(struct arena *a, const struct config_number *n)
{
	double v = n->standard;

	if (n->json != NULL && !config_parse_number(n->json, &v))
		return err_new(a, ERR_INVALID, "%s: %s is not a number such as 0.01 or \"1%%\"", n->field, n->json);
	if (!(v >= n->least && v <= n->most))
		return err_new(a, ERR_INVALID, "%s: %s is not from %g to %g", n->field, n->json, n->least, n->most);
	*n->ret = v;
	return NULL;
}

static struct err *
config_read_numbers(struct arena *a, const struct compare_metric *m, struct compare_config *c)
{
	const struct config_number numbers[] = {
		{ "tolerate.ratio", m->tolerate.ratio, 1.25, 1, 1000, &c->evidence.tolerate_ratio },
		{ "tolerate.share", m->tolerate.share, 0.001, 0, 0.9, &c->evidence.tolerate_share },
		{ "catch.ratio", m->catch.ratio, 2, 1.01, 1000, &c->evidence.catch_ratio },
		{ "catch.share", m->catch.share, 0.01, 0.000001, 0.9, &c->evidence.catch_share },
		{ "falseAlarms", m->false_alarms, 0.01, 0.000001, 0.5, &c->false_alarms },
		{ "misses", m->misses, 0.1, 0.000001, 0.5, &c->misses },
	};
	struct err *e;

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		if ((e = config_read_number(a, &numbers[i])) != NULL)
			return e;
	return NULL;
}

static struct err *
config_read_times(struct arena *a, const struct compare_metric *m, struct compare_config *c)
{
	c->step_ms = m->step.text != NULL ? m->step.ms : CONFIG_STEP_MS;
	c->warmup_ms = m->warmup.text != NULL ? m->warmup.ms : m->slow != NULL ? CONFIG_WARMUP_SLOW_MS : 0;
	c->wait_ms = m->wait.text != NULL ? m->wait.ms : CONFIG_WAIT_MS;
	if (c->step_ms < CONFIG_STEP_MIN_MS || c->step_ms % 1000 != 0 || c->step_ms > CONFIG_STEP_MAX_MS)
		return err_new(
		    a, ERR_INVALID, "step: \"%s\" is not a number of whole seconds, from 1s to 5m", m->step.text);
	if (c->warmup_ms < 0 || c->warmup_ms > CONFIG_WAIT_MS)
		return err_new(a, ERR_INVALID, "warmup: \"%s\" is not from 0s to 1h", m->warmup.text);
	if (c->wait_ms < COMPARISON_BINS_MIN * c->step_ms || c->wait_ms > CONFIG_WAIT_MAX_MS)
		return err_new(
		    a, ERR_INVALID, "wait: \"%s\" is not from %d steps to 24h", m->wait.text, COMPARISON_BINS_MIN);
	if (config_columns(c) > CONFIG_COLUMNS_MAX)
		return err_new(a, ERR_INVALID,
		    "wait: %s in steps of %s is more than %d samples of a series: set a longer step",
		    duration_human(a, c->wait_ms), duration_human(a, c->step_ms), CONFIG_COLUMNS_MAX);
	return NULL;
}

/* Splits a selector at the place of another matcher: NAME{MATCHERS} into "NAME" and "MATCHERS" (without a comma at its
 * end). Returns false if it is something else. */
static bool
config_split(struct arena *a, const char *text, const char **ret_name, const char **ret_matchers)
{
	size_t name, len = strlen(text);
	const char *at, *from;

	*ret_name = *ret_matchers = "";
	while (isspace((unsigned char)*text))
		text++, len--;
	while (len > 0 && isspace((unsigned char)text[len - 1]))
		len--;
	name = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_:");
	if (isdigit((unsigned char)text[0]))
		return false;
	*ret_name = arena_strndup(a, text, name);
	if (name == len)
		return name > 0;
	for (at = text + name; isspace((unsigned char)*at); at++)
		;
	if (*at != '{' || text[len - 1] != '}')
		return false;
	from = ++at;
	for (; at < text + len - 1; at++)
		if (*at == '"' || *at == '\'' || *at == '`') {
			char quote = *at;

			for (at++; at < text + len - 1 && *at != quote; at++)
				if (*at == '\\' && quote != '`')
					at++;
			if (at >= text + len - 1)
				return false;
		} else if (*at == '}' || *at == '{' || *at == '(' || *at == '#') {
			return false;
		}
	while (at > from && (isspace((unsigned char)at[-1]) || at[-1] == ','))
		at--;
	*ret_matchers = arena_strndup(a, from, (size_t)(at - from));
	return true;
}

static struct err *
config_check_selector(struct arena *a, const char *field, const char *text, bool named)
{
	const char *name, *matchers;

	if (text == NULL || !config_split(a, text, &name, &matchers) || (named && name[0] == '\0') ||
	    (name[0] == '\0' && matchers[0] == '\0'))
		return err_new(a, ERR_INVALID, "%s: `%s` is not a metric with label matchers, such as %s", field,
		    text != NULL ? text : "", named ? "request_seconds{job=\"x\"}" : "requests_total{job=\"x\"}");
	return NULL;
}

static struct err *
config_check_selectors(struct arena *a, const struct compare_metric *m)
{
	const char *name, *matchers;
	struct err *e;

	if (m->slow != NULL ? m->bad != NULL || m->total != NULL : m->bad == NULL || m->total == NULL)
		return err_new(a, ERR_INVALID, "needs either bad and total, or slow");
	if (m->slow != NULL)
		e = config_check_selector(a, "slow", m->slow, true);
	else if ((e = config_check_selector(a, "bad", m->bad, false)) == NULL)
		e = config_check_selector(a, "total", m->total, false);
	if (e != NULL)
		return e;
	for (size_t i = 0; i < 2; i++) {
		const char *text = i == 0 ? m->canary : m->stable;

		if (text != NULL &&
		    (!config_split(a, arena_printf(a, "{%s}", text), &name, &matchers) || matchers[0] == '\0'))
			return err_new(a, ERR_INVALID,
			    "%s: `%s` is not a list of label matchers, such as version=\"v2\"",
			    i == 0 ? "canary" : "stable", text);
	}
	if (m->by != NULL &&
	    (m->by[0] == '\0' || isdigit((unsigned char)m->by[0]) || str_eq(m->by, "le") ||
		str_eq(m->by, CONFIG_LABEL) ||
		m->by[strspn(m->by, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")] != '\0'))
		return err_new(a, ERR_INVALID, "by: \"%s\" is not the name of a label of pods", m->by);
	return NULL;
}

struct err *
config_read(struct arena *a, const struct compare_metric *m, struct compare_config *ret)
{
	struct err *e;

	*ret = (struct compare_config){ .evidence = { .prior = 0.1, .prior_alone = 0.2 },
		.otherwise = str_eq(m->otherwise, "pass")    ? OTHERWISE_PASS
			     : str_eq(m->otherwise, "abort") ? OTHERWISE_ABORT
							     : OTHERWISE_PAUSE,
		.since_run = str_eq(m->since, "run"),
		.until_end = str_eq(m->until, "end") };
	if ((e = config_check_selectors(a, m)) != NULL || (e = config_read_numbers(a, m, ret)) != NULL)
		return e;
	return config_read_times(a, m, ret);
}

size_t
config_lead(const struct compare_config *c)
{
	return (size_t)((CONFIG_LEAD_MS + c->step_ms - 1) / c->step_ms);
}

size_t
config_columns(const struct compare_config *c)
{
	return config_lead(c) + 2 + (size_t)(c->wait_ms / c->step_ms);
}

int64_t
config_least_ms(struct arena *a, const struct compare_metric *m)
{
	struct compare_config c;

	if (config_read(a, m, &c) != NULL)
		return COMPARISON_BINS_MIN * CONFIG_STEP_MS;
	return c.until_end ? c.wait_ms : c.warmup_ms + COMPARISON_BINS_MIN * c.step_ms;
}

int64_t
config_lag_ms(const struct compare_config *c)
{
	return c->step_ms < CONFIG_LAG_MS ? c->step_ms : CONFIG_LAG_MS;
}

enum run_phase
config_phase(const struct compare_config *c, enum comparison_verdict verdict)
{
	switch (verdict) {
	case COMPARISON_FAILED: return RUN_FAILED;
	case COMPARISON_PASSED: return RUN_SUCCESSFUL;
	case COMPARISON_EXPIRED: break;
	case COMPARISON_WAITS: return RUN_RUNNING;
	}
	return c->otherwise == OTHERWISE_PASS	 ? RUN_SUCCESSFUL
	       : c->otherwise == OTHERWISE_ABORT ? RUN_FAILED
						 : RUN_INCONCLUSIVE;
}

bool
config_holds(const struct compare_metric *m)
{
	return m->holds != NULL ? str_eq(m->holds, "promotion") : !str_eq(m->until, "end");
}

const char *
config_by(const struct compare_metric *m)
{
	return m->by != NULL ? m->by : m->canary != NULL && m->stable != NULL ? NULL : "pod";
}

/* Returns what the names of a ReplicaSet's pods begin with. */
static const char *
config_prefix(struct arena *a, const char *rollout, const char *hash)
{
	const char *prefix = arena_printf(a, "%s-%s-", rollout, hash);

	return arena_strndup(a, prefix, strnlen(prefix, CONFIG_GENERATED_MAX));
}

/* Returns the regular expression, in a string of PromQL, of the names of a ReplicaSet's pods. */
static const char *
config_pods(struct arena *a, const char *rollout, const char *hash)
{
	return arena_printf(a, "%s.*", str_replace(a, config_prefix(a, rollout, hash), ".", "\\\\."));
}

static struct err *
config_name_error(struct arena *a, const char *prefix)
{
	return err_new(a, ERR_INVALID,
	    "the name of the Rollout is too long: the names of the pods of both versions begin with %s; canary: and "
	    "stable: must be set",
	    prefix);
}

struct err *
config_check_rollout(struct arena *a, const struct compare_metric *m, const char *rollout, bool *ret_certain)
{
	size_t begin = strnlen(rollout, CONFIG_GENERATED_MAX) + 1;

	*ret_certain = begin >= CONFIG_GENERATED_MAX;
	if ((m->canary != NULL && m->stable != NULL) || begin + CONFIG_HASH_MAX <= CONFIG_GENERATED_MAX)
		return NULL;
	if (*ret_certain)
		return config_name_error(a, config_prefix(a, rollout, ""));
	return err_new(a, ERR_INVALID,
	    "the name of the Rollout is too long: the names of its pods have %zu byte%s of the hash of their version; "
	    "canary: and stable: must be set if these are the same for both",
	    CONFIG_GENERATED_MAX - begin, CONFIG_GENERATED_MAX - begin == 1 ? "" : "s");
}

/* The names of the pods of a Rollout with a long name have only a part of the ReplicaSet's hash, or nothing of it. */
static struct err *
config_check_prefixes(struct arena *a, const struct compared_release *r)
{
	const char *canary, *stable;

	if (str_empty(r->canary) || str_empty(r->stable) || str_eq(r->canary, r->stable))
		return NULL;
	canary = config_prefix(a, r->rollout, r->canary);
	stable = config_prefix(a, r->rollout, r->stable);
	if (!str_starts(canary, stable) && !str_starts(stable, canary))
		return NULL;
	return config_name_error(a, canary);
}

static bool
config_is_name(const char *text)
{
	return !str_empty(text) && strlen(text) <= CONFIG_NAME_MAX &&
	       text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789.-")] == '\0';
}

static struct err *
config_matcher(
    struct arena *a, const struct compare_metric *m, const struct compared_release *r, enum arm arm, const char **ret)
{
	const char *given = arm == ARM_CANARY ? m->canary : m->stable,
		   *hash = arm == ARM_CANARY ? r->canary : r->stable;
	struct err *e;

	if (given != NULL) {
		*ret = given;
		return NULL;
	}
	if (!config_is_name(r->rollout) || !config_is_name(hash))
		return err_new(a, ERR_INVALID,
		    "the pods of the %s are not known: no Rollout created the AnalysisRun, so that %s: must be set",
		    arm == ARM_CANARY ? "canary" : "stable version", arm == ARM_CANARY ? "canary" : "stable");
	if ((e = config_check_prefixes(a, r)) != NULL)
		return e;
	*ret = arena_printf(a, "%s=~\"%s\"", config_by(m), config_pods(a, r->rollout, hash));
	return NULL;
}

/* A part of the query: the series of a version. */
struct config_part {
	const char *selector;
	const char *suffix; /* of the name */
	const char *more; /* a matcher; "": none */
	const char *by; /* labels, "pod, le"; "": none */
	const char *label; /* CONFIG_...; NULL: none */
	enum arm arm;
};

static struct err *
config_part(struct arena *a, const struct compare_metric *m, const struct compared_release *r,
    const struct config_part *part, const char **ret)
{
	const char *name, *matchers, *version, *sum;
	struct err *e;

	if ((e = config_matcher(a, m, r, part->arm, &version)) != NULL)
		return e;
	config_split(a, part->selector, &name, &matchers);
	sum = arena_printf(a, "sum by (%s) (%s%s{%s%s%s%s%s})", part->by, name, part->suffix, matchers,
	    matchers[0] != '\0' ? "," : "", version, part->more[0] != '\0' ? "," : "", part->more);
	*ret = part->label == NULL
		   ? sum
		   : arena_printf(a, "label_replace(%s, \"" CONFIG_LABEL "\", \"%s\", \"\", \"\")", sum, part->label);
	return NULL;
}

/* Returns the matcher of buckets. An exporter may write a bound as "1" or "1.0". */
static const char *
config_buckets(struct arena *a, const char *bounds)
{
	const char *all = "";

	while (*bounds != '\0') {
		size_t n = strcspn(bounds, ",");
		const char *one = arena_strndup(a, bounds, n);
		const char *other = strchr(one, '.') == NULL ? arena_printf(a, "|%s\\\\.0", one)
				    : str_ends(one, ".0")    ? arena_printf(a, "|%.*s", (int)(n - 2), one)
							     : "";

		one = str_replace(a, str_replace(a, one, ".", "\\\\."), "+", "\\\\+");
		all = arena_printf(a, "%s%s%s%s", all, all[0] != '\0' ? "|" : "", one, other);
		bounds += n + (bounds[n] == ',');
	}
	return arena_printf(a, "le=~\"%s\"", all);
}

/* Sets *ret to the query of both versions, or of the stable one alone. */
static struct err *
config_counters_query(struct arena *a, const struct compare_metric *m, const struct compared_release *r,
    const char *bounds, bool both, const char **ret)
{
	const char *by = config_by(m) != NULL ? config_by(m) : "", *all = "";
	const char *by_le = by[0] != '\0' ? arena_printf(a, "%s, le", by) : "le";
	const char *total = m->slow != NULL ? m->slow : m->total, *bad = m->slow != NULL ? m->slow : m->bad;
	const char *count = m->slow != NULL ? "_count" : "", *bucket = m->slow != NULL ? "_bucket" : "";
	const char *le = m->slow != NULL ? config_buckets(a, bounds) : "";
	const struct config_part parts[] = {
		{ total, count, "", by, CONFIG_CANARY_TOTAL, ARM_CANARY },
		{ total, count, "", by, CONFIG_STABLE_TOTAL, ARM_STABLE },
		{ bad, bucket, le, m->slow != NULL ? by_le : by, CONFIG_CANARY_BAD, ARM_CANARY },
		{ bad, bucket, le, m->slow != NULL ? by_le : by, CONFIG_STABLE_BAD, ARM_STABLE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		const char *one;
		struct err *e;

		if (!both && parts[i].arm == ARM_CANARY)
			continue;
		if ((e = config_part(a, m, r, &parts[i], &one)) != NULL)
			return e;
		all = arena_printf(a, "%s%s%s", all, all[0] != '\0' ? " or " : "", one);
	}
	*ret = all;
	return NULL;
}

struct err *
config_query(struct arena *a, const struct compare_metric *m, const struct compared_release *r, const char *bounds,
    const char **ret)
{
	return config_counters_query(a, m, r, bounds, true, ret);
}

struct err *
config_stable_query(struct arena *a, const struct compare_metric *m, const struct compared_release *r,
    const char *bounds, const char **ret)
{
	return config_counters_query(a, m, r, bounds, false, ret);
}

struct err *
config_replicasets_query(struct arena *a, const struct compare_metric *m, const char *rollout, const char **ret)
{
	const char *name, *matchers, *escaped, *by = config_by(m);

	if (m->stable != NULL || by == NULL)
		return err_new(a, ERR_INVALID,
		    "the pods of past versions are found by their names, so that neither canary: nor stable: may be "
		    "set");
	if (!config_is_name(rollout) || strlen(rollout) > CONFIG_ROLLOUT_MAX)
		return err_new(a, ERR_INVALID, "\"%s\" is not the name of a Rollout with at most %d bytes",
		    rollout != NULL ? rollout : "", CONFIG_ROLLOUT_MAX);
	config_split(a, m->slow != NULL ? m->slow : m->total, &name, &matchers);
	escaped = str_replace(a, rollout, ".", "\\\\.");
	*ret = arena_printf(a,
	    "count by (" CONFIG_LABEL ") (label_replace(count by (%s) (%s%s{%s%s%s=~\"%s-[a-z0-9]+-[^-]+\"}), "
	    "\"" CONFIG_LABEL "\", \"$1\", \"%s\", \"%s-([a-z0-9]+)-[^-]+\"))",
	    by, name, m->slow != NULL ? "_count" : "", matchers, matchers[0] != '\0' ? "," : "", by, escaped, by,
	    escaped);
	return NULL;
}

struct err *
config_bounds_query(struct arena *a, const struct compare_metric *m, const struct compared_release *r, const char **ret)
{
	return config_part(a, m, r, &(struct config_part){ m->slow, "_bucket", "", "le", NULL, ARM_STABLE }, ret);
}
