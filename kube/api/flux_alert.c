/* kube/api/flux_alert.c: the rows of a Provider and an Alert. */
#include "kube/api/flux_alert.h"

static const struct field flux_secret_ref_fields[] = {
	STRING(flux_secret_ref, name, "name", .required = true, .doc = "its name"),
};
TYPE(flux_secret_ref, "reference", .strict = true);

static const struct field flux_provider_spec_fields[] = {
	STRING(flux_provider_spec, type, "type", .required = true,
	    .choices = "alertmanager|discord|generic|generic-hmac|gitea|github|gitlab|rocket|slack",
	    .doc = "what it is"),
	STRING(flux_provider_spec, address, "address",
	    .doc = "URL of its webhook, or of a repository; the Secret's address counts before it"),
	STRING(flux_provider_spec, channel, "channel", .doc = "of slack, rocket, discord"),
	STRING(flux_provider_spec, username, "username", .doc = "as whom it is said there",
	    .otherwise = "the controller's name"),
	OBJECT(flux_provider_spec, secret, "secretRef", flux_secret_ref, .doc = "Secret with address, token, headers"),
	OBJECT(flux_provider_spec, certificate, "certSecretRef", flux_secret_ref, .doc = "Secret with ca.crt"),
	DURATION(flux_provider_spec, timeout, "timeout", .doc = "how long it may take", .otherwise = "15s"),
	BOOL(flux_provider_spec, suspend, "suspend", .doc = "it is told nothing"),
	STRING(flux_provider_spec, interval, "interval", .doc = "read and not used: it is not looked at by itself"),
	NOT_BUILT("proxySecretRef"),
	NOT_BUILT_AS("proxy", KIND_STRING),
	NOT_BUILT_AS("serviceAccountName", KIND_STRING),
	NOT_BUILT_AS("commitStatusExpr", KIND_STRING),
};
TYPE(flux_provider_spec, "Provider's spec", .strict = true);

static const struct field flux_provider_fields[] = {
	EMBED(flux_provider, spec, "spec", flux_provider_spec, .required = true, .doc = "whom to tell, and how"),
	JSON(flux_provider, status, "status"),
};
TYPE(flux_provider, "Provider", .group = "notification.toolkit.fluxcd.io", .version = "v1beta3",
    .also = "v1beta2 v1beta1", .plural = "providers", .kind = "Provider", .part = "flux",
    .doc = "Who can be told of events, and how.");

static const struct field flux_event_source_fields[] = {
	STRING(flux_event_source, api_version, "apiVersion", .doc = "its version"),
	STRING(flux_event_source, kind, "kind", .required = true, .doc = "its kind"),
	STRING(flux_event_source, name, "name", .required = true, .doc = "its name; * is all"),
	STRING(flux_event_source, namespace, "namespace", .doc = "its namespace", .otherwise = "the same"),
	STRING_MAP(flux_event_source, labels, "matchLabels", .doc = "with the name *: those that have these labels"),
};
TYPE(flux_event_source, "event source", .strict = true);

static const struct field flux_alert_spec_fields[] = {
	OBJECT(flux_alert_spec, provider, "providerRef", flux_secret_ref, .required = true, .doc = "the Provider"),
	STRING(flux_alert_spec, severity, "eventSeverity", .choices = "info|error",
	    .doc = "info: all events; error: bad ones", .otherwise = "info"),
	LIST(flux_alert_spec, sources, "eventSources", flux_event_source, .required = true, .items_max = 1000,
	    .doc = "events of which objects"),
	STRINGS(flux_alert_spec, inclusion, "inclusionList",
	    .doc = "only messages that one of these regular expressions finds"),
	STRINGS(flux_alert_spec, exclusion, "exclusionList", .doc = "and that none of these does"),
	STRING_MAP(flux_alert_spec, metadata, "eventMetadata", .doc = "is told with each event"),
	STRING(flux_alert_spec, summary, "summary", .doc = "likewise"),
	BOOL(flux_alert_spec, suspend, "suspend", .doc = "nothing is told"),
};
TYPE(flux_alert_spec, "Alert's spec", .strict = true);

static const struct field flux_alert_fields[] = {
	EMBED(flux_alert, spec, "spec", flux_alert_spec, .required = true, .doc = "which events are told to whom"),
	JSON(flux_alert, status, "status"),
};
TYPE(flux_alert, "Alert", .group = "notification.toolkit.fluxcd.io", .version = "v1beta3", .also = "v1beta2 v1beta1",
    .plural = "alerts", .kind = "Alert", .part = "flux", .doc = "Which events are told to whom.");
