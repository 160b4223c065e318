/* analysis/spec.c: checks before measuring. */
#include "analysis/spec.h"
#include <string.h>
#include "analysis/args.h"
#include "analysis/condition/condition.h"
#include "analysis/provider.h"

static struct err *
condition_check(struct arena *a, const char *field, const char *text)
{
	struct condition_program *program;
	struct err *e;

	if (text == NULL || text[0] == '\0' || (e = condition_parse(a, text, &program)) == NULL)
		return NULL;
	return err_wrap(a, e, "%s `%s`", field, text);
}

static const char *
provider_names(struct arena *a)
{
	const char *names = "";

	for (const struct provider *const *p = providers; *p != NULL; p++)
		names = arena_printf(a, "%s%s%s", names, p == providers ? "" : ", ", (*p)->name);
	return names;
}

/* Where an argument comes from a Secret and is not known yet, its provider's configuration is not either. */
static bool
all_known(const struct argument *args, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (args[i].value_from != NULL)
			return false;
	return true;
}

static struct err *
metric_check(struct arena *a, const struct metric *m, bool known, struct metric_limits *ret)
{
	struct err *e;

	if (provider_of(m) == NULL)
		return err_new(a, ERR_INVALID, "provider: none given; Sluice has %s", provider_names(a));
	if (known && provider_of(m)->check != NULL && (e = provider_of(m)->check(a, m)) != NULL)
		return e;
	if ((e = metric_limits_read(a, m, ret)) != NULL ||
	    (e = condition_check(a, "successCondition", m->success_condition)) != NULL ||
	    (e = condition_check(a, "failureCondition", m->failure_condition)) != NULL)
		return e;
	return NULL;
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
		return err_new(a, ERR_INVALID, "spec.metrics: no metric");
	if ((e = args_substitute(a, spec->metrics, args, n_args, &text)) != NULL)
		return e;
	set.n = metrics_decode(a, text, "spec.metrics", &problems, &set.metrics);
	if (problems.n > 0)
		return err_new(a, ERR_INVALID, "%s: %s", problems.at[0].path, problems.at[0].text);
	set.limits = arena_new_array(a, struct metric_limits, set.n);
	for (size_t i = 0; i < set.n; i++) {
		if ((e = metric_check(a, &set.metrics[i], all_known(args, n_args), &set.limits[i])) != NULL)
			return err_wrap(a, e, "spec.metrics[%zu]", i);
		for (size_t k = 0; k < i; k++)
			if (strcmp(set.metrics[i].name, set.metrics[k].name) == 0)
				return err_new(a, ERR_INVALID, "spec.metrics[%zu].name: \"%s\" is there twice", i,
				    set.metrics[i].name);
	}
	set.rules = arena_new_array(a, struct metric_rules, set.n);
	if ((e = metric_rules_read(a, spec, set.metrics, set.n, set.rules)) != NULL)
		return e;
	*ret = set;
	return NULL;
}
