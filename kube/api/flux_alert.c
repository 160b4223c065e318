/* kube/api/flux_alert.c: Provider and Alert of Flux: the rows of their fields. */
#include "kube/api/flux_alert.h"

static const struct field flux_provider_spec_fields[] = {
	STRING(flux_provider_spec, type, "type", .required = true,
	    .choices = "alertmanager|discord|generic|generic-hmac|gitea|github|gitlab|rocket|slack",
	    .doc = "Type of the service."),
	STRING(flux_provider_spec, address, "address",
	    .doc = "URL of the webhook or repository. An address in the Secret takes precedence."),
	STRING(flux_provider_spec, channel, "channel",
	    .doc = "Channel of the service. Only for slack, rocket and discord."),
	STRING(flux_provider_spec, username, "username", .doc = "User name to show in the service.",
	    .default_text = "the controller's name"),
	OBJECT(flux_provider_spec, secret, "secretRef", flux_secret_ref,
	    .doc = "Secret with the keys address, token and headers. Its address takes precedence over the field "
		   "address."),
	OBJECT(flux_provider_spec, certificate, "certSecretRef", flux_secret_ref,
	    .doc = "Secret with the key ca.crt: certificate authorities to trust."),
	DURATION(flux_provider_spec, timeout, "timeout", .doc = "Maximum time of a request.", .default_text = "15s"),
	BOOL(flux_provider_spec, suspend, "suspend", .doc = "Stop sending alerts to the service."),
	STRING(flux_provider_spec, interval, "interval",
	    .doc = "Has no effect: Providers are not reconciled at an interval."),
	NOT_SUPPORTED("proxySecretRef"),
	NOT_SUPPORTED_AS("proxy", KIND_STRING),
	NOT_SUPPORTED_AS("serviceAccountName", KIND_STRING),
	NOT_SUPPORTED_AS("commitStatusExpr", KIND_STRING),
};
TYPE(flux_provider_spec, "Provider's spec", .strict = true);

static const struct field flux_provider_fields[] = {
	EMBED(flux_provider, spec, "spec", flux_provider_spec, .required = true,
	    .doc = "Service, its address and credentials."),
	JSON(flux_provider, status, "status"),
};
TYPE(flux_provider, "Provider", .group = "notification.toolkit.fluxcd.io", .version = "v1beta3",
    .also = "v1beta2 v1beta1", .plural = "providers", .kind = "Provider", .part = "flux",
    .doc = "Provider is a service that alerts are sent to.");

static const struct field flux_event_source_fields[] = {
	STRING(flux_event_source, api_version, "apiVersion", .doc = "API version of the objects."),
	STRING(flux_event_source, kind, "kind", .required = true, .doc = "Kind of the objects."),
	STRING(flux_event_source, name, "name", .required = true,
	    .doc = "Name of the object. * matches all objects of the kind."),
	STRING(flux_event_source, namespace, "namespace", .doc = "Namespace of the objects.",
	    .default_text = "that of the Alert"),
	STRING_MAP(flux_event_source, labels, "matchLabels",
	    .doc = "Labels that the objects must have. Only with the name *."),
};
TYPE(flux_event_source, "event source", .strict = true);

static const struct field flux_provider_ref_fields[] = {
	STRING(flux_provider_ref, name, "name", .required = true, .doc = "Name of the Provider."),
};
TYPE(flux_provider_ref, "reference", .strict = true);

static const struct field flux_alert_spec_fields[] = {
	OBJECT(flux_alert_spec, provider, "providerRef", flux_provider_ref, .required = true,
	    .doc = "Provider to send to."),
	STRING(flux_alert_spec, severity, "eventSeverity", .choices = "info|error",
	    .doc = "info: all events are sent. error: only errors are sent.", .default_text = "info"),
	LIST(flux_alert_spec, sources, "eventSources", flux_event_source, .required = true, .items_max = 1000,
	    .doc = "Objects whose events are sent."),
	STRINGS(flux_alert_spec, inclusion, "inclusionList",
	    .doc = "Regular expressions. Only events whose message matches one of them are sent. Empty: all."),
	STRINGS(flux_alert_spec, exclusion, "exclusionList",
	    .doc = "Regular expressions. Events whose message matches one of them are not sent. Takes precedence over "
		   "inclusionList."),
	STRING_MAP(flux_alert_spec, metadata, "eventMetadata", .doc = "Metadata to add to each event."),
	STRING(flux_alert_spec, summary, "summary", .doc = "Summary to add to each event."),
	BOOL(flux_alert_spec, suspend, "suspend", .doc = "Stop sending alerts."),
};
TYPE(flux_alert_spec, "Alert's spec", .strict = true);

static const struct field flux_alert_fields[] = {
	EMBED(flux_alert, spec, "spec", flux_alert_spec, .required = true,
	    .doc = "Events to send, and the Provider to send them to."),
	JSON(flux_alert, status, "status"),
};
TYPE(flux_alert, "Alert", .group = "notification.toolkit.fluxcd.io", .version = "v1beta3", .also = "v1beta2 v1beta1",
    .plural = "alerts", .kind = "Alert", .part = "flux", .doc = "Alert sends events of objects to a Provider.");
