/* kube/api/core.c: Pod, Service, Event and ConfigMap of the core group: the rows of their fields. */
#include "kube/api/core.h"
#include "base/str.h"

static const struct field pod_status_fields[] = {
	STRING(pod_status, phase, "phase"),
	STRING(pod_status, reason, "reason"),
	STRING(pod_status, pod_ip, "podIP"),
	LIST(pod_status, conditions, "conditions", condition),
};
TYPE(pod_status, "Pod's status");

static const struct field pod_fields[] = {
	EMBED(pod, status, "status", pod_status),
};
TYPE(pod, "Pod", .group = "", .version = "v1", .plural = "pods", .kind = "Pod", .has_status = true);

static const struct field service_spec_fields[] = {
	STRING_MAP(service_spec, selector, "selector"),
};
TYPE(service_spec, "Service's spec");

static const struct field service_fields[] = {
	EMBED(service, spec, "spec", service_spec),
};
TYPE(service, "Service", .group = "", .version = "v1", .plural = "services", .kind = "Service", .has_status = true);

static const struct field event_fields[] = {
	STRING(event, reason, "reason"),
	STRING(event, message, "message"),
	STRING(event, event_type, "type"),
	TIME(event, first_timestamp, "firstTimestamp"),
	TIME(event, last_timestamp, "lastTimestamp"),
	INT(event, count, "count"),
};
TYPE(event, "Event", .group = "", .version = "v1", .plural = "events", .kind = "Event");

static const struct field config_map_fields[] = {
	JSON(config_map, data, "data"),
};
TYPE(config_map, "ConfigMap", .group = "", .version = "v1", .plural = "configmaps", .kind = "ConfigMap");

bool
pod_ready(const struct pod *p)
{
	for (size_t i = 0; i < p->status.conditions.n; i++)
		if (str_eq(p->status.conditions.at[i].type, "Ready"))
			return str_eq(p->status.conditions.at[i].status, "True");
	return false;
}
