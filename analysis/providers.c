/* analysis/providers.c: list of the metric providers: one row each, found by the key under spec.metrics[].provider. */
#include "analysis/provider.h"
#include <string.h>

const struct provider *const providers[] = {
	&prometheus_provider,
	&web_provider,
	&job_provider,
	&compare_provider,
	&hook_provider,
	&dynatrace_provider,
	&google_monitoring_provider,
	&kayenta_provider,
	&datadog_provider,
	&wavefront_provider,
	&newrelic_provider,
	&cloudwatch_provider,
	&graphite_provider,
	&influxdb_provider,
	&skywalking_provider,
	NULL,
};

const struct provider *
provider_of(const struct metric *m)
{
	for (const struct provider *const *p = providers; *p != NULL; p++)
		if ((*p)->used(m))
			return *p;
	return NULL;
}

const struct provider *
provider_of_json(const json_t *metric)
{
	const json_t *provider = json_object_get(metric, "provider");

	for (const struct provider *const *p = providers; *p != NULL; p++)
		if (json_object_get(provider, (*p)->name) != NULL ||
		    json_object_get(json_object_get(provider, "plugin"), (*p)->name) != NULL)
			return *p;
	return NULL;
}

bool
provider_is_used(const struct provider *p, const char *metrics)
{
	_cleanup_(json_decrefp) json_t *list = NULL;
	bool used = false;
	json_t *metric;
	size_t i;

	/* Most metrics are of other providers: a text that has neither the name nor an escape is not parsed. */
	if (metrics == NULL || (strstr(metrics, p->name) == NULL && strchr(metrics, '\\') == NULL))
		return false;
	list = json_loads(metrics, 0, NULL);
	json_array_foreach (list, i, metric)
		used |= provider_of_json(metric) == p;
	return used;
}
