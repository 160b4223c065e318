/* kube/api/flux_alert.c: Provider and Alert of Flux: the rows of their fields. */
#include "kube/api/flux_alert.h"

static const struct field flux_provider_spec_fields[] = {
	STRING(flux_provider_spec, type, "type", .required = true,
	    .choices = "alertmanager|discord|generic|generic-hmac|gitea|github|gitlab|rocket|slack",
	    .doc = "Service. generic: Flux's JSON to a webhook; generic-hmac: the same with a signature (X-Signature) "
		   "by token. github, gitlab, gitea: the status of the commit."),
	STRING(flux_provider_spec, address, "address",
	    .doc = "URL of the webhook, or for github, gitlab and gitea of the repository. Required, unless the Secret "
		   "has the key address, which takes precedence."),
	STRING(flux_provider_spec, channel, "channel",
	    .doc = "Channel of the service. Only for slack, rocket and discord. Unset: that of the webhook."),
	STRING(flux_provider_spec, username, "username", .doc = "Name to show in slack, rocket and discord.",
	    .default_text = "sluice"),
	OBJECT(flux_provider_spec, secret, "secretRef", flux_secret_ref,
	    .doc = "Secret with the keys address, token, headers and ca.crt. generic-hmac, github, gitlab and gitea "
		   "need token."),
	OBJECT(flux_provider_spec, certificate, "certSecretRef", flux_secret_ref,
	    .doc = "Secret with the key ca.crt: certificate authorities to trust. Unset: those of the system."),
	DURATION(flux_provider_spec, timeout, "timeout", .doc = "Maximum time of a request.", .default_text = "15s"),
	BOOL(flux_provider_spec, suspend, "suspend", .doc = "True: send no alerts to the service."),
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
    .also = "v1beta2 v1beta1", .plural = "providers", .kind = "Provider", .errors = "in the controller's log",
    .part = "flux",
    .doc = "Provider (Flux) is a service that alerts are sent to. Users create it, and Alerts in its namespace name "
	   "it. It has no status: the controller logs a Provider that cannot be used and alerts that cannot be sent.");

static const struct field flux_event_source_fields[] = {
	STRING(flux_event_source, api_version, "apiVersion", .doc = "API version of the objects. Has no effect."),
	STRING(flux_event_source, kind, "kind", .required = true,
	    .doc = "Kind of the objects: AnalysisRun, Application, Experiment, GitRepository, Kustomization or "
		   "Rollout. Another one makes the Alert invalid."),
	STRING(flux_event_source, name, "name", .required = true, .doc = "Name of the object. * is all of the kind."),
	STRING(flux_event_source, namespace, "namespace",
	    .doc = "Namespace of the objects. controller --no-cross-namespace-refs allows no other one.",
	    .default_text = "the same namespace"),
	STRING_MAP(flux_event_source, labels, "matchLabels",
	    .doc = "Labels that the objects must have. Only with the name *; otherwise it has no effect. Empty: all "
		   "objects."),
};
TYPE(flux_event_source, "event source", .strict = true);

static const struct field flux_provider_ref_fields[] = {
	STRING(flux_provider_ref, name, "name", .required = true,
	    .doc = "Name of the Provider, in the namespace of the Alert."),
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
	    .doc = "Regular expressions that find a part of the message. Only events that match one are sent. Empty: "
		   "all."),
	STRINGS(flux_alert_spec, exclusion, "exclusionList",
	    .doc = "Regular expressions that find a part of the message. Events that match one are not sent. Takes "
		   "precedence over inclusionList."),
	STRING_MAP(
	    flux_alert_spec, metadata, "eventMetadata", .doc = "Metadata to add to each event, as names and values."),
	STRING(flux_alert_spec, summary, "summary", .doc = "Text to add to each event, as the metadata summary."),
	BOOL(flux_alert_spec, suspend, "suspend", .doc = "True: send no alerts."),
};
TYPE(flux_alert_spec, "Alert's spec", .strict = true);

static const struct field flux_alert_fields[] = {
	EMBED(flux_alert, spec, "spec", flux_alert_spec, .required = true,
	    .doc = "Events to send, and the Provider to send them to."),
	JSON(flux_alert, status, "status"),
};
TYPE(flux_alert, "Alert", .group = "notification.toolkit.fluxcd.io", .version = "v1beta3", .also = "v1beta2 v1beta1",
    .plural = "alerts", .kind = "Alert", .errors = "in the controller's log", .part = "flux",
    .doc = "Alert (Flux) sends events of objects to a Provider. Users create it. It has no status: the controller logs "
	   "an Alert that is invalid.");
