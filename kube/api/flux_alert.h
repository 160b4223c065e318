/* kube/api/flux_alert.h: Flux's Provider and Alert: which events are sent to which service.
 *
 * Members have the names and meanings of the API's fields, which docs/reference.md describes.
 */
#pragma once
#include "kube/api/flux.h"

/* A Provider of the same namespace. */
struct flux_provider_ref {
	const char *name;
};

struct flux_provider_spec {
	const char *type, *address, *channel, *username, *interval;
	const struct flux_secret_ref *secret, *certificate;
	struct duration timeout;
	bool suspend;
};

struct flux_provider {
	struct object object;
	struct flux_provider_spec spec;
	const char *status; /* JSON */
};

struct flux_event_source {
	const char *api_version, *kind, *name, *namespace; /* the name "*" matches all objects */
	struct string_map labels;
};

struct flux_alert_spec {
	const struct flux_provider_ref *provider;
	const char *severity; /* "info" for all events, "error" for failures only */
	LIST_OF(struct flux_event_source) sources;
	struct strings inclusion, exclusion; /* regular expressions of messages */
	struct string_map metadata;
	const char *summary;
	bool suspend;
};

struct flux_alert {
	struct object object;
	struct flux_alert_spec spec;
	const char *status; /* JSON */
};

extern const struct type flux_provider_spec_type, flux_provider_type, flux_alert_spec_type, flux_alert_type;
