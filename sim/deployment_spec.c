/* sim/deployment_spec.c: defaults, validation and limits of a Deployment, as in Kubernetes' apis/apps. */
#include <string.h>
#include "base/str.h"
#include "kube/api/pod_check.h"
#include "kube/api/selector.h"
#include "sim/deployment.h"

#define PERCENT_MAX 1000000
#define LIMIT 25 /* % of the replicas: the default of maxSurge and maxUnavailable */

/* Reads a number of pods or "25%". Returns false if the value is neither. */
static bool
deployment_number(const json_t *v, bool *ret_percent, long long *ret)
{
	const char *text = json_string_value(v);
	size_t n = text != NULL ? strlen(text) : 0;
	char digits[16] = { 0 };

	*ret_percent = n > 0;
	if (json_is_integer(v) && json_integer_value(v) >= 0 && json_integer_value(v) <= INT32_MAX) {
		*ret = json_integer_value(v);
		return true;
	}
	if (n < 2 || n >= sizeof(digits) || text[n - 1] != '%' || strspn(text, "0123456789") != n - 1)
		return false;
	memcpy(digits, text, n - 1);
	return str_int(digits, 0, PERCENT_MAX, ret);
}

static int64_t
deployment_pods(const json_t *v, int64_t replicas, bool up)
{
	long long n;
	bool percent;

	if (!deployment_number(v, &percent, &n)) {
		percent = true;
		n = LIMIT;
	}
	return percent ? (replicas * n + (up ? 99 : 0)) / 100 : n;
}

struct deployment_limits
deployment_limits(const json_t *spec)
{
	const json_t *strategy = json_object_get(spec, "strategy"),
		     *rolling = json_object_get(strategy, "rollingUpdate");
	struct deployment_limits l = { .replicas = json_int(spec, "replicas", 1),
		.rolling = !str_eq(json_str(strategy, "type"), "Recreate") };

	if (l.replicas < 0 || l.replicas > INT32_MAX)
		l.replicas = 0;
	if (!l.rolling)
		return l;
	l.surge = deployment_pods(json_object_get(rolling, "maxSurge"), l.replicas, true);
	l.unavailable = deployment_pods(json_object_get(rolling, "maxUnavailable"), l.replicas, false);
	if (l.surge == 0 && l.unavailable == 0)
		l.unavailable = 1;
	if (l.unavailable > l.replicas)
		l.unavailable = l.replicas;
	return l;
}

static void
deployment_default_to(json_t *object, const char *key, json_t *value)
{
	if (json_object_get(object, key) == NULL)
		json_object_set(object, key, value);
	json_decref(value);
}

void
deployment_default(json_t *deployment)
{
	json_t *spec = json_object_get(deployment, "spec"), *strategy, *rolling;

	if (!json_is_object(spec))
		return;
	deployment_default_to(spec, "progressDeadlineSeconds", json_integer(600));
	deployment_default_to(spec, "replicas", json_integer(1));
	deployment_default_to(spec, "revisionHistoryLimit", json_integer(10));
	deployment_default_to(spec, "strategy", json_object());
	strategy = json_object_get(spec, "strategy");
	deployment_default_to(strategy, "type", json_string("RollingUpdate"));
	if (!str_eq(json_str(strategy, "type"), "RollingUpdate"))
		return;
	deployment_default_to(strategy, "rollingUpdate", json_object());
	rolling = json_object_get(strategy, "rollingUpdate");
	deployment_default_to(rolling, "maxSurge", json_sprintf("%d%%", LIMIT));
	deployment_default_to(rolling, "maxUnavailable", json_sprintf("%d%%", LIMIT));
}

static const char *
deployment_counts_problem(struct arena *a, const json_t *spec)
{
	static const char *const fields[] = { "replicas", "minReadySeconds", "revisionHistoryLimit",
		"progressDeadlineSeconds" };
	json_int_t n, ready = json_int(spec, "minReadySeconds", 0);

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		const json_t *v = json_object_get(spec, fields[i]);

		n = json_integer_value(v);
		if (v != NULL && (!json_is_integer(v) || n < 0 || n > INT32_MAX))
			return arena_printf(a,
			    "spec.%s: Invalid value: %s: must be greater than or equal to 0, and a number of 32 bits",
			    fields[i], json_text_go(a, v));
	}
	n = json_int(spec, "progressDeadlineSeconds", 600);
	return n > ready ? NULL
			 : arena_printf(a,
			       "spec.progressDeadlineSeconds: Invalid value: %" JSON_INTEGER_FORMAT
			       ": must be greater than minReadySeconds",
			       n);
}

static const char *
deployment_strategy_problem(struct arena *a, const json_t *spec)
{
	static const char *const fields[] = { "maxUnavailable", "maxSurge" };
	const json_t *strategy = json_object_get(spec, "strategy"),
		     *rolling = json_object_get(strategy, "rollingUpdate");
	const char *type = json_str(strategy, "type") ?: "RollingUpdate";
	long long n[ARRAY_SIZE(fields)] = { LIMIT, LIMIT };
	bool percent;

	if (str_eq(type, "Recreate"))
		return rolling == NULL ? NULL
				       : "spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy "
					 "`type` is 'Recreate'";
	if (!str_eq(type, "RollingUpdate"))
		return arena_printf(a,
		    "spec.strategy: Unsupported value: %s: supported values: \"Recreate\", \"RollingUpdate\"",
		    json_quote_go(a, type, strlen(type)));
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		const json_t *v = json_object_get(rolling, fields[i]);

		if (v == NULL)
			continue;
		if (!deployment_number(v, &percent, &n[i]))
			return arena_printf(a,
			    "spec.strategy.rollingUpdate.%s: Invalid value: %s: must be an integer of at least 0, or a "
			    "percentage such as '5%%'",
			    fields[i], json_text_go(a, v));
		if (i == 0 && percent && n[i] > 100)
			return arena_printf(a,
			    "spec.strategy.rollingUpdate.%s: Invalid value: %s: must not be greater than 100%%",
			    fields[i], json_text_go(a, v));
	}
	return n[0] != 0 || n[1] != 0
		   ? NULL
		   : "spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when "
		     "`maxSurge` is 0";
}

const char *
deployment_problem(struct arena *a, const json_t *deployment)
{
	const json_t *spec = json_object_get(deployment, "spec"), *template = json_object_get(spec, "template");
	const json_t *labels = json_at(template, "/metadata/labels");
	struct problems found = { .arena = a };
	struct selector selector;
	const char *why;
	struct err *e;

	if (!json_is_object(json_object_get(spec, "selector")))
		return "spec.selector: Required value";
	if ((e = selector_from_json(a, json_object_get(spec, "selector"), &selector)) != NULL)
		return arena_printf(a, "spec.selector: Invalid value: %s", err_text(a, e));
	if (selector.requirements.n == 0)
		return "spec.selector: Invalid value: {}: empty selector is invalid for deployment";
	if (!selector_matches(&selector, labels))
		return arena_printf(a,
		    "spec.template.metadata.labels: Invalid value: %s: `selector` does not match template `labels`",
		    labels != NULL ? json_text_go(a, labels) : "null");
	if ((why = deployment_counts_problem(a, spec)) != NULL || (why = deployment_strategy_problem(a, spec)) != NULL)
		return why;
	pod_template_problems(&found, template, "spec.template", POD_OF_REPLICASET);
	return found.n > 0 ? arena_printf(a, "%s: %s", found.at[0].path, found.at[0].text) : NULL;
}
