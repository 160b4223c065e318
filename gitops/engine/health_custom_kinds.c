/* gitops/engine/health_custom_kinds.c: health of custom resources (cert-manager, Crossplane, KEDA, ...): one row for
 * each group and its kinds, and the meaning of their conditions. */
#include "gitops/engine/health_custom_kinds.h"
#include <string.h>
#include "base/glob.h"
#include "base/str.h"

enum {
	KIND_QUIET = 1, /* Healthy without a status, because its controller need not write one */
	KIND_LENIENT = 2, /* no health if the status has none of the row's conditions */
	KIND_SLOW = 4, /* a False `good` condition is Progressing, not Degraded */
	KIND_SUSPENDED = 8, /* Suspended while spec.suspend is true */
	KIND_OBSERVED = 16, /* Progressing while the status has no observedGeneration */
	KIND_ALSO = 32, /* conditions of the status are evaluated too, not only those of the `list` */
	KIND_RATIO = 64, /* the field is a ratio, "2/3": Healthy when both numbers are equal */
	KIND_NUMBERED = 128, /* a `good` condition without observedGeneration is Progressing */
	KIND_BOTH = 256, /* Progressing without a `good` condition, whatever the value of the field */
	KIND_ALL = 512, /* entries of the `list` of an older generation are evaluated too, even if others are current */
	KIND_FULL = 1024, /* Progressing if the `list` is empty */
};

/* Names are separated by "|", paths by "." (a dot in a name is "\\."). Each member that a row has is evaluated, and the
 * worst result counts. For example, { "acme.cert-manager.io", "Challenge|Order", .field = "state",
 * .healthy = "valid|ready", .degraded = "invalid|expired|errored" }: status.state decides. With "valid" or "ready" the
 * object is Healthy, with one of the next three Degraded, with any other value, or none, Progressing. */
static const struct health_kind {
	const char *group; /* a glob */
	const char *kinds; /* globs */
	/* conditions: True: Healthy, False: Degraded. NULL: Ready, if the row has no field and no count */
	const char *good;
	const char *required; /* conditions: False: Degraded; True alone is not enough for Healthy */
	const char *bad; /* conditions: True: Degraded */
	const char *busy; /* conditions: True: Progressing, whatever the others are */
	const char *paused; /* conditions: True: Suspended */
	const char *list; /* member of status with an object of conditions for each owner; NULL: status itself */
	/* a member of status, and its values (globs); other values: Progressing */
	const char *field, *healthy, *degraded, *suspended;
	const char *busy_field, *busy_but; /* members of status: Progressing if one has a value other than `busy_but` */
	const char *wrong; /* a member of status: Degraded if it is not empty */
	/* numbers in status, and the path of the number that each must reach (for a list: the sum) */
	const char *count, *of;
	const char *held, *broken; /* "path=value" from the object's root: Suspended; Degraded */
	/* the same: Healthy if `idle` matches and `idle_but` does not, whatever the status is */
	const char *idle, *idle_but;
	const char *conditions; /* path of the conditions in status; NULL: "conditions" */
	unsigned flags; /* of those above */
} rows[] = {
	/* Secrets and certificates. */
	{ "external-secrets.io", "ClusterExternalSecret", .wrong = "failedNamespaces" },
	{ "external-secrets.io", "ExternalSecret|SecretStore|ClusterSecretStore|PushSecret", .flags = 0 },
	{ "bitnami.com", "SealedSecret", .good = "Synced", .flags = KIND_OBSERVED },
	{ "secrets.hashicorp.com", "VaultStaticSecret", .good = "Ready|SecretSynced|Healthy", .flags = KIND_LENIENT },
	{ "onepassword.com", "OnePasswordItem", .flags = 0 },
	{ "isindir.github.com", "SopsSecret", .field = "message", .healthy = "Healthy", .degraded = "Failed" },
	{ "addons.projectcapsule.dev", "SopsSecret|GlobalSopsSecret|SopsProvider", .flags = 0 },
	{ "cert-manager.io", "Certificate", .busy = "Issuing" },
	{ "cert-manager.io", "Issuer|ClusterIssuer", .flags = 0 },
	{ "cert-manager.io", "CertificateRequest", .bad = "Denied|InvalidRequest", .flags = KIND_SLOW },
	{ "acme.cert-manager.io", "Challenge|Order", .field = "state", .healthy = "valid|ready",
	    .degraded = "invalid|expired|errored" },
	{ "trust.cert-manager.io", "Bundle", .good = "Synced" },
	/* Flux. */
	{ "kustomize.toolkit.fluxcd.io", "Kustomization", .flags = KIND_SUSPENDED },
	{ "helm.toolkit.fluxcd.io", "HelmRelease", .flags = KIND_SUSPENDED },
	{ "source.toolkit.fluxcd.io", "HelmRepository", .flags = KIND_SUSPENDED | KIND_LENIENT },
	{ "source.toolkit.fluxcd.io", "*", .flags = KIND_SUSPENDED },
	{ "image.toolkit.fluxcd.io", "*", .flags = KIND_SUSPENDED },
	{ "notification.toolkit.fluxcd.io", "Receiver", .flags = KIND_SUSPENDED },
	{ "notification.toolkit.fluxcd.io", "*", .flags = KIND_SUSPENDED | KIND_LENIENT },
	{ "infra.contrib.fluxcd.io", "Terraform", .flags = KIND_SUSPENDED },
	/* Clouds. Of Crossplane, configurations and usages of providers have a status only where they have something
	 * to say. */
	{ "*.crossplane.io", "*Config|*ConfigUsage|*Usage|Composition|CompositionRevision",
	    .good = "Ready|ValidPipeline", .flags = KIND_QUIET | KIND_LENIENT },
	{ "*.upbound.io", "*Config|*ConfigUsage", .flags = KIND_QUIET | KIND_LENIENT },
	{ "*.crossplane.io", "*", .good = "Ready|Healthy|Offered|Established|RevisionHealthy",
	    .required = "Synced|LastAsyncOperation|Installed", .flags = KIND_SLOW },
	{ "*.upbound.io", "*", .required = "Synced|LastAsyncOperation", .flags = KIND_SLOW },
	{ "*.services.k8s.aws", "*", .good = "Ready|ACK.ResourceSynced", .bad = "ACK.Terminal", .flags = KIND_SLOW },
	{ "*.cnrm.cloud.google.com", "ConfigConnector|ConfigConnectorContext", .field = "healthy", .healthy = "true",
	    .degraded = "false" },
	{ "*.cnrm.cloud.google.com", "*", .flags = KIND_SLOW },
	{ "karpenter.sh", "NodePool|NodeClaim|EC2NodeClass", .paused = "Disrupting", .flags = KIND_SLOW },
	{ "karpenter.k8s.aws", "EC2NodeClass", .flags = KIND_SLOW },
	{ "cluster.x-k8s.io", "Cluster", .good = "Ready|Available", .field = "phase", .healthy = "Provisioned",
	    .degraded = "Failed", .flags = KIND_SLOW },
	{ "cluster.x-k8s.io", "Machine", .good = "Ready|Available", .flags = KIND_SLOW | KIND_LENIENT },
	{ "cluster.x-k8s.io", "MachineDeployment|MachinePool", .good = "Ready|Available", .field = "phase",
	    .healthy = "Running", .degraded = "Failed", .held = "spec.paused=true", .flags = KIND_SLOW },
	{ "cluster.x-k8s.io", "MachineHealthCheck", .count = "currentHealthy", .of = "status.expectedMachines" },
	{ "controlplane.cluster.x-k8s.io", "AWSManagedControlPlane",
	    .busy = "EKSControlPlaneCreating|EKSControlPlaneUpdating", .wrong = "failureMessage", .flags = KIND_SLOW },
	{ "addons.cluster.x-k8s.io", "ClusterResourceSet", .good = "ResourcesApplied" },
	/* Networks. */
	{ "gateway.networking.k8s.io", "Gateway", .good = "Programmed", .required = "Accepted|ResolvedRefs",
	    .bad = "Conflicted", .list = "listeners", .flags = KIND_SLOW | KIND_ALSO },
	{ "gateway.networking.k8s.io", "ListenerSet", .good = "Programmed", .required = "Accepted|ResolvedRefs",
	    .bad = "Conflicted", .list = "listeners", .flags = KIND_SLOW | KIND_ALSO | KIND_FULL },
	{ "gateway.networking.k8s.io", "GatewayClass", .good = "Accepted" },
	{ "gateway.networking.k8s.io", "HTTPRoute|GRPCRoute|TLSRoute", .good = "Accepted",
	    .required = "ResolvedRefs|Programmed", .list = "parents" },
	{ "gateway.networking.k8s.io", "BackendTLSPolicy", .good = "Accepted", .required = "ResolvedRefs",
	    .list = "ancestors", .flags = KIND_ALL },
	/* Scaling, serverless, events, pipelines. */
	{ "keda.sh", "ScaledObject|ScaledJob", .bad = "Fallback", .paused = "Paused" },
	{ "serving.knative.dev", "Service", .flags = 0 },
	{ "eventing.knative.dev", "Broker|Trigger", .flags = 0 },
	{ "argoproj.io", "ApplicationSet", .good = "ResourcesUpToDate", .bad = "ErrorOccurred",
	    .busy = "RolloutProgressing" },
	{ "argoproj.io", "EventBus|EventSource|Sensor", .good = "Deployed",
	    .required = "Configured|SourcesProvided|DependenciesProvided|TriggersProvided", .flags = KIND_LENIENT },
	{ "promoter.argoproj.io", "GitCommitStatus|TimedCommitStatus|WebRequestCommitStatus", .list = "environments",
	    .field = "phase", .healthy = "success", .degraded = "failure", .flags = KIND_ALSO },
	{ "promoter.argoproj.io",
	    "ArgoCDCommitStatus|ChangeTransferPolicy|CommitStatus|ClusterScmProvider|GitCommitStatus|GitRepository|"
	    "PromotionStrategy|PullRequest|ScmProvider|TimedCommitStatus|WebRequestCommitStatus",
	    .flags = 0 },
	{ "numaflow.numaproj.io", "Pipeline|MonoVertex|Vertex|InterStepBufferService", .field = "phase",
	    .healthy = "Running|Paused", .degraded = "Failed",
	    .required = "ChildrenResourcesHealthy|Configured|Deployed|DaemonHealthy|DaemonServiceHealthy|PodsHealthy|"
			"SideInputsManagersHealthy|VerticesHealthy",
	    .broken = "metadata.labels.numaplane\\.numaproj\\.io/progressive-result-state=failed" },
	/* Databases, queues, monitoring. */
	{ "kafka.strimzi.io", "Kafka|KafkaBridge|KafkaConnect|KafkaConnector|KafkaTopic|KafkaUser", .bad = "NotReady" },
	{ "mariadb.mmontes.io", "MariaDB", .flags = KIND_SLOW },
	{ "k8s.mariadb.com", "MariaDB|Database|Grant|User", .flags = KIND_SLOW },
	{ "k8s.mariadb.com", "Backup|SqlJob", .good = "Complete|Ready", .flags = KIND_SLOW },
	{ "postgresql.cnpg.io", "Cluster", .paused = "cnpg.io/hibernation",
	    .held = "metadata.annotations.cnpg\\.io/reconciliationLoop=disabled", .flags = KIND_SLOW },
	{ "postgresql.cnpg.io", "Database", .field = "applied", .healthy = "true", .degraded = "false",
	    .flags = KIND_OBSERVED },
	{ "postgresql.cnpg.io", "Backup", .field = "phase", .healthy = "completed",
	    .degraded = "failed|walArchivingFailing" },
	{ "rabbitmq.com", "RabbitmqCluster", .good = "AllReplicasReady", .required = "ReconcileSuccess",
	    .flags = KIND_SLOW },
	{ "rabbitmq.com", "Binding|Exchange|Permission|Policy|Queue|Shovel|User|Vhost", .flags = 0 },
	{ "zookeeper.pravega.io", "ZookeeperCluster", .good = "PodsReady", .flags = KIND_SLOW },
	{ "elasticsearch.k8s.elastic.co", "Elasticsearch", .field = "health", .healthy = "green", .degraded = "red",
	    .busy_field = "phase", .busy_but = "Ready", .count = "availableNodes", .of = "spec.nodeSets.count" },
	{ "*.k8s.elastic.co", "*", .field = "health", .healthy = "green", .degraded = "red" },
	{ "monitoring.coreos.com", "Prometheus|Alertmanager|ThanosRuler", .good = "Available" },
	{ "grafana.integreatly.org", "Grafana", .field = "stage", .healthy = "complete" },
	{ "grafana.integreatly.org", "GrafanaFolder", .good = "FolderSynchronized", .bad = "FolderUIDMismatch" },
	{ "grafana.integreatly.org", "GrafanaDashboard", .good = "DashboardSynchronized", .flags = KIND_LENIENT },
	{ "grafana.integreatly.org", "GrafanaDatasource", .good = "DatasourceSynchronized", .flags = KIND_LENIENT },
	{ "k8s.keycloak.org", "Keycloak", .bad = "HasErrors", .flags = KIND_SLOW },
	{ "velero.io", "Schedule", .field = "phase", .healthy = "Enabled", .degraded = "FailedValidation" },
	{ "velero.io", "Backup|Restore", .field = "phase", .healthy = "Completed",
	    .degraded = "Failed|FailedValidation|PartiallyFailed|FinalizingPartiallyFailed" },
	{ "kyverno.io", "Policy|ClusterPolicy", .flags = KIND_SLOW | KIND_LENIENT },
	{ "kubevirt.io", "VirtualMachine", .field = "printableStatus", .healthy = "Running", .bad = "Failure",
	    .paused = "Paused", .suspended = "Paused|Stopped", .degraded = "*Error|*BackOff|*Failed*",
	    .idle = "spec.running=false|spec.runStrategy=Halted", .idle_but = "status.created=true" },
	{ "kubevirt.io", "VirtualMachineInstance", .field = "phase", .healthy = "Running", .degraded = "Failed",
	    .suspended = "Succeeded", .good = "Ready", .paused = "Paused", .flags = KIND_SLOW },
	{ "operator.victoriametrics.com", "*", .field = "updateStatus", .healthy = "operational|ignored",
	    .degraded = "failed", .suspended = "paused" },
	/* Workloads, jobs and platforms. */
	{ "apps.kruise.io", "CloneSet", .count = "updatedAvailableReplicas", .of = "spec.replicas",
	    .held = "spec.updateStrategy.paused=true" },
	{ "apps.kruise.io", "StatefulSet", .count = "updatedAvailableReplicas", .of = "spec.replicas",
	    .held = "spec.updateStrategy.rollingUpdate.paused=true" },
	{ "apps.kruise.io", "DaemonSet", .count = "updatedNumberScheduled|numberAvailable",
	    .of = "status.desiredNumberScheduled", .held = "spec.updateStrategy.rollingUpdate.paused=true" },
	{ "apps.kruise.io", "BroadcastJob", .field = "phase", .healthy = "completed", .degraded = "failed",
	    .suspended = "paused" },
	{ "apps.kruise.io", "AdvancedCronJob", .field = "lastScheduleTime", .healthy = "*", .busy_field = "active",
	    .busy_but = "" },
	{ "game.kruise.io", "GameServer", .field = "currentState", .healthy = "Ready", .required = "KruisePodReady",
	    .conditions = "podStatus.conditions" },
	{ "game.kruise.io", "GameServerSet", .count = "updatedReadyReplicas", .of = "spec.replicas" },
	{ "rollouts.kruise.io", "Rollout", .field = "phase", .healthy = "Healthy", .degraded = "Disabled" },
	{ "apps.openshift.io", "DeploymentConfig", .good = "Available", .required = "Progressing", .flags = KIND_SLOW },
	{ "route.openshift.io", "Route", .good = "Admitted", .list = "ingress" },
	{ "operator.openshift.io", "IngressController", .good = "Available|PodsScheduled", .bad = "Degraded",
	    .busy = "Progressing|DeploymentRollingOut", .flags = KIND_SLOW },
	{ "ocs.openshift.io", "StorageCluster", .good = "Available", .bad = "Degraded", .busy = "Progressing",
	    .flags = KIND_SLOW },
	{ "operators.coreos.com", "Subscription", .bad = "CatalogSourcesUnhealthy|InstallPlanFailed|ResolutionFailed",
	    .field = "installedCSV", .healthy = "*" },
	{ "argoproj.io", "CronWorkflow", .bad = "SpecError|SubmissionError", .flags = KIND_QUIET },
	{ "tekton.dev", "PipelineRun|TaskRun", .good = "Succeeded" },
	{ "tower.ansible.com", "AnsibleJob", .field = "ansibleJobResult.status", .healthy = "successful",
	    .degraded = "failed|error|canceled" },
	{ "camel.apache.org", "Integration", .field = "phase", .healthy = "Running", .degraded = "Error" },
	{ "core.spinkube.dev", "SpinApp", .good = "Available", .busy = "Progressing", .flags = KIND_SLOW },
	{ "openfaas.com", "Function", .good = "Ready|Healthy", .flags = KIND_SLOW },
	{ "spot.io", "SpotDeployment", .good = "Available", .required = "Progressing", .bad = "InvalidSpec" },
	{ "core.gardener.cloud", "Shoot",
	    .good = "APIServerAvailable|ControlPlaneHealthy|ObservabilityComponentsHealthy|EveryNodeReady|"
		    "SystemComponentsHealthy",
	    .field = "lastOperation.state", .healthy = "Succeeded", .degraded = "Failed|Error|Aborted",
	    .flags = KIND_SLOW | KIND_BOTH },
	{ "kro.run", "ResourceGraphDefinition", .field = "state", .healthy = "Active", .good = "Ready",
	    .flags = KIND_NUMBERED },
	{ "kro.run", "*", .field = "state", .healthy = "ACTIVE", .degraded = "ERROR|FAILED", .good = "Ready",
	    .flags = KIND_SLOW | KIND_NUMBERED },
	{ "capsule.clastix.io", "*", .paused = "Cordoned", .wrong = "exhaustions", .held = "spec.cordoned=true" },
	{ "work.karmada.io", "*", .good = "FullyApplied", .required = "Scheduled", .list = "aggregatedStatus",
	    .field = "health", .healthy = "Healthy", .degraded = "Unhealthy|Unknown", .flags = KIND_SLOW | KIND_ALSO },
	{ "policy.open-cluster-management.io", "OperatorPolicy", .good = "Compliant" },
	{ "policy.open-cluster-management.io", "*", .field = "compliant", .healthy = "Compliant",
	    .degraded = "NonCompliant" },
	{ "policies.kyverno.io", "*", .field = "conditionStatus.ready", .healthy = "true", .degraded = "false" },
	{ "policy", "PodDisruptionBudget", .good = "DisruptionAllowed" },
	{ "apps.3scale.net", "APIManager", .good = "Available", .flags = KIND_SLOW },
	{ "capabilities.3scale.net", "Application|Tenant", .bad = "Failed|Invalid", .field = "state",
	    .suspended = "suspended", .good = "Ready" },
	{ "capabilities.3scale.net", "*", .good = "Ready|Synced", .bad = "Failed|Invalid|Orphan", .paused = "Waiting",
	    .flags = KIND_SLOW },
	{ "services.cloud.sap.com", "ServiceBinding|ServiceInstance", .required = "Succeeded", .bad = "Failed" },
	{ "pulumi.com", "Stack", .flags = KIND_SLOW },
	{ "iammanager.keikoproj.io", "Iamrole", .field = "state", .healthy = "Ready",
	    .degraded = "Error|*NotAllowed|*LimitReached|*AlreadyExists" },
	{ "proclaim.dogmatiq.io", "DNSSDServiceInstance", .good = "Discoverable", .required = "Advertised|Adopted",
	    .flags = KIND_SLOW },
	/* Releases, meshes and gateways. */
	{ "flagger.app", "Canary", .field = "phase", .healthy = "Initialized|Succeeded", .degraded = "Failed" },
	{ "install.istio.io", "IstioOperator", .field = "status", .healthy = "HEALTHY", .degraded = "ERROR" },
	{ "kiali.io", "Kiali", .good = "Successful", .bad = "Failure" },
	{ "gateway.envoyproxy.io", "Backend", .good = "Accepted" },
	{ "gateway.envoyproxy.io", "*", .good = "Accepted|Programmed", .list = "ancestors" },
	{ "microgateway.airlock.com", "*", .good = "Accepted", .required = "ResolvedRefs", .list = "ancestors",
	    .flags = KIND_BOTH },
	{ "gateway.solo.io", "*", .list = "statuses", .field = "state", .healthy = "Accepted|1",
	    .degraded = "Rejected|Warning|2|3" },
	{ "gloo.solo.io", "*", .list = "statuses", .field = "state", .healthy = "Accepted|1",
	    .degraded = "Rejected|Warning|2|3" },
	{ "projectcontour.io", "*", .good = "Valid" },
	{ "networking.gke.io", "ManagedCertificate", .field = "certificateStatus", .healthy = "Active",
	    .degraded = "*Failed*" },
	{ "nmstate.io", "NodeNetworkConfigurationPolicy", .good = "Available", .bad = "Degraded", .busy = "Progressing",
	    .paused = "Ignored", .flags = KIND_SLOW },
	{ "operator.knative.dev", "*", .flags = KIND_SLOW },
	{ "serving.kserve.io", "InferenceService", .paused = "Stopped", .field = "modelStatus.transitionStatus",
	    .healthy = "UpToDate", .degraded = "BlockedByFailedLoad|InvalidSpec", .good = "Ready", .flags = KIND_SLOW },
	{ "serving.kserve.io", "LLMInferenceService", .flags = KIND_OBSERVED },
	{ "numaplane.numaproj.io", "*", .field = "phase", .healthy = "Deployed", .degraded = "Failed",
	    .required = "ChildResourcesHealthy|ProgressiveUpgradeSucceeded" },
	/* Storage. */
	{ "astra.netapp.io", "Application", .flags = 0 },
	{ "astra.netapp.io", "ExecHook|Schedule", .flags = KIND_LENIENT },
	{ "astra.netapp.io", "*", .field = "state", .healthy = "available|Completed",
	    .degraded = "failed|Failed|Error" },
	{ "trident.netapp.io", "TridentBackendConfig", .field = "lastOperationStatus", .healthy = "Success",
	    .degraded = "Failed" },
	{ "trident.netapp.io", "TridentOrchestrator", .field = "status", .healthy = "Installed",
	    .degraded = "Failed|Error" },
	{ "cdi.kubevirt.io", "DataVolume", .field = "phase", .healthy = "Succeeded", .degraded = "Failed" },
	{ "ceph.rook.io", "CephCluster", .field = "ceph.health", .healthy = "HEALTH_OK",
	    .degraded = "HEALTH_ERR|HEALTH_WARN" },
	{ "ceph.rook.io", "CephObjectStore", .field = "phase", .healthy = "Ready", .degraded = "Failure" },
	{ "objectbucket.io", "ObjectBucketClaim", .field = "phase", .healthy = "Bound", .degraded = "Failed" },
	{ "snapshot.storage.k8s.io", "VolumeSnapshot|VolumeSnapshotContent", .field = "readyToUse", .healthy = "true",
	    .wrong = "error" },
	{ "minio.min.io", "Tenant", .field = "currentState", .healthy = "Initialized",
	    .degraded = "Another*|*not*|*Not*|Different*" },
	/* More databases, queues, monitoring. */
	{ "acid.zalan.do", "postgresql", .field = "PostgresClusterStatus", .healthy = "Running",
	    .degraded = "*Failed|Invalid" },
	{ "*.percona.com", "*", .field = "state", .healthy = "ready", .degraded = "error", .suspended = "paused" },
	{ "clickhouse.altinity.com", "ClickHouseInstallation", .field = "status", .healthy = "Completed",
	    .degraded = "Failed|Aborted" },
	{ "clickhouse-keeper.altinity.com", "ClickHouseKeeperInstallation", .field = "status", .healthy = "Completed",
	    .degraded = "Failed|Aborted" },
	{ "db.atlasgo.io", "AtlasMigration|AtlasSchema", .flags = 0 },
	{ "medusa.k8ssandra.io", "*", .field = "finished", .healthy = "*", .wrong = "failed", .flags = KIND_OBSERVED },
	{ "solr.apache.org", "SolrCloud", .count = "readyReplicas", .of = "spec.replicas" },
	{ "kafka.banzaicloud.io", "KafkaCluster", .list = "brokersState", .field = "configurationState",
	    .healthy = "ConfigInSync", .busy_field = "state|cruiseControlTopicStatus",
	    .busy_but = "ClusterRunning|CruiseControlTopicReady" },
	{ "platform.confluent.io", "Connector", .field = "connectorState", .healthy = "RUNNING", .degraded = "FAILED",
	    .wrong = "failedTasks", .good = "platform.confluent.io/app-ready" },
	{ "platform.confluent.io", "*", .field = "phase", .healthy = "RUNNING", .degraded = "ERROR|FAILED" },
	{ "flink.apache.org", "*", .field = "jobStatus.state", .healthy = "RUNNING|FINISHED",
	    .degraded = "FAILED|FAILING", .suspended = "SUSPENDED", .busy_field = "lifecycleState",
	    .busy_but = "STABLE|DEPLOYED|CREATED|SUSPENDED" },
	{ "sparkoperator.k8s.io", "SparkApplication", .field = "applicationState.state",
	    .healthy = "RUNNING|COMPLETED|SUCCEEDING", .degraded = "*FAILED|FAILING|INVALIDATING" },
	{ "jaegertracing.io", "Jaeger", .field = "phase", .healthy = "Running", .degraded = "Failed" },
	{ "opentelemetry.io", "OpenTelemetryCollector", .field = "scale.statusReplicas",
	    .flags = KIND_RATIO | KIND_QUIET },
	{ "core.humio.com", "*", .field = "state", .healthy = "Exists|Running", .degraded = "ConfigError|NotFound" },
	{ "coralogix.com", "Alert|RecordingRuleGroupSet", .good = "RemoteSynced" },
	{ "datadoghq.com", "DatadogMetric", .good = "Active|Valid", .bad = "Error", .flags = KIND_SLOW },
	{ "grafana-org-operator.kubitus-project.gitlab.io", "*", .flags = 0 },
	{ "lifecycle.keptn.sh", "KeptnEvaluation", .field = "overallStatus", .healthy = "Succeeded",
	    .degraded = "Failed" },
	{ "lifecycle.keptn.sh", "*", .field = "status", .healthy = "Succeeded", .degraded = "Failed" },
	{ "metrics.keptn.sh", "Analysis", .field = "pass", .healthy = "true", .degraded = "false" },
	{ "metrics.keptn.sh", "KeptnMetric", .field = "value", .healthy = "*", .wrong = "errMsg" },
	{ "certmanager.k8s.io", "Certificate|Issuer|ClusterIssuer", .flags = 0 },
	{ "kubernetes-client.io", "ExternalSecret", .field = "status", .healthy = "SUCCESS", .degraded = "ERROR*" },
};

/* Returns whether "a|b" has this word, or a glob that matches it. */
static bool
health_custom_lists(const char *globs, const char *word)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	char *save = NULL;

	if (globs == NULL || word == NULL)
		return false;
	for (char *g = strtok_r(arena_strdup(a, globs), "|", &save); g != NULL; g = strtok_r(NULL, "|", &save))
		if (glob_match(g, word))
			return true;
	return false;
}

static const struct health_kind *
health_custom_row_of(const json_t *object)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const char *api = json_str(object, "apiVersion") ?: "", *kind = json_str(object, "kind"),
		   *slash = strchr(api, '/');
	const char *group = slash != NULL ? arena_strndup(a, api, (size_t)(slash - api)) : "";

	for (size_t i = 0; group[0] != '\0' && i < ARRAY_SIZE(rows); i++)
		if (glob_match(rows[i].group, group) && health_custom_lists(rows[i].kinds, kind))
			return &rows[i];
	return NULL;
}

/* Returns whether a status, or one condition, is of an older generation. */
static bool
health_custom_is_stale(const json_t *object, const json_t *of)
{
	static const char *const names[] = { "observedGeneration", "lastEvaluatedGeneration",
		"schedulerObservedGeneration" };
	json_int_t generation = json_int(json_object_get(object, "metadata"), "generation", 0);

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const json_t *observed = json_object_get(of, names[i]);

		if (json_is_integer(observed) && json_integer_value(observed) < generation)
			return true;
	}
	return false;
}

/* The name that a path begins with, without its backslashes; *path moves past it. In the arena. */
static const char *
health_custom_name_in(struct arena *a, const char **path)
{
	char *name = arena_alloc(a, strlen(*path) + 1), *to = name;
	const char *at = *path;

	for (; *at != '\0' && *at != '.'; at++) {
		at += at[0] == '\\' && at[1] != '\0';
		*to++ = *at;
	}
	*to = '\0';
	*path = *at == '.' ? at + 1 : at;
	return name;
}

/* The value at a path of names, or NULL. Borrowed. */
static const json_t *
health_custom_at(const json_t *of, const char *path)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();

	while (*path != '\0')
		of = json_object_get(of, health_custom_name_in(a, &path));
	return of;
}

/* Reads the number at a path of names; of a list, the sum of its entries. Returns false if there is no number. */
static bool
health_custom_number_at(const json_t *of, const char *path, json_int_t *ret)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	json_int_t part, sum = 0;
	bool found = false;
	const json_t *entry;
	size_t i;

	while (*path != '\0' && !json_is_array(of))
		of = json_object_get(of, health_custom_name_in(a, &path));
	json_array_foreach (of, i, entry)
		if (*path != '\0' && !json_is_array(entry) && health_custom_number_at(entry, path, &part)) {
			sum += part;
			found = true;
		}
	if (found || json_is_integer(of))
		*ret = found ? sum : json_integer_value(of);
	return found || json_is_integer(of);
}

/* Returns the value as text, in the arena. Returns NULL if nothing is there, or an empty text, list or map. */
static const char *
health_custom_text(struct arena *a, const json_t *of, const char *path)
{
	const json_t *v = health_custom_at(of, path);

	if (v == NULL || json_is_null(v) || (json_is_string(v) && json_string_length(v) == 0) ||
	    (json_is_array(v) && json_array_size(v) == 0) || (json_is_object(v) && json_object_size(v) == 0))
		return NULL;
	return json_is_string(v) ? json_string_value(v) : json_text(a, v);
}

/* Returns whether the object has one of the values: "path=value|path=value". */
static bool
health_custom_has(const json_t *object, const char *pairs)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	char *save = NULL;

	for (char *p = pairs != NULL ? strtok_r(arena_strdup(a, pairs), "|", &save) : NULL; p != NULL;
	     p = strtok_r(NULL, "|", &save)) {
		char *value = strchr(p, '=');

		*value++ = '\0';
		if (str_eq(health_custom_text(a, object, p), value))
			return true;
	}
	return false;
}

static void
health_custom_worse(enum health *is, const char **ret_message, enum health h, const char *const *message)
{
	if (h <= *is)
		return;
	*is = h;
	*ret_message = *message != NULL ? *message : "";
}

static const char *
health_custom_good(const struct health_kind *row)
{
	return row->good != NULL ? row->good : row->field == NULL && row->count == NULL ? "Ready" : NULL;
}

/* Reasons that say of a good condition that it has failed, also where False means that it makes progress otherwise. */
static const char failures[] = "*Failed|*Error|*NotFound|*Invalid*|*Failure";

/* Returns the health by one condition. */
static enum health
health_custom_of_condition(const struct health_kind *row, const json_t *object, const json_t *c, bool *ret_good)
{
	const char *type = json_str(c, "type"), *status = json_str(c, "status"), *reason = json_str(c, "reason");
	bool on = str_eq(status, "True"), off = str_eq(status, "False"),
	     good = health_custom_lists(health_custom_good(row), type),
	     required = health_custom_lists(row->required, type);

	*ret_good |= good;
	if (on && health_custom_lists(row->paused, type))
		return HEALTH_SUSPENDED;
	if ((good || required) && health_custom_is_stale(object, c))
		return HEALTH_PROGRESSING;
	if (good && on && (row->flags & KIND_NUMBERED) != 0 && json_object_get(c, "observedGeneration") == NULL)
		return HEALTH_PROGRESSING;
	if (str_eq(reason, "ProgressDeadlineExceeded") || (on && good && str_eq(reason, "JobFailed")))
		return HEALTH_DEGRADED;
	if (on && (str_eq(type, "Stalled") || health_custom_lists(row->bad, type)))
		return HEALTH_DEGRADED;

	if (off && (good || required) && str_eq(reason, "ReconcilePaused"))
		return HEALTH_SUSPENDED;
	if ((good || required) && reason != NULL &&
	    ((off && (str_eq(reason, "Progressing") || str_ends(reason, "InProgress"))) ||
		str_eq(reason, "ReplicationControllerUpdated")))
		return HEALTH_PROGRESSING;
	if (off && (required || (good && ((row->flags & KIND_SLOW) == 0 || health_custom_lists(failures, reason)))))
		return HEALTH_DEGRADED;
	if (good || (required && !on))
		return on ? HEALTH_HEALTHY : HEALTH_PROGRESSING;
	return HEALTH_NONE;
}

/* Returns the worst health by the conditions of one owner. NONE: the row has none of them. */
static enum health
health_custom_of_conditions(
    const struct health_kind *row, const json_t *object, const json_t *conditions, const char **ret_message)
{
	static const char *const nothing = "";
	enum health is = HEALTH_NONE;
	const char *message;
	bool has_good = false;
	const json_t *c;
	size_t i;

	json_array_foreach (conditions, i, c) {
		if (str_eq(json_str(c, "status"), "True") && health_custom_lists(row->busy, json_str(c, "type"))) {
			*ret_message = json_str(c, "message") ?: "";
			return HEALTH_PROGRESSING;
		}
		message = json_str(c, "message");
		health_custom_worse(&is, ret_message, health_custom_of_condition(row, object, c, &has_good), &message);
	}
	if (!has_good && (row->flags & KIND_BOTH) != 0)
		health_custom_worse(&is, ret_message, HEALTH_PROGRESSING, &nothing);
	/* Only the good ones say that there is nothing left to do. */
	return is == HEALTH_HEALTHY && !has_good ? HEALTH_NONE : is;
}

/* Returns the health by the row's field. NONE: the status does not have it. */
static enum health
health_custom_of_field(struct arena *a, const struct health_kind *row, const json_t *of, const char **ret_message)
{
	const char *value = health_custom_text(a, of, row->field), *slash = value != NULL ? strchr(value, '/') : NULL;

	if (value == NULL)
		return HEALTH_NONE;
	*ret_message = json_str(of, "message") ?: value;
	if ((row->flags & KIND_RATIO) != 0)
		return slash != NULL && strlen(slash + 1) == (size_t)(slash - value) &&
			       strncmp(value, slash + 1, (size_t)(slash - value)) == 0
			   ? HEALTH_HEALTHY
			   : HEALTH_PROGRESSING;
	return health_custom_lists(row->healthy, value)	    ? HEALTH_HEALTHY
	       : health_custom_lists(row->degraded, value)  ? HEALTH_DEGRADED
	       : health_custom_lists(row->suspended, value) ? HEALTH_SUSPENDED
							    : HEALTH_PROGRESSING;
}

/* Returns the health by a status, or by an entry of its list. */
static enum health
health_custom_of_owner(
    struct arena *a, const struct health_kind *row, const json_t *object, const json_t *of, const char **ret_message)
{
	enum health is = HEALTH_NONE;
	const char *message = "";

	if (row->good != NULL || row->required != NULL || row->bad != NULL || row->paused != NULL ||
	    (row->field == NULL && row->count == NULL))
		is = health_custom_of_conditions(
		    row, object, health_custom_at(of, row->conditions ?: "conditions"), ret_message);
	if (row->field != NULL)
		health_custom_worse(&is, ret_message, health_custom_of_field(a, row, of, &message), &message);
	return is;
}

/* Returns whether all conditions of an owner are of an older generation. */
static bool
health_custom_is_old(const json_t *object, const json_t *owner)
{
	const json_t *c;
	size_t i;

	json_array_foreach (json_object_get(owner, "conditions"), i, c)
		if (!health_custom_is_stale(object, c))
			return false;
	return json_array_size(json_object_get(owner, "conditions")) > 0;
}

/* Returns the worst health by several owners (the Gateways of a route). */
static enum health
health_custom_of_owners(
    struct arena *a, const struct health_kind *row, const json_t *object, json_t *owners, const char **ret_message)
{
	enum health is = HEALTH_NONE;
	const char *message = "", *key;
	bool current = false;
	json_t *owner;
	size_t i;

	json_array_foreach (owners, i, owner)
		current |= !health_custom_is_old(object, owner) && (row->flags & KIND_ALL) == 0;
	/* If another owner has seen the newest spec, one that has not may no longer be an owner. */
	json_array_foreach (owners, i, owner)
		if (!current || !health_custom_is_old(object, owner))
			health_custom_worse(
			    &is, ret_message, health_custom_of_owner(a, row, object, owner, &message), &message);
	json_object_foreach (owners, key, owner)
		health_custom_worse(
		    &is, ret_message, health_custom_of_owner(a, row, object, owner, &message), &message);
	return is;
}

/* Returns the health by the row's counts. NONE: it has none. */
static enum health
health_custom_of_count(struct arena *a, const struct health_kind *row, const json_t *object, const char **ret_message)
{
	const json_t *status = json_object_get(object, "status");
	json_int_t want, have;
	char *save = NULL;

	if (row->count == NULL || json_object_size(status) == 0)
		return HEALTH_NONE;
	if (!health_custom_number_at(object, row->of, &want))
		want = 1;
	for (char *name = strtok_r(arena_strdup(a, row->count), "|", &save); name != NULL;
	     name = strtok_r(NULL, "|", &save)) {
		have = json_int(status, name, 0);
		if (have >= want)
			continue;
		*ret_message = arena_printf(a, "%s: %" JSON_INTEGER_FORMAT "/%" JSON_INTEGER_FORMAT, name, have, want);
		return HEALTH_PROGRESSING;
	}
	return HEALTH_HEALTHY;
}

/* Returns Progressing if one of the row's busy fields has another value than `busy_but`. NONE: none has. */
static enum health
health_custom_of_busy(struct arena *a, const struct health_kind *row, const json_t *status, const char **ret_message)
{
	char *save = NULL;

	if (row->busy_field == NULL)
		return HEALTH_NONE;
	for (char *name = strtok_r(arena_strdup(a, row->busy_field), "|", &save); name != NULL;
	     name = strtok_r(NULL, "|", &save)) {
		const char *text = health_custom_text(a, status, name);

		if (text == NULL || health_custom_lists(row->busy_but, text))
			continue;
		*ret_message = text;
		return HEALTH_PROGRESSING;
	}
	return HEALTH_NONE;
}

/* Returns the health by the whole status. NONE: it has nothing that the row names. */
static enum health
health_custom_of_status(struct arena *a, const struct health_kind *row, const json_t *object, const char **ret_message)
{
	const json_t *status = json_object_get(object, "status");
	json_t *owners = row->list != NULL ? json_object_get(status, row->list) : NULL;
	const char *message = "", *text;
	enum health is = HEALTH_NONE, own_is;

	if (owners != NULL)
		is = health_custom_of_owners(a, row, object, owners, ret_message);
	if ((row->flags & KIND_FULL) != 0 && json_array_size(owners) == 0)
		is = HEALTH_PROGRESSING;
	if (owners == NULL || (row->flags & KIND_ALSO) != 0) {
		struct health_kind own = *row;

		/* Of a list with a field, the status itself has conditions. */
		if (owners != NULL)
			own.field = NULL;
		own_is = health_custom_of_owner(a, &own, object, status, &message);
		if (own_is == HEALTH_NONE && owners != NULL)
			own_is = HEALTH_PROGRESSING;
		health_custom_worse(&is, ret_message, own_is, &message);
	}
	health_custom_worse(&is, ret_message, health_custom_of_count(a, row, object, &message), &message);
	health_custom_worse(&is, ret_message, health_custom_of_busy(a, row, status, &message), &message);
	text = row->wrong != NULL ? health_custom_text(a, status, row->wrong) : NULL;
	if (text != NULL)
		health_custom_worse(&is, ret_message, HEALTH_DEGRADED, &text);
	return is;
}

enum health
health_custom_of(struct arena *a, const json_t *object, const char **ret_message)
{
	const struct health_kind *row = health_custom_row_of(object);
	const json_t *status = json_object_get(object, "status");
	const char *kind = json_str(object, "kind");
	enum health is;

	if (row == NULL)
		return HEALTH_NONE;
	*ret_message = "";
	if ((row->flags & KIND_SUSPENDED) != 0 &&
	    json_is_true(json_object_get(json_object_get(object, "spec"), "suspend"))) {
		*ret_message = arena_printf(a, "%s is suspended", kind);
		return HEALTH_SUSPENDED;
	}
	if (health_custom_has(object, row->held)) {
		*ret_message = arena_printf(a, "%s is paused", kind);
		return HEALTH_SUSPENDED;
	}
	if (health_custom_has(object, row->idle) && !health_custom_has(object, row->idle_but)) {
		*ret_message = arena_printf(a, "%s is stopped, as its spec has it", kind);
		return HEALTH_HEALTHY;
	}
	if (health_custom_is_stale(object, status)) {
		*ret_message = arena_printf(a, "Waiting for %s spec update to be observed", kind);
		return HEALTH_PROGRESSING;
	}
	if (health_custom_has(object, row->broken)) {
		*ret_message = arena_printf(a, "%s has failed: %s", kind, row->broken);
		return HEALTH_DEGRADED;
	}
	is = health_custom_of_status(a, row, object, ret_message);
	if (is == HEALTH_HEALTHY && (row->flags & KIND_OBSERVED) != 0 &&
	    json_object_get(status, "observedGeneration") == NULL) {
		*ret_message = arena_printf(a, "Waiting for the status of %s", kind);
		return HEALTH_PROGRESSING;
	}
	if (is != HEALTH_NONE)
		return is;
	if ((row->flags & KIND_QUIET) != 0)
		return HEALTH_HEALTHY;
	if ((row->flags & KIND_LENIENT) != 0)
		return HEALTH_NONE;
	*ret_message = arena_printf(a, "Waiting for the status of %s", kind);
	return HEALTH_PROGRESSING;
}
