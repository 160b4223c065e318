/* analysis/validate.c: validation of the metrics of a run or template, after the substitution of arguments, before they
 * are measured. */
#include "analysis/validate.h"
#include <string.h>
#include "analysis/args.h"
#include "analysis/condition/condition.h"
#include "analysis/provider.h"

/* Returns the condition with each {{…}} replaced by the value. */
static const char *
metric_condition_with(struct arena *a, const char *text, const char *value)
{
	const char *whole = "", *open, *close;

	while ((open = strstr(text, "{{")) != NULL && (close = strstr(open, "}}")) != NULL) {
		whole = arena_printf(a, "%s%.*s%s", whole, (int)(open - text), text, value);
		text = close + 2;
	}
	return arena_printf(a, "%s%s", whole, text);
}

/* Checks a condition. An argument may be any part of it: it is invalid only if none of these values makes it valid. */
static struct err *
metric_check_condition(struct arena *a, const char *field, const char *text)
{
	static const char *const values[] = { "1", "true", "result", "==", "== 1", "1s", "" };
	struct condition_program *program;
	struct err *e;

	if (text == NULL || text[0] == '\0' || (e = condition_parse(a, text, &program)) == NULL)
		return NULL;
	for (size_t i = 0; args_are_open(text) && i < ARRAY_SIZE(values); i++) {
		const char *with = metric_condition_with(a, text, values[i]);

		if (with[0] == '\0' || (e = condition_parse(a, with, &program)) == NULL)
			return NULL;
	}
	return err_wrap(a, e, "%s `%s`", field, text);
}

/* Returns the metric with a value for each unknown limit that contradicts no other limit. */
static struct metric
metric_known(const struct metric *m)
{
	struct metric known = *m;

	if (args_are_open(m->interval.text))
		known.interval.text = "1s";
	if (args_are_open(m->count))
		known.count = NULL;
	if (args_are_open(m->failure_limit))
		known.failure_limit = NULL;
	if (args_are_open(m->inconclusive_limit))
		known.inconclusive_limit = NULL;
	if (args_are_open(m->consecutive_error_limit))
		known.consecutive_error_limit = NULL;
	if (args_are_open(m->consecutive_success_limit))
		known.consecutive_success_limit = str_eq(known.failure_limit, "-1") ? "1" : NULL;
	return known;
}

bool
metric_is_endless(const struct metric *m, const struct metric_limits *l)
{
	return l->count == 0 && !args_are_open(m->count) && !args_are_open(m->consecutive_success_limit) &&
	       m->interval.text != NULL && !args_are_open(m->interval.text) &&
	       (l->consecutive_success == 0 || l->failure < 0);
}

static const char *
metric_provider_names(struct arena *a)
{
	const char *names = "";

	for (const struct provider *const *p = providers; *p != NULL; p++)
		names = arena_printf(a, "%s%s%s", names, p == providers ? "" : ", ", (*p)->name);
	return names;
}

/* Returns whether all arguments have values. The configuration of a provider may depend on any of them. */
static bool
metrics_arguments_known(const struct argument *args, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (args[i].value_from != NULL || args_are_open(args[i].value))
			return false;
	return true;
}

static struct err *
metric_check(struct arena *a, const struct metric *m, bool known, struct metric_limits *ret)
{
	struct metric sure = metric_known(m);
	struct err *e;

	if (provider_of(m) == NULL)
		return err_new(a, ERR_INVALID, "provider: none given; Sluice has %s", metric_provider_names(a));
	if ((known || provider_of(m)->once) && provider_of(m)->check != NULL &&
	    (e = provider_of(m)->check(a, m)) != NULL && (known || !args_are_open(err_text(a, e))))
		return e;
	if ((e = metric_limits_read(a, &sure, ret)) != NULL ||
	    (e = metric_check_condition(a, "successCondition", m->success_condition)) != NULL ||
	    (e = metric_check_condition(a, "failureCondition", m->failure_condition)) != NULL)
		return e;
	if (provider_of(m)->once)
		ret->count = 1;
	return NULL;
}

/* An interval with an argument could not be decoded, but its text shows that the metric has one. */
static void
metric_keep_interval(struct arena *a, const struct problems *problems, size_t i, struct metric *m)
{
	const char *path = arena_printf(a, "spec.metrics[%zu].interval", i);

	for (size_t k = 0; k < problems->n && k < PROBLEMS_MAX; k++)
		if (str_eq(problems->at[k].path, path))
			m->interval.text = problems->at[k].text;
}

/* Returns whether the name of a metric has unresolved arguments, so that a rule that matches no metric may match
 * this one later. */
static bool
metrics_names_open(const struct metric_set *set)
{
	for (size_t i = 0; i < set->n; i++)
		if (args_are_open(set->metrics[i].name))
			return true;
	return false;
}

struct err *
metrics_prepare(struct arena *a, const struct analysis_spec *spec, const struct argument *args, size_t n_args,
    struct metric_set *ret)
{
	struct problems problems = { .arena = a };
	struct metric_set set = { 0 };
	const char *text;
	struct err *e;

	if (spec->metrics == NULL || strcmp(spec->metrics, "[]") == 0)
		return err_at(a, "spec.metrics", err_new(a, ERR_INVALID, "no metric"));
	if ((e = args_substitute(a, spec->metrics, args, n_args, &text)) != NULL)
		return e;
	set.n = metrics_decode(a, text, "spec.metrics", &problems, &set.metrics);
	for (size_t i = 0; i < problems.n && i < PROBLEMS_MAX; i++)
		if (!args_are_open(problems.at[i].text))
			return err_at(a, problems.at[i].path, err_new(a, ERR_INVALID, "%s", problems.at[i].text));
	for (size_t i = 0; problems.n > 0 && i < set.n; i++)
		metric_keep_interval(a, &problems, i, &set.metrics[i]);
	set.limits = arena_new_array(a, struct metric_limits, set.n);
	for (size_t i = 0; i < set.n; i++) {
		if ((e = metric_check(a, &set.metrics[i], metrics_arguments_known(args, n_args), &set.limits[i])) !=
		    NULL)
			return err_at(a, arena_printf(a, "spec.metrics[%zu]", i), e);
		for (size_t k = 0; k < i; k++)
			if (strcmp(set.metrics[i].name, set.metrics[k].name) == 0 &&
			    !args_are_open(set.metrics[i].name))
				return err_at(a, arena_printf(a, "spec.metrics[%zu].name", i),
				    err_new(a, ERR_INVALID, "\"%s\" is there twice", set.metrics[i].name));
	}
	set.rules = arena_new_array(a, struct metric_rules, set.n);
	if ((e = metric_rules_read(a, spec, set.metrics, set.n, set.rules)) != NULL && !metrics_names_open(&set))
		return e;
	*ret = set;
	return NULL;
}
