/* tests/unit/gitops/engine/health.c: the health of objects as Argo CD has it, built in and by its scripts for custom
 * resources. */
#include "base/str.h"
#include "gitops/engine/health.h"
#include "tests/unit/unit.h"

struct wanted_health {
	const char *object; /* YAML */
	const char *want; /* "Healthy: message"; the message may be longer; "" for none */
};

static void
assert_all(const struct wanted_health *w, size_t n)
{
	struct arena *a = arena_new();
	size_t wrong = 0;

	for (size_t i = 0; i < n; i++) {
		json_t *o = yaml(a, w[i].object);
		const char *message, *got;
		enum health h = health_of(a, o, &message);

		got = h == HEALTH_NONE ? "" : arena_printf(a, "%s: %s", health_name(h), message);
		if (w[i].want[0] == '\0' ? got[0] != '\0' : !str_starts(got, w[i].want)) {
			print_error("%s\n  want: %s\n  got:  %s\n", w[i].object, w[i].want, got);
			wrong++;
		}
		json_decref(o);
	}
	arena_free(a);
	assert_int_equal(wrong, 0);
}

static void
an_object_that_is_being_deleted_makes_progress(void **state)
{
	static const struct wanted_health all[] = {
		{ "{apiVersion: v1, kind: ConfigMap, metadata: {deletionTimestamp: '2026-01-01T00:00:00Z'}}",
		    "Progressing: Pending deletion" },
		{ "{apiVersion: batch/v1, kind: Job, metadata: {deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: "
		  "[example.com/x]}, "
		  "status: {conditions: [{type: Complete, status: 'True'}]}}",
		    "Progressing: Pending deletion" },
		{ "{apiVersion: batch/v1, kind: Job, metadata: {deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: "
		  "[argocd.argoproj.io/hook-finalizer]}, status: {conditions: [{type: Complete, status: 'True', "
		  "message: done}]}}",
		    "Healthy: done" },
		{ "{apiVersion: v1, kind: ConfigMap}", "" },
	};

	(void)state;
	assert_all(all, ARRAY_SIZE(all));
}

#define HPA_V1(conditions)                                                                                             \
	"{apiVersion: autoscaling/v1, kind: HorizontalPodAutoscaler, metadata: {annotations: "                         \
	"{autoscaling.alpha.kubernetes.io/conditions: '" conditions "'}}}"

static void
an_autoscaler_is_read_in_every_version(void **state)
{
	static const struct wanted_health all[] = {
		{ HPA_V1("[{\"type\":\"AbleToScale\",\"status\":\"True\",\"message\":\"can\"}]"), "Healthy: can" },
		{ HPA_V1("[{\"type\":\"AbleToScale\",\"status\":\"False\",\"reason\":\"FailedGetScale\",\"message\":"
			 "\"no scale\"}]"),
		    "Degraded: no scale" },
		{ HPA_V1("[{\"type\":\"AbleToScale\",\"status\":\"True\"},{\"type\":\"ScalingActive\",\"status\":"
			 "\"False\","
			 "\"reason\":\"FailedGetObjectMetric\",\"message\":\"no metric\"}]"),
		    "Degraded: no metric" },
		{ HPA_V1("[]"), "Progressing: Waiting to Autoscale" },
		{ HPA_V1("{"), "Progressing: Waiting to Autoscale" },
		{ HPA_V1("[1, [], {\"type\": 2}]"), "Progressing: Waiting to Autoscale" },
		{ "{apiVersion: autoscaling/v1, kind: HorizontalPodAutoscaler}", "Progressing: Waiting to Autoscale" },
		{ "{apiVersion: autoscaling/v2beta1, kind: HorizontalPodAutoscaler, status: {conditions: [{type: "
		  "AbleToScale, status: "
		  "'True', message: can}]}}",
		    "Healthy: can" },
		{ "{apiVersion: autoscaling/v2beta2, kind: HorizontalPodAutoscaler, status: {conditions: [{type: "
		  "ScalingActive, "
		  "status: 'False', reason: InvalidSelector, message: wrong}]}}",
		    "Degraded: wrong" },
		{ "{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, status: {conditions: [{type: "
		  "ScalingLimited, status: "
		  "'True', message: too few}]}}",
		    "Healthy: too few" },
	};

	(void)state;
	assert_all(all, ARRAY_SIZE(all));
}

#define POD(annotations, more)                                                                                         \
	"{apiVersion: v1, kind: Pod, metadata: {annotations: {" annotations                                            \
	"}}, spec: {restartPolicy: Never}, status: {" more "}}"
#define IGNORE "argocd.argoproj.io/ignore-restart-policy: 'true'"
#define READY "phase: Running, conditions: [{type: Ready, status: 'True'}]"
#define BACK_OFF                                                                                                       \
	"phase: Pending, containerStatuses: [{state: {waiting: {reason: ImagePullBackOff, message: no image}}}]"

static void
a_pod_that_ends_by_itself_counts_as_another_where_its_annotation_says_so(void **state)
{
	static const struct wanted_health all[] = {
		{ POD("", READY), "Progressing" },
		{ POD("", BACK_OFF), "Progressing" },
		{ POD(IGNORE, READY), "Healthy" },
		{ POD(IGNORE, BACK_OFF), "Degraded: no image" },
		{ POD(IGNORE ", argocd.argoproj.io/hook: PreSync", BACK_OFF), "Progressing" },
		{ POD(IGNORE ", helm.sh/hook: pre-install", READY), "Progressing" },
		{ POD("argocd.argoproj.io/ignore-restart-policy: 'false'", READY), "Progressing" },
	};

	(void)state;
	assert_all(all, ARRAY_SIZE(all));
}

static void
a_pod_that_fails_says_which_container_and_why(void **state)
{
	static const struct wanted_health all[] = {
		{ POD("", "phase: Failed, message: evicted, containerStatuses: [{name: a, state: {terminated: "
			  "{exitCode: 1, "
			  "message: no}}}]"),
		    "Degraded: evicted" },
		{ POD("", "phase: Failed, containerStatuses: [{name: a, state: {terminated: {exitCode: 0}}}, {name: b, "
			  "state: {terminated: {exitCode: 3, reason: Error}}}]"),
		    "Degraded: container \"b\" failed with exit code 3" },
		{ POD("", "phase: Failed, containerStatuses: [{name: a, state: {terminated: {exitCode: 137, reason: "
			  "OOMKilled}}}]"),
		    "Degraded: OOMKilled" },
		{ POD("",
		      "phase: Failed, initContainerStatuses: [{name: i, state: {terminated: {exitCode: 1, message: no "
		      "database}}}], containerStatuses: [{name: a, state: {terminated: {exitCode: 2}}}]"),
		    "Degraded: no database" },
		{ POD(IGNORE,
		      "phase: Pending, containerStatuses: [{state: {waiting: {reason: ErrImagePull, message: no "
		      "a}}}, {state: {waiting: {reason: PodInitializing, message: x}}}, {state: {waiting: "
		      "{reason: CreateContainerConfigError, message: no b}}}]"),
		    "Degraded: no a, no b" },
	};

	(void)state;
	assert_all(all, ARRAY_SIZE(all));
}

#define CRD(conditions)                                                                                                \
	"{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, status: {conditions: [" conditions "]}" \
	"}"

static void
a_definition_is_healthy_once_it_is_served(void **state)
{
	static const struct wanted_health all[] = {
		{ CRD("{type: Established, status: 'True'}, {type: NamesAccepted, status: 'True'}"),
		    "Healthy: CRD is healthy" },
		{ CRD(""), "Progressing" },
		{ CRD("{type: Established, status: 'False', reason: Installing}"), "Progressing" },
		{ CRD("{type: Established, status: 'False', reason: NotAccepted}"),
		    "Degraded: CRD is not established" },
		{ CRD("{type: NamesAccepted, status: 'False', message: taken}"),
		    "Degraded: CRD names have not been accepted: taken" },
		{ CRD("{type: Established, status: 'True'}, {type: NonStructuralSchema, status: 'True', message: "
		      "loose}"),
		    "Degraded: Schema violations found: loose" },
		{ CRD("{type: Established, status: 'True'}, {type: Terminating, status: 'True', message: soon}"),
		    "Progressing: CRD is terminating: soon" },
	};

	(void)state;
	assert_all(all, ARRAY_SIZE(all));
}

#define OLD(spec, status)                                                                                              \
	"{apiVersion: argoproj.io/v1alpha1, kind: Rollout, metadata: {generation: 3}, spec: {replicas: 2, " spec       \
	"}, status: {"                                                                                                 \
	"observedGeneration: 7d9bf8c4b, currentPodHash: abc, " status "}}"
#define ALL "replicas: 2, updatedReplicas: 2, availableReplicas: 2"

static void
a_rollout_of_an_old_controller_has_no_phase(void **state)
{
	static const struct wanted_health all[] = {
		{ OLD("strategy: {canary: {}}", "updatedReplicas: 1"),
		    "Progressing: Waiting for roll out to finish: More replicas" },
		{ OLD("strategy: {canary: {}}", "updatedReplicas: 2, availableReplicas: 1"),
		    "Progressing: Waiting for roll out to finish: updated replicas are still becoming available" },
		{ OLD("strategy: {canary: {}}", ALL ", canary: {stableRS: abc}"), "Healthy: " },
		{ OLD("strategy: {canary: {}}", ALL ", stableRS: old"),
		    "Progressing: Waiting for rollout to finish steps" },
		{ OLD("strategy: {canary: {}}", "replicas: 3, updatedReplicas: 2, availableReplicas: 2, stableRS: abc"),
		    "Progressing: Waiting for roll out to finish: old replicas are pending termination" },
		{ OLD("strategy: {blueGreen: {}}", ALL ", blueGreen: {activeSelector: old}"),
		    "Progressing: active service cutover pending" },
		{ OLD("strategy: {blueGreen: {}}", ALL ", blueGreen: {activeSelector: abc}, stableRS: old"),
		    "Progressing: waiting for analysis to complete" },
		{ OLD("strategy: {blueGreen: {}}", ALL ", blueGreen: {activeSelector: abc}, stableRS: abc"),
		    "Healthy: " },
		{ OLD("strategy: {canary: {}}", "pauseConditions: [{reason: CanaryPauseStep}]"),
		    "Suspended: Rollout is paused" },
		{ OLD("paused: true", ALL), "Suspended: Rollout is paused" },
		{ OLD("strategy: {canary: {}}", "conditions: [{type: InvalidSpec, message: no selector}]"),
		    "Degraded: no selector" },
		{ OLD("strategy: {canary: {}}",
		      "conditions: [{type: Progressing, reason: RolloutAborted, message: aborted}]"),
		    "Degraded: aborted" },
		{ OLD("strategy: {canary: {}}",
		      "conditions: [{type: Progressing, reason: ProgressDeadlineExceeded, message: late}]"),
		    "Degraded: late" },
		{ "{apiVersion: argoproj.io/v1alpha1, kind: Rollout, metadata: {generation: 3}, status: "
		  "{observedGeneration: '99999'}}",
		    "Progressing: Waiting for rollout to finish: status has not been reconciled." },
		{ "{apiVersion: argoproj.io/v1alpha1, kind: Rollout, metadata: {generation: 3}, status: "
		  "{observedGeneration: '2', phase: "
		  "Healthy}}",
		    "Progressing: Waiting for rollout spec update to be observed" },
		{ "{apiVersion: argoproj.io/v1alpha1, kind: Rollout, metadata: {generation: 3}}", "Progressing" },
	};

	(void)state;
	assert_all(all, ARRAY_SIZE(all));
}

#define CRON(spec, status) "{apiVersion: batch/v1, kind: CronJob, spec: {" spec "}, status: {" status "}}"
#define AT "lastScheduleTime: '2026-01-02T00:00:00Z'"

static void
a_cron_job_is_as_its_last_execution(void **state)
{
	static const struct wanted_health all[] = {
		{ CRON("", ""), "Healthy: CronJob has not been scheduled yet" },
		{ CRON("suspend: true", AT), "Suspended: CronJob is Suspended" },
		{ CRON("", AT), "Healthy: The Cronjob never completed" },
		{ CRON("", AT ", lastSuccessfulTime: '2026-01-01T00:00:00Z', active: [{name: a}]"),
		    "Healthy: The job is running" },
		{ CRON("", AT ", lastSuccessfulTime: '2026-01-01T00:00:00Z'"), "Degraded: CronJob has not completed" },
		{ CRON("", AT ", lastSuccessfulTime: '2026-01-02T00:00:10Z'"), "Healthy: CronJob has completed" },
	};

	(void)state;
	assert_all(all, ARRAY_SIZE(all));
}

static void
a_workflow_is_as_its_phase(void **state)
{
	static const struct wanted_health all[] = {
		{ "{apiVersion: argoproj.io/v1alpha1, kind: Workflow}", "Progressing" },
		{ "{apiVersion: argoproj.io/v1alpha1, kind: Workflow, status: {phase: Running}}", "Progressing" },
		{ "{apiVersion: argoproj.io/v1alpha1, kind: Workflow, status: {phase: Succeeded}}", "Healthy" },
		{ "{apiVersion: argoproj.io/v1alpha1, kind: Workflow, status: {phase: Failed, message: exit 1}}",
		    "Degraded: exit 1" },
		{ "{apiVersion: argoproj.io/v1alpha1, kind: Workflow, status: {phase: Error}}", "Degraded" },
		{ "{apiVersion: argoproj.io/v1alpha1, kind: Workflow, status: {phase: Omitted}}", "Unknown" },
	};

	(void)state;
	assert_all(all, ARRAY_SIZE(all));
}

#define CUSTOM(api, kind, status)                                                                                      \
	"{apiVersion: " api ", kind: " kind ", metadata: {generation: 2}, spec: {}, status: {" status "}}"
#define SAYS(type, is) "conditions: [{type: " type ", status: '" is "', message: why}]"

static void
a_custom_resource_is_as_its_conditions_say(void **state)
{
	static const struct wanted_health all[] = {
		{ CUSTOM("external-secrets.io/v1", "ExternalSecret", SAYS("Ready", "False")), "Degraded: why" },
		{ CUSTOM("external-secrets.io/v1", "ExternalSecret", SAYS("Ready", "True")), "Healthy: why" },
		{ CUSTOM("external-secrets.io/v1beta1", "ClusterSecretStore", SAYS("Ready", "False")),
		    "Degraded: why" },
		{ CUSTOM("external-secrets.io/v1", "ExternalSecret", ""),
		    "Progressing: Waiting for the status of ExternalSecret" },
		{ CUSTOM("external-secrets.io/v1", "ExternalSecret", SAYS("Other", "True")), "Progressing" },
		{ CUSTOM("external-secrets.io/v1", "ExternalSecret", SAYS("Ready", "Unknown")), "Progressing" },
		{ CUSTOM("bitnami.com/v1alpha1", "SealedSecret", SAYS("Synced", "False")), "Degraded: why" },
		{ CUSTOM("bitnami.com/v1alpha1", "SealedSecret", "observedGeneration: 2, " SAYS("Synced", "True")),
		    "Healthy: why" },
		{ CUSTOM("bitnami.com/v1alpha1", "SealedSecret", "observedGeneration: 1, " SAYS("Synced", "True")),
		    "Progressing: Waiting for SealedSecret spec update to be observed" },
		{ CUSTOM("cert-manager.io/v1", "Certificate", SAYS("Ready", "False")), "Degraded" },
		{ CUSTOM("cert-manager.io/v1", "Certificate",
		      "conditions: [{type: Ready, status: 'False'}, {type: Issuing, status: 'True', message: "
		      "issuing}]"),
		    "Progressing: issuing" },
		{ CUSTOM("cert-manager.io/v1", "ClusterIssuer", SAYS("Ready", "True")), "Healthy" },
		{ CUSTOM("acme.cert-manager.io/v1", "Order", "state: errored"), "Degraded: errored" },
		{ CUSTOM("acme.cert-manager.io/v1", "Order", "state: pending"), "Progressing" },
		{ CUSTOM("acme.cert-manager.io/v1", "Challenge", "state: valid"), "Healthy" },
		{ CUSTOM("kustomize.toolkit.fluxcd.io/v1", "Kustomization",
		      "conditions: [{type: Reconciling, status: 'True'}, {type: Ready, status: 'Unknown'}]"),
		    "Progressing" },
		{ CUSTOM("kustomize.toolkit.fluxcd.io/v1", "Kustomization",
		      "conditions: [{type: Reconciling, status: 'True'}, {type: Ready, status: 'False', message: "
		      "broken}]"),
		    "Degraded: broken" },
		{ CUSTOM("source.toolkit.fluxcd.io/v1", "GitRepository",
		      "conditions: [{type: Stalled, status: 'True', message: wrong}, {type: Ready, status: "
		      "'Unknown'}]"),
		    "Degraded: wrong" },
		{ "{apiVersion: helm.toolkit.fluxcd.io/v2, kind: HelmRelease, spec: {suspend: true}}",
		    "Suspended: HelmRelease is suspended" },
		{ CUSTOM("notification.toolkit.fluxcd.io/v1beta3", "Alert", ""), "" },
		{ CUSTOM("s3.aws.upbound.io/v1beta1", "Bucket",
		      "conditions: [{type: Synced, status: 'False', message: denied}]"),
		    "Degraded: denied" },
		{ CUSTOM("s3.aws.upbound.io/v1beta1", "Bucket",
		      "conditions: [{type: Synced, status: 'True'}, {type: Ready, status: 'False'}]"),
		    "Progressing" },
		{ CUSTOM("s3.aws.upbound.io/v1beta1", "Bucket", "conditions: [{type: Synced, status: 'True'}]"),
		    "Progressing" },
		{ CUSTOM("s3.aws.upbound.io/v1beta1", "Bucket",
		      "conditions: [{type: Synced, status: 'True'}, {type: Ready, status: 'True'}]"),
		    "Healthy" },
		{ CUSTOM("aws.upbound.io/v1beta1", "ProviderConfig", "users: 3"), "Healthy" },
		{ CUSTOM("keda.sh/v1alpha1", "ScaledObject",
		      "conditions: [{type: Ready, status: 'True'}, {type: Fallback, status: 'True', message: fell "
		      "back}]"),
		    "Degraded: fell back" },
		{ CUSTOM("gateway.networking.k8s.io/v1", "HTTPRoute",
		      "parents: [{conditions: [{type: Accepted, status: 'True', observedGeneration: 2}, {type: "
		      "ResolvedRefs, status: "
		      "'False', observedGeneration: 2, message: no backend}]}]"),
		    "Degraded: no backend" },
		{ CUSTOM("gateway.networking.k8s.io/v1", "HTTPRoute",
		      "parents: [{conditions: [{type: Accepted, status: 'False', observedGeneration: 1}]}]"),
		    "Progressing" },
		{ CUSTOM("gateway.networking.k8s.io/v1", "HTTPRoute",
		      "parents: [{conditions: [{type: Accepted, status: 'True', observedGeneration: 2}]}]"),
		    "Healthy" },
		{ CUSTOM("kafka.strimzi.io/v1", "Kafka", SAYS("NotReady", "True")), "Degraded: why" },
		{ CUSTOM("argoproj.io/v1alpha1", "ApplicationSet",
		      "conditions: [{type: ErrorOccurred, status: 'True', message: bad generator}, {type: "
		      "ResourcesUpToDate, status: "
		      "'True'}]"),
		    "Degraded: bad generator" },
		{ CUSTOM("argoproj.io/v1alpha1", "Application", SAYS("Ready", "False")), "" },
		{ CUSTOM("example.com/v1", "Thing", SAYS("Ready", "False")), "" },
		{ CUSTOM("example.com/v1", "ExternalSecret", SAYS("Ready", "False")), "" },
		{ "{apiVersion: bitnami.com/v1alpha1, kind: SealedSecret, status: {conditions: {type: Synced}}}",
		    "Progressing" },
		{ "{apiVersion: bitnami.com/v1alpha1, kind: SealedSecret, status: []}", "Progressing" },
		{ "{apiVersion: bitnami.com/v1alpha1, kind: SealedSecret, status: {conditions: [1, [], {}]}}",
		    "Progressing" },
	};

	(void)state;
	assert_all(all, ARRAY_SIZE(all));
}

/* Of the kinds that have more than conditions: fields, counts, entries of lists; and what must not be healthy too
 * soon. */
static void
a_custom_resource_is_as_its_status_says(void **state)
{
#define KIND(api, kind, generation, rest)                                                                              \
	"{apiVersion: " api "/v1, kind: " kind ", metadata: {generation: " generation "}" rest "}"
	static const struct wanted_health all[] = {
		{ KIND("operators.coreos.com", "Subscription", "1", ""), "Progressing: Waiting for the status" },
		{ KIND("operators.coreos.com", "Subscription", "1", ", status: {installedCSV: a.v1}"), "Healthy: " },
		{ KIND("operators.coreos.com", "Subscription", "1",
		      ", status: {installedCSV: a.v1, conditions: [{type: ResolutionFailed, status: 'True', message: "
		      "none}]}"),
		    "Degraded: none" },
		{ KIND("acid.zalan.do", "postgresql", "1", ", status: {PostgresClusterStatus: Creating}"),
		    "Progressing: Creating" },
		{ KIND("acid.zalan.do", "postgresql", "1", ", status: {PostgresClusterStatus: SyncFailed}"),
		    "Degraded: SyncFailed" },
		{ KIND("snapshot.storage.k8s.io", "VolumeSnapshot", "1", ", status: {readyToUse: false}"),
		    "Progressing: false" },
		{ KIND("snapshot.storage.k8s.io", "VolumeSnapshot", "1", ", status: {readyToUse: true}"), "Healthy: " },
		{ KIND("snapshot.storage.k8s.io", "VolumeSnapshot", "1",
		      ", status: {readyToUse: true, error: {message: gone}}"),
		    "Degraded: " },
		{ KIND("solr.apache.org", "SolrCloud", "1", ", spec: {replicas: 3}, status: {readyReplicas: 2}"),
		    "Progressing: readyReplicas: 2/3" },
		{ KIND("solr.apache.org", "SolrCloud", "1", ", spec: {replicas: 3}, status: {readyReplicas: 3}"),
		    "Healthy: " },
		{ KIND("opentelemetry.io", "OpenTelemetryCollector", "1", ", status: {scale: {statusReplicas: 1/3}}"),
		    "Progressing: 1/3" },
		{ KIND("opentelemetry.io", "OpenTelemetryCollector", "1", ", status: {scale: {statusReplicas: 3/3}}"),
		    "Healthy: " },
		{ KIND("policy.open-cluster-management.io", "ConfigurationPolicy", "3",
		      ", status: {compliant: Compliant, lastEvaluatedGeneration: 2}"),
		    "Progressing: " },
		{ KIND("tekton.dev", "PipelineRun", "1",
		      ", status: {conditions: [{type: Succeeded, status: Unknown, "
		      "message: running}]}"),
		    "Progressing: running" },
		{ KIND("bitnami.com", "SealedSecret", "1", ", status: {conditions: [{type: Synced, status: 'True'}]}"),
		    "Progressing: Waiting for the status" },
		{ KIND("kro.run", "WebApp", "1",
		      ", status: {state: ACTIVE, conditions: [{type: Ready, status: 'True'}]}"),
		    "Progressing: " },
		{ KIND("kro.run", "WebApp", "1",
		      ", status: {state: ACTIVE, conditions: [{type: Ready, status: 'True', observedGeneration: 1}]}"),
		    "Healthy: " },
		{ KIND("keda.sh", "ScaledObject", "1",
		      ", status: {conditions: [{type: Ready, status: 'True'}, {type: Paused, status: 'True'}]}"),
		    "Suspended: " },
		{ KIND("core.spinkube.dev", "SpinApp", "1",
		      ", status: {conditions: [{type: Available, status: 'True'}, {type: Progressing, status: 'False', "
		      "reason: ProgressDeadlineExceeded, message: late}]}"),
		    "Degraded: late" },
		{ KIND("gateway.networking.k8s.io", "HTTPRoute", "2",
		      ", status: {parents: [{conditions: [{type: Accepted, status: 'False', observedGeneration: 1}]}, "
		      "{conditions: [{type: Accepted, status: 'True', observedGeneration: 2}]}]}"),
		    "Healthy: " },
		{ KIND("gateway.networking.k8s.io", "HTTPRoute", "2",
		      ", status: {parents: [{conditions: [{type: Accepted, status: 'True', observedGeneration: 1}]}]}"),
		    "Progressing: " },
		{ KIND("gateway.networking.k8s.io", "Gateway", "1",
		      ", status: {conditions: [{type: Programmed, status: 'True'}], listeners: [{conditions: [{type: "
		      "Programmed, status: 'True'}, {type: ResolvedRefs, status: 'False', message: no such "
		      "Secret}]}]}"),
		    "Degraded: no such Secret" },
		{ KIND("work.karmada.io", "ResourceBinding", "1",
		      ", status: {aggregatedStatus: [{health: Healthy}], conditions: [{type: Scheduled, status: "
		      "'True'}]}"),
		    "Progressing: " },
		{ KIND("example.com", "Thing", "1", ", status: {conditions: [{type: Ready, status: 'False'}]}"), "" },
	};
#undef KIND

	(void)state;
	assert_all(all, ARRAY_SIZE(all));
}

static void
a_custom_resource_is_as_its_spec_and_marks_say(void **state)
{
	static const char ready[] = "status: {conditions: [{type: Ready, status: 'True'}]}";
	static const struct {
		const char *kind, *rest, *want;
	} all[] = {
		{ "apiVersion: capsule.clastix.io/v1beta2, kind: TenantResource", "spec: {cordoned: true}, ",
		    "Suspended: " },
		{ "apiVersion: capsule.clastix.io/v1beta2, kind: TenantResource", "spec: {cordoned: false}, ",
		    "Healthy: " },
		{ "apiVersion: cluster.x-k8s.io/v1beta1, kind: MachineDeployment", "spec: {paused: true}, ",
		    "Suspended: " },
		{ "apiVersion: postgresql.cnpg.io/v1, kind: Cluster",
		    "metadata: {annotations: {cnpg.io/reconciliationLoop: disabled}}, ",
		    "Suspended: Cluster is paused" },
		{ "apiVersion: postgresql.cnpg.io/v1, kind: Cluster",
		    "metadata: {annotations: {cnpg.io/reconciliationLoop: enabled}}, ", "Healthy: " },
		{ "apiVersion: numaflow.numaproj.io/v1alpha1, kind: Pipeline",
		    "metadata: {labels: {numaplane.numaproj.io/progressive-result-state: failed}}, ", "Degraded: " },
	};
	static const struct wanted_health others[] = {
		{ "{apiVersion: apps.kruise.io/v1beta1, kind: StatefulSet, spec: {replicas: 1, updateStrategy: "
		  "{rollingUpdate: {paused: true}}}, status: {updatedAvailableReplicas: 1}}",
		    "Suspended: " },
		{ "{apiVersion: apps.kruise.io/v1alpha1, kind: DaemonSet, status: {desiredNumberScheduled: 2, "
		  "numberAvailable: 2, updatedNumberScheduled: 1}}",
		    "Progressing: updatedNumberScheduled: 1/2" },
		{ "{apiVersion: elasticsearch.k8s.elastic.co/v1, kind: Elasticsearch, spec: {nodeSets: [{count: 3}, "
		  "{count: "
		  "1}]}, status: {phase: Ready, health: green, availableNodes: 3}}",
		    "Progressing: availableNodes: 3/4" },
		{ "{apiVersion: elasticsearch.k8s.elastic.co/v1, kind: Elasticsearch, spec: {nodeSets: [{count: 3}, "
		  "{count: "
		  "1}]}, status: {phase: Ready, health: green, availableNodes: 4}}",
		    "Healthy: green" },
		{ "{apiVersion: kafka.banzaicloud.io/v1beta1, kind: KafkaCluster, status: {state: ClusterRunning, "
		  "cruiseControlTopicStatus: CruiseControlTopicReady, brokersState: {'0': {configurationState: "
		  "ConfigInSync}, '1': {configurationState: ConfigOutOfSync}}}}",
		    "Progressing: ConfigOutOfSync" },
		{ "{apiVersion: kafka.banzaicloud.io/v1beta1, kind: KafkaCluster, status: {state: "
		  "ClusterRollingUpgrading, "
		  "cruiseControlTopicStatus: CruiseControlTopicReady, brokersState: {'0': {configurationState: "
		  "ConfigInSync}}}}",
		    "Progressing: ClusterRollingUpgrading" },
		{ "{apiVersion: game.kruise.io/v1alpha1, kind: GameServer, status: {currentState: Ready, podStatus: "
		  "{conditions: [{type: KruisePodReady, status: 'False', message: lost}]}}}",
		    "Degraded: lost" },
		{ "{apiVersion: microgateway.airlock.com/v1alpha1, kind: RateLimitPolicy, status: {ancestors: "
		  "[{conditions: "
		  "[{type: Accepted, status: 'True'}]}, {conditions: [{type: Other, status: 'True'}]}]}}",
		    "Progressing: " },
		{ "{apiVersion: gateway.networking.k8s.io/v1, kind: ListenerSet, status: {conditions: [{type: "
		  "Programmed, "
		  "status: 'True'}], listeners: []}}",
		    "Progressing: " },
		{ "{apiVersion: kubevirt.io/v1, kind: VirtualMachine, spec: {runStrategy: Halted}}", "Healthy: " },
		{ "{apiVersion: external-secrets.io/v1, kind: ClusterExternalSecret, status: {conditions: [{type: "
		  "PartiallyReady, status: 'True'}], failedNamespaces: [{namespace: a}]}}",
		    "Degraded: [{" },
		{ "{apiVersion: external-secrets.io/v1, kind: ClusterExternalSecret, status: {conditions: [{type: "
		  "PartiallyReady, status: 'True'}, {type: Ready, status: 'True'}]}}",
		    "Healthy: " },
		{ "{apiVersion: cert-manager.io/v1, kind: CertificateRequest, status: {conditions: [{type: Ready, "
		  "status: "
		  "'False', reason: Failed, message: no such order}]}}",
		    "Degraded: no such order" },
		{ "{apiVersion: cert-manager.io/v1, kind: CertificateRequest, status: {conditions: [{type: Ready, "
		  "status: "
		  "'False', reason: Pending, message: waits}]}}",
		    "Progressing: waits" },
		{ "{apiVersion: sql.cnrm.cloud.google.com/v1beta1, kind: SQLInstance, status: {conditions: [{type: "
		  "Ready, "
		  "status: 'False', reason: UpdateFailed, message: denied}]}}",
		    "Degraded: denied" },
		{ "{apiVersion: kubevirt.io/v1, kind: VirtualMachine, spec: {running: false}, status: {created: true, "
		  "printableStatus: Stopping}}",
		    "Progressing: Stopping" },
		{ "{apiVersion: kubevirt.io/v1, kind: VirtualMachine, spec: {runStrategy: Manual}, status: "
		  "{printableStatus: Stopped}}",
		    "Suspended: Stopped" },
		{ "{apiVersion: operator.victoriametrics.com/v1beta1, kind: VMSingle, status: {updateStatus: paused}}",
		    "Suspended: paused" },
	};
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		assert_all(&(struct wanted_health){ arena_printf(a, "{%s, %s%s}", all[i].kind, all[i].rest, ready),
			       all[i].want },
		    1);
	assert_all(others, ARRAY_SIZE(others));
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_object_that_is_being_deleted_makes_progress),
		cmocka_unit_test(an_autoscaler_is_read_in_every_version),
		cmocka_unit_test(a_pod_that_fails_says_which_container_and_why),
		cmocka_unit_test(a_pod_that_ends_by_itself_counts_as_another_where_its_annotation_says_so),
		cmocka_unit_test(a_definition_is_healthy_once_it_is_served),
		cmocka_unit_test(a_rollout_of_an_old_controller_has_no_phase),
		cmocka_unit_test(a_cron_job_is_as_its_last_execution),
		cmocka_unit_test(a_workflow_is_as_its_phase),
		cmocka_unit_test(a_custom_resource_is_as_its_conditions_say),
		cmocka_unit_test(a_custom_resource_is_as_its_status_says),
		cmocka_unit_test(a_custom_resource_is_as_its_spec_and_marks_say),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
