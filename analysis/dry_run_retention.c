/* analysis/dry_run_retention.c: dryRun and measurementRetention of a run: regular expressions that select metrics by
 * name. */
#include "analysis/dry_run_retention.h"
#include <string.h>
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include "base/str.h"

#define MATCH_LIMIT 100000

/* Sets found[i] if the expression matches the name of the i-th metric. */
static struct err *
rules_find_metrics(struct arena *a, const char *field, size_t rule, const char *expression,
    const struct metric *metrics, size_t n, bool *found)
{
	PCRE2_UCHAR text[120];
	pcre2_match_context *context;
	pcre2_match_data *data;
	bool any = false;
	PCRE2_SIZE at;
	int error;
	pcre2_code *code = pcre2_compile((PCRE2_SPTR)expression, PCRE2_ZERO_TERMINATED, PCRE2_UTF, &error, &at, NULL);

	if (code == NULL) {
		pcre2_get_error_message(error, text, sizeof(text));
		return err_at(a, arena_printf(a, "spec.%s[%zu].metricName", field, rule),
		    err_new(a, ERR_INVALID, "\"%s\" is no regular expression: %s", expression, (const char *)text));
	}
	context = pcre2_match_context_create(NULL);
	pcre2_set_match_limit(context, MATCH_LIMIT);
	data = pcre2_match_data_create(1, NULL);
	for (size_t i = 0; i < n; i++) {
		found[i] = metrics[i].name != NULL && pcre2_match(code, (PCRE2_SPTR)metrics[i].name,
							  strlen(metrics[i].name), 0, 0, data, context) >= 0;
		any |= found[i];
	}
	pcre2_match_data_free(data);
	pcre2_match_context_free(context);
	pcre2_code_free(code);
	if (!any)
		return err_at(a, arena_printf(a, "spec.%s[%zu].metricName", field, rule),
		    err_new(a, ERR_INVALID, "\"%s\" matches no metric", expression));
	return NULL;
}

struct err *
metric_rules_read(
    struct arena *a, const struct analysis_spec *spec, const struct metric *metrics, size_t n, struct metric_rules *ret)
{
	bool *found = arena_new_array(a, bool, n);
	struct err *e;

	for (size_t i = 0; i < n; i++)
		ret[i] = (struct metric_rules){ .kept = MEASUREMENTS_KEPT };
	for (size_t k = 0; k < spec->dry_run.n; k++) {
		if ((e = rules_find_metrics(a, "dryRun", k, spec->dry_run.at[k].metric_name, metrics, n, found)) !=
		    NULL)
			return e;
		for (size_t i = 0; i < n; i++)
			ret[i].dry_run |= found[i];
	}
	for (size_t k = 0; k < spec->retention.n; k++) {
		e = rules_find_metrics(
		    a, "measurementRetention", k, spec->retention.at[k].metric_name, metrics, n, found);
		if (e != NULL)
			return e;
		for (size_t i = 0; i < n; i++)
			if (found[i])
				ret[i].kept = spec->retention.at[k].limit;
	}
	return NULL;
}
