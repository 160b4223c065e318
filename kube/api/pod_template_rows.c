/* kube/api/pod_template_rows.c: fields of a pod template, for its hash: all types that it reaches, in the order in
 * which Go declares the fields.
 *
 * The file is long because core/v1 is: one row for each field of k8s.io/api 0.34. O: omitempty; A: always written.
 * When a Kubernetes release adds a field, add its row at the place where the Go struct has it.
 */
#include "kube/api/pod_template_rows.h"

/* Laid out by hand: one row for each field. */
/* clang-format off */

#define O(n, k, s, t) { .name = (n), .kind = GO_##k, .shape = GO_##s, .omitempty = true, .of = (t) }
#define A(n, k, s, t) { .name = (n), .kind = GO_##k, .shape = GO_##s, .of = (t) }
#define ROWS(T, ...)                                                                                                   \
	static const struct go_field T##_fields[] = { __VA_ARGS__ };                                                   \
	_Static_assert(sizeof(T##_fields) / sizeof(T##_fields[0]) <= GO_FIELDS_MAX, "too many fields");                \
	static const struct go_type go_##T = { T##_fields, sizeof(T##_fields) / sizeof(T##_fields[0]) }

ROWS(OwnerReference,
	A("apiVersion", STRING, PLAIN, NULL),
	A("kind", STRING, PLAIN, NULL),
	A("name", STRING, PLAIN, NULL),
	A("uid", STRING, PLAIN, NULL),
	O("controller", BOOL, POINTER, NULL),
	O("blockOwnerDeletion", BOOL, POINTER, NULL));
ROWS(ManagedFieldsEntry,
	O("manager", STRING, PLAIN, NULL),
	O("operation", STRING, PLAIN, NULL),
	O("apiVersion", STRING, PLAIN, NULL),
	O("time", TIME, POINTER, NULL),
	O("fieldsType", STRING, PLAIN, NULL),
	O("fieldsV1", ANY, POINTER, NULL),
	O("subresource", STRING, PLAIN, NULL));
ROWS(ObjectMeta,
	O("name", STRING, PLAIN, NULL),
	O("generateName", STRING, PLAIN, NULL),
	O("namespace", STRING, PLAIN, NULL),
	O("selfLink", STRING, PLAIN, NULL),
	O("uid", STRING, PLAIN, NULL),
	O("resourceVersion", STRING, PLAIN, NULL),
	O("generation", INT, PLAIN, NULL),
	O("creationTimestamp", TIME, PLAIN, NULL),
	O("deletionTimestamp", TIME, POINTER, NULL),
	O("deletionGracePeriodSeconds", INT, POINTER, NULL),
	O("labels", STRING, MAP, NULL),
	O("annotations", STRING, MAP, NULL),
	O("ownerReferences", STRUCT, LIST, &go_OwnerReference),
	O("finalizers", STRING, LIST, NULL),
	O("managedFields", STRUCT, LIST, &go_ManagedFieldsEntry));
ROWS(HostPathVolumeSource,
	A("path", STRING, PLAIN, NULL),
	O("type", STRING, POINTER, NULL));
ROWS(EmptyDirVolumeSource,
	O("medium", STRING, PLAIN, NULL),
	O("sizeLimit", QUANTITY, POINTER, NULL));
ROWS(GCEPersistentDiskVolumeSource,
	A("pdName", STRING, PLAIN, NULL),
	O("fsType", STRING, PLAIN, NULL),
	O("partition", INT, PLAIN, NULL),
	O("readOnly", BOOL, PLAIN, NULL));
ROWS(AWSElasticBlockStoreVolumeSource,
	A("volumeID", STRING, PLAIN, NULL),
	O("fsType", STRING, PLAIN, NULL),
	O("partition", INT, PLAIN, NULL),
	O("readOnly", BOOL, PLAIN, NULL));
ROWS(GitRepoVolumeSource,
	A("repository", STRING, PLAIN, NULL),
	O("revision", STRING, PLAIN, NULL),
	O("directory", STRING, PLAIN, NULL));
ROWS(KeyToPath,
	A("key", STRING, PLAIN, NULL),
	A("path", STRING, PLAIN, NULL),
	O("mode", INT, POINTER, NULL));
ROWS(SecretVolumeSource,
	O("secretName", STRING, PLAIN, NULL),
	O("items", STRUCT, LIST, &go_KeyToPath),
	O("defaultMode", INT, POINTER, NULL),
	O("optional", BOOL, POINTER, NULL));
ROWS(NFSVolumeSource,
	A("server", STRING, PLAIN, NULL),
	A("path", STRING, PLAIN, NULL),
	O("readOnly", BOOL, PLAIN, NULL));
ROWS(LocalObjectReference,
	O("name", STRING, PLAIN, NULL));
ROWS(ISCSIVolumeSource,
	A("targetPortal", STRING, PLAIN, NULL),
	A("iqn", STRING, PLAIN, NULL),
	A("lun", INT, PLAIN, NULL),
	O("iscsiInterface", STRING, PLAIN, NULL),
	O("fsType", STRING, PLAIN, NULL),
	O("readOnly", BOOL, PLAIN, NULL),
	O("portals", STRING, LIST, NULL),
	O("chapAuthDiscovery", BOOL, PLAIN, NULL),
	O("chapAuthSession", BOOL, PLAIN, NULL),
	O("secretRef", STRUCT, POINTER, &go_LocalObjectReference),
	O("initiatorName", STRING, POINTER, NULL));
ROWS(GlusterfsVolumeSource,
	A("endpoints", STRING, PLAIN, NULL),
	A("path", STRING, PLAIN, NULL),
	O("readOnly", BOOL, PLAIN, NULL));
ROWS(PersistentVolumeClaimVolumeSource,
	A("claimName", STRING, PLAIN, NULL),
	O("readOnly", BOOL, PLAIN, NULL));
ROWS(RBDVolumeSource,
	A("monitors", STRING, LIST, NULL),
	A("image", STRING, PLAIN, NULL),
	O("fsType", STRING, PLAIN, NULL),
	O("pool", STRING, PLAIN, NULL),
	O("user", STRING, PLAIN, NULL),
	O("keyring", STRING, PLAIN, NULL),
	O("secretRef", STRUCT, POINTER, &go_LocalObjectReference),
	O("readOnly", BOOL, PLAIN, NULL));
ROWS(FlexVolumeSource,
	A("driver", STRING, PLAIN, NULL),
	O("fsType", STRING, PLAIN, NULL),
	O("secretRef", STRUCT, POINTER, &go_LocalObjectReference),
	O("readOnly", BOOL, PLAIN, NULL),
	O("options", STRING, MAP, NULL));
ROWS(CinderVolumeSource,
	A("volumeID", STRING, PLAIN, NULL),
	O("fsType", STRING, PLAIN, NULL),
	O("readOnly", BOOL, PLAIN, NULL),
	O("secretRef", STRUCT, POINTER, &go_LocalObjectReference));
ROWS(CephFSVolumeSource,
	A("monitors", STRING, LIST, NULL),
	O("path", STRING, PLAIN, NULL),
	O("user", STRING, PLAIN, NULL),
	O("secretFile", STRING, PLAIN, NULL),
	O("secretRef", STRUCT, POINTER, &go_LocalObjectReference),
	O("readOnly", BOOL, PLAIN, NULL));
ROWS(FlockerVolumeSource,
	O("datasetName", STRING, PLAIN, NULL),
	O("datasetUUID", STRING, PLAIN, NULL));
ROWS(ObjectFieldSelector,
	O("apiVersion", STRING, PLAIN, NULL),
	A("fieldPath", STRING, PLAIN, NULL));
ROWS(ResourceFieldSelector,
	O("containerName", STRING, PLAIN, NULL),
	A("resource", STRING, PLAIN, NULL),
	O("divisor", QUANTITY, PLAIN, NULL));
ROWS(DownwardAPIVolumeFile,
	A("path", STRING, PLAIN, NULL),
	O("fieldRef", STRUCT, POINTER, &go_ObjectFieldSelector),
	O("resourceFieldRef", STRUCT, POINTER, &go_ResourceFieldSelector),
	O("mode", INT, POINTER, NULL));
ROWS(DownwardAPIVolumeSource,
	O("items", STRUCT, LIST, &go_DownwardAPIVolumeFile),
	O("defaultMode", INT, POINTER, NULL));
ROWS(FCVolumeSource,
	O("targetWWNs", STRING, LIST, NULL),
	O("lun", INT, POINTER, NULL),
	O("fsType", STRING, PLAIN, NULL),
	O("readOnly", BOOL, PLAIN, NULL),
	O("wwids", STRING, LIST, NULL));
ROWS(AzureFileVolumeSource,
	A("secretName", STRING, PLAIN, NULL),
	A("shareName", STRING, PLAIN, NULL),
	O("readOnly", BOOL, PLAIN, NULL));
ROWS(ConfigMapVolumeSource,
	O("name", STRING, PLAIN, NULL),
	O("items", STRUCT, LIST, &go_KeyToPath),
	O("defaultMode", INT, POINTER, NULL),
	O("optional", BOOL, POINTER, NULL));
ROWS(VsphereVirtualDiskVolumeSource,
	A("volumePath", STRING, PLAIN, NULL),
	O("fsType", STRING, PLAIN, NULL),
	O("storagePolicyName", STRING, PLAIN, NULL),
	O("storagePolicyID", STRING, PLAIN, NULL));
ROWS(QuobyteVolumeSource,
	A("registry", STRING, PLAIN, NULL),
	A("volume", STRING, PLAIN, NULL),
	O("readOnly", BOOL, PLAIN, NULL),
	O("user", STRING, PLAIN, NULL),
	O("group", STRING, PLAIN, NULL),
	O("tenant", STRING, PLAIN, NULL));
ROWS(AzureDiskVolumeSource,
	A("diskName", STRING, PLAIN, NULL),
	A("diskURI", STRING, PLAIN, NULL),
	O("cachingMode", STRING, POINTER, NULL),
	O("fsType", STRING, POINTER, NULL),
	O("readOnly", BOOL, POINTER, NULL),
	O("kind", STRING, POINTER, NULL));
ROWS(PhotonPersistentDiskVolumeSource,
	A("pdID", STRING, PLAIN, NULL),
	O("fsType", STRING, PLAIN, NULL));
ROWS(SecretProjection,
	O("name", STRING, PLAIN, NULL),
	O("items", STRUCT, LIST, &go_KeyToPath),
	O("optional", BOOL, POINTER, NULL));
ROWS(DownwardAPIProjection,
	O("items", STRUCT, LIST, &go_DownwardAPIVolumeFile));
ROWS(ConfigMapProjection,
	O("name", STRING, PLAIN, NULL),
	O("items", STRUCT, LIST, &go_KeyToPath),
	O("optional", BOOL, POINTER, NULL));
ROWS(ServiceAccountTokenProjection,
	O("audience", STRING, PLAIN, NULL),
	O("expirationSeconds", INT, POINTER, NULL),
	A("path", STRING, PLAIN, NULL));
ROWS(LabelSelectorRequirement,
	A("key", STRING, PLAIN, NULL),
	A("operator", STRING, PLAIN, NULL),
	O("values", STRING, LIST, NULL));
ROWS(LabelSelector,
	O("matchLabels", STRING, MAP, NULL),
	O("matchExpressions", STRUCT, LIST, &go_LabelSelectorRequirement));
ROWS(ClusterTrustBundleProjection,
	O("name", STRING, POINTER, NULL),
	O("signerName", STRING, POINTER, NULL),
	O("labelSelector", STRUCT, POINTER, &go_LabelSelector),
	O("optional", BOOL, POINTER, NULL),
	A("path", STRING, PLAIN, NULL));
ROWS(PodCertificateProjection,
	O("signerName", STRING, PLAIN, NULL),
	O("keyType", STRING, PLAIN, NULL),
	O("maxExpirationSeconds", INT, POINTER, NULL),
	O("credentialBundlePath", STRING, PLAIN, NULL),
	O("keyPath", STRING, PLAIN, NULL),
	O("certificateChainPath", STRING, PLAIN, NULL));
ROWS(VolumeProjection,
	O("secret", STRUCT, POINTER, &go_SecretProjection),
	O("downwardAPI", STRUCT, POINTER, &go_DownwardAPIProjection),
	O("configMap", STRUCT, POINTER, &go_ConfigMapProjection),
	O("serviceAccountToken", STRUCT, POINTER, &go_ServiceAccountTokenProjection),
	O("clusterTrustBundle", STRUCT, POINTER, &go_ClusterTrustBundleProjection),
	O("podCertificate", STRUCT, POINTER, &go_PodCertificateProjection));
ROWS(ProjectedVolumeSource,
	A("sources", STRUCT, LIST, &go_VolumeProjection),
	O("defaultMode", INT, POINTER, NULL));
ROWS(PortworxVolumeSource,
	A("volumeID", STRING, PLAIN, NULL),
	O("fsType", STRING, PLAIN, NULL),
	O("readOnly", BOOL, PLAIN, NULL));
ROWS(ScaleIOVolumeSource,
	A("gateway", STRING, PLAIN, NULL),
	A("system", STRING, PLAIN, NULL),
	A("secretRef", STRUCT, POINTER, &go_LocalObjectReference),
	O("sslEnabled", BOOL, PLAIN, NULL),
	O("protectionDomain", STRING, PLAIN, NULL),
	O("storagePool", STRING, PLAIN, NULL),
	O("storageMode", STRING, PLAIN, NULL),
	O("volumeName", STRING, PLAIN, NULL),
	O("fsType", STRING, PLAIN, NULL),
	O("readOnly", BOOL, PLAIN, NULL));
ROWS(StorageOSVolumeSource,
	O("volumeName", STRING, PLAIN, NULL),
	O("volumeNamespace", STRING, PLAIN, NULL),
	O("fsType", STRING, PLAIN, NULL),
	O("readOnly", BOOL, PLAIN, NULL),
	O("secretRef", STRUCT, POINTER, &go_LocalObjectReference));
ROWS(CSIVolumeSource,
	A("driver", STRING, PLAIN, NULL),
	O("readOnly", BOOL, POINTER, NULL),
	O("fsType", STRING, POINTER, NULL),
	O("volumeAttributes", STRING, MAP, NULL),
	O("nodePublishSecretRef", STRUCT, POINTER, &go_LocalObjectReference));
ROWS(VolumeResourceRequirements,
	O("limits", QUANTITY, MAP, NULL),
	O("requests", QUANTITY, MAP, NULL));
ROWS(TypedLocalObjectReference,
	A("apiGroup", STRING, POINTER, NULL),
	A("kind", STRING, PLAIN, NULL),
	A("name", STRING, PLAIN, NULL));
ROWS(TypedObjectReference,
	A("apiGroup", STRING, POINTER, NULL),
	A("kind", STRING, PLAIN, NULL),
	A("name", STRING, PLAIN, NULL),
	O("namespace", STRING, POINTER, NULL));
ROWS(PersistentVolumeClaimSpec,
	O("accessModes", STRING, LIST, NULL),
	O("selector", STRUCT, POINTER, &go_LabelSelector),
	O("resources", STRUCT, PLAIN, &go_VolumeResourceRequirements),
	O("volumeName", STRING, PLAIN, NULL),
	O("storageClassName", STRING, POINTER, NULL),
	O("volumeMode", STRING, POINTER, NULL),
	O("dataSource", STRUCT, POINTER, &go_TypedLocalObjectReference),
	O("dataSourceRef", STRUCT, POINTER, &go_TypedObjectReference),
	O("volumeAttributesClassName", STRING, POINTER, NULL));
ROWS(PersistentVolumeClaimTemplate,
	O("metadata", STRUCT, PLAIN, &go_ObjectMeta),
	A("spec", STRUCT, PLAIN, &go_PersistentVolumeClaimSpec));
ROWS(EphemeralVolumeSource,
	O("volumeClaimTemplate", STRUCT, POINTER, &go_PersistentVolumeClaimTemplate));
ROWS(ImageVolumeSource,
	O("reference", STRING, PLAIN, NULL),
	O("pullPolicy", STRING, PLAIN, NULL));
ROWS(Volume,
	A("name", STRING, PLAIN, NULL),
	O("hostPath", STRUCT, POINTER, &go_HostPathVolumeSource),
	O("emptyDir", STRUCT, POINTER, &go_EmptyDirVolumeSource),
	O("gcePersistentDisk", STRUCT, POINTER, &go_GCEPersistentDiskVolumeSource),
	O("awsElasticBlockStore", STRUCT, POINTER, &go_AWSElasticBlockStoreVolumeSource),
	O("gitRepo", STRUCT, POINTER, &go_GitRepoVolumeSource),
	O("secret", STRUCT, POINTER, &go_SecretVolumeSource),
	O("nfs", STRUCT, POINTER, &go_NFSVolumeSource),
	O("iscsi", STRUCT, POINTER, &go_ISCSIVolumeSource),
	O("glusterfs", STRUCT, POINTER, &go_GlusterfsVolumeSource),
	O("persistentVolumeClaim", STRUCT, POINTER, &go_PersistentVolumeClaimVolumeSource),
	O("rbd", STRUCT, POINTER, &go_RBDVolumeSource),
	O("flexVolume", STRUCT, POINTER, &go_FlexVolumeSource),
	O("cinder", STRUCT, POINTER, &go_CinderVolumeSource),
	O("cephfs", STRUCT, POINTER, &go_CephFSVolumeSource),
	O("flocker", STRUCT, POINTER, &go_FlockerVolumeSource),
	O("downwardAPI", STRUCT, POINTER, &go_DownwardAPIVolumeSource),
	O("fc", STRUCT, POINTER, &go_FCVolumeSource),
	O("azureFile", STRUCT, POINTER, &go_AzureFileVolumeSource),
	O("configMap", STRUCT, POINTER, &go_ConfigMapVolumeSource),
	O("vsphereVolume", STRUCT, POINTER, &go_VsphereVirtualDiskVolumeSource),
	O("quobyte", STRUCT, POINTER, &go_QuobyteVolumeSource),
	O("azureDisk", STRUCT, POINTER, &go_AzureDiskVolumeSource),
	O("photonPersistentDisk", STRUCT, POINTER, &go_PhotonPersistentDiskVolumeSource),
	O("projected", STRUCT, POINTER, &go_ProjectedVolumeSource),
	O("portworxVolume", STRUCT, POINTER, &go_PortworxVolumeSource),
	O("scaleIO", STRUCT, POINTER, &go_ScaleIOVolumeSource),
	O("storageos", STRUCT, POINTER, &go_StorageOSVolumeSource),
	O("csi", STRUCT, POINTER, &go_CSIVolumeSource),
	O("ephemeral", STRUCT, POINTER, &go_EphemeralVolumeSource),
	O("image", STRUCT, POINTER, &go_ImageVolumeSource));
ROWS(ContainerPort,
	O("name", STRING, PLAIN, NULL),
	O("hostPort", INT, PLAIN, NULL),
	A("containerPort", INT, PLAIN, NULL),
	O("protocol", STRING, PLAIN, NULL),
	O("hostIP", STRING, PLAIN, NULL));
ROWS(ConfigMapEnvSource,
	O("name", STRING, PLAIN, NULL),
	O("optional", BOOL, POINTER, NULL));
ROWS(SecretEnvSource,
	O("name", STRING, PLAIN, NULL),
	O("optional", BOOL, POINTER, NULL));
ROWS(EnvFromSource,
	O("prefix", STRING, PLAIN, NULL),
	O("configMapRef", STRUCT, POINTER, &go_ConfigMapEnvSource),
	O("secretRef", STRUCT, POINTER, &go_SecretEnvSource));
ROWS(ConfigMapKeySelector,
	O("name", STRING, PLAIN, NULL),
	A("key", STRING, PLAIN, NULL),
	O("optional", BOOL, POINTER, NULL));
ROWS(SecretKeySelector,
	O("name", STRING, PLAIN, NULL),
	A("key", STRING, PLAIN, NULL),
	O("optional", BOOL, POINTER, NULL));
ROWS(FileKeySelector,
	A("volumeName", STRING, PLAIN, NULL),
	A("path", STRING, PLAIN, NULL),
	A("key", STRING, PLAIN, NULL),
	O("optional", BOOL, POINTER, NULL));
ROWS(EnvVarSource,
	O("fieldRef", STRUCT, POINTER, &go_ObjectFieldSelector),
	O("resourceFieldRef", STRUCT, POINTER, &go_ResourceFieldSelector),
	O("configMapKeyRef", STRUCT, POINTER, &go_ConfigMapKeySelector),
	O("secretKeyRef", STRUCT, POINTER, &go_SecretKeySelector),
	O("fileKeyRef", STRUCT, POINTER, &go_FileKeySelector));
ROWS(EnvVar,
	A("name", STRING, PLAIN, NULL),
	O("value", STRING, PLAIN, NULL),
	O("valueFrom", STRUCT, POINTER, &go_EnvVarSource));
ROWS(ResourceClaim,
	A("name", STRING, PLAIN, NULL),
	O("request", STRING, PLAIN, NULL));
ROWS(ResourceRequirements,
	O("limits", QUANTITY, MAP, NULL),
	O("requests", QUANTITY, MAP, NULL),
	O("claims", STRUCT, LIST, &go_ResourceClaim));
ROWS(ContainerResizePolicy,
	A("resourceName", STRING, PLAIN, NULL),
	A("restartPolicy", STRING, PLAIN, NULL));
ROWS(ContainerRestartRuleOnExitCodes,
	O("operator", STRING, PLAIN, NULL),
	O("values", INT, LIST, NULL));
ROWS(ContainerRestartRule,
	O("action", STRING, PLAIN, NULL),
	O("exitCodes", STRUCT, POINTER, &go_ContainerRestartRuleOnExitCodes));
ROWS(VolumeMount,
	A("name", STRING, PLAIN, NULL),
	O("readOnly", BOOL, PLAIN, NULL),
	O("recursiveReadOnly", STRING, POINTER, NULL),
	A("mountPath", STRING, PLAIN, NULL),
	O("subPath", STRING, PLAIN, NULL),
	O("mountPropagation", STRING, POINTER, NULL),
	O("subPathExpr", STRING, PLAIN, NULL));
ROWS(VolumeDevice,
	A("name", STRING, PLAIN, NULL),
	A("devicePath", STRING, PLAIN, NULL));
ROWS(ExecAction,
	O("command", STRING, LIST, NULL));
ROWS(HTTPHeader,
	A("name", STRING, PLAIN, NULL),
	A("value", STRING, PLAIN, NULL));
ROWS(HTTPGetAction,
	O("path", STRING, PLAIN, NULL),
	A("port", INT_OR_STRING, PLAIN, NULL),
	O("host", STRING, PLAIN, NULL),
	O("scheme", STRING, PLAIN, NULL),
	O("httpHeaders", STRUCT, LIST, &go_HTTPHeader));
ROWS(TCPSocketAction,
	A("port", INT_OR_STRING, PLAIN, NULL),
	O("host", STRING, PLAIN, NULL));
ROWS(GRPCAction,
	A("port", INT, PLAIN, NULL),
	A("service", STRING, POINTER, NULL));
ROWS(Probe,
	O("exec", STRUCT, POINTER, &go_ExecAction),
	O("httpGet", STRUCT, POINTER, &go_HTTPGetAction),
	O("tcpSocket", STRUCT, POINTER, &go_TCPSocketAction),
	O("grpc", STRUCT, POINTER, &go_GRPCAction),
	O("initialDelaySeconds", INT, PLAIN, NULL),
	O("timeoutSeconds", INT, PLAIN, NULL),
	O("periodSeconds", INT, PLAIN, NULL),
	O("successThreshold", INT, PLAIN, NULL),
	O("failureThreshold", INT, PLAIN, NULL),
	O("terminationGracePeriodSeconds", INT, POINTER, NULL));
ROWS(SleepAction,
	A("seconds", INT, PLAIN, NULL));
ROWS(LifecycleHandler,
	O("exec", STRUCT, POINTER, &go_ExecAction),
	O("httpGet", STRUCT, POINTER, &go_HTTPGetAction),
	O("tcpSocket", STRUCT, POINTER, &go_TCPSocketAction),
	O("sleep", STRUCT, POINTER, &go_SleepAction));
ROWS(Lifecycle,
	O("postStart", STRUCT, POINTER, &go_LifecycleHandler),
	O("preStop", STRUCT, POINTER, &go_LifecycleHandler),
	O("stopSignal", STRING, POINTER, NULL));
ROWS(Capabilities,
	O("add", STRING, LIST, NULL),
	O("drop", STRING, LIST, NULL));
ROWS(SELinuxOptions,
	O("user", STRING, PLAIN, NULL),
	O("role", STRING, PLAIN, NULL),
	O("type", STRING, PLAIN, NULL),
	O("level", STRING, PLAIN, NULL));
ROWS(WindowsSecurityContextOptions,
	O("gmsaCredentialSpecName", STRING, POINTER, NULL),
	O("gmsaCredentialSpec", STRING, POINTER, NULL),
	O("runAsUserName", STRING, POINTER, NULL),
	O("hostProcess", BOOL, POINTER, NULL));
ROWS(SeccompProfile,
	A("type", STRING, PLAIN, NULL),
	O("localhostProfile", STRING, POINTER, NULL));
ROWS(AppArmorProfile,
	A("type", STRING, PLAIN, NULL),
	O("localhostProfile", STRING, POINTER, NULL));
ROWS(SecurityContext,
	O("capabilities", STRUCT, POINTER, &go_Capabilities),
	O("privileged", BOOL, POINTER, NULL),
	O("seLinuxOptions", STRUCT, POINTER, &go_SELinuxOptions),
	O("windowsOptions", STRUCT, POINTER, &go_WindowsSecurityContextOptions),
	O("runAsUser", INT, POINTER, NULL),
	O("runAsGroup", INT, POINTER, NULL),
	O("runAsNonRoot", BOOL, POINTER, NULL),
	O("readOnlyRootFilesystem", BOOL, POINTER, NULL),
	O("allowPrivilegeEscalation", BOOL, POINTER, NULL),
	O("procMount", STRING, POINTER, NULL),
	O("seccompProfile", STRUCT, POINTER, &go_SeccompProfile),
	O("appArmorProfile", STRUCT, POINTER, &go_AppArmorProfile));
ROWS(Container,
	A("name", STRING, PLAIN, NULL),
	O("image", STRING, PLAIN, NULL),
	O("command", STRING, LIST, NULL),
	O("args", STRING, LIST, NULL),
	O("workingDir", STRING, PLAIN, NULL),
	O("ports", STRUCT, LIST, &go_ContainerPort),
	O("envFrom", STRUCT, LIST, &go_EnvFromSource),
	O("env", STRUCT, LIST, &go_EnvVar),
	O("resources", STRUCT, PLAIN, &go_ResourceRequirements),
	O("resizePolicy", STRUCT, LIST, &go_ContainerResizePolicy),
	O("restartPolicy", STRING, POINTER, NULL),
	O("restartPolicyRules", STRUCT, LIST, &go_ContainerRestartRule),
	O("volumeMounts", STRUCT, LIST, &go_VolumeMount),
	O("volumeDevices", STRUCT, LIST, &go_VolumeDevice),
	O("livenessProbe", STRUCT, POINTER, &go_Probe),
	O("readinessProbe", STRUCT, POINTER, &go_Probe),
	O("startupProbe", STRUCT, POINTER, &go_Probe),
	O("lifecycle", STRUCT, POINTER, &go_Lifecycle),
	O("terminationMessagePath", STRING, PLAIN, NULL),
	O("terminationMessagePolicy", STRING, PLAIN, NULL),
	O("imagePullPolicy", STRING, PLAIN, NULL),
	O("securityContext", STRUCT, POINTER, &go_SecurityContext),
	O("stdin", BOOL, PLAIN, NULL),
	O("stdinOnce", BOOL, PLAIN, NULL),
	O("tty", BOOL, PLAIN, NULL));
ROWS(EphemeralContainer,
	A("name", STRING, PLAIN, NULL),
	O("image", STRING, PLAIN, NULL),
	O("command", STRING, LIST, NULL),
	O("args", STRING, LIST, NULL),
	O("workingDir", STRING, PLAIN, NULL),
	O("ports", STRUCT, LIST, &go_ContainerPort),
	O("envFrom", STRUCT, LIST, &go_EnvFromSource),
	O("env", STRUCT, LIST, &go_EnvVar),
	O("resources", STRUCT, PLAIN, &go_ResourceRequirements),
	O("resizePolicy", STRUCT, LIST, &go_ContainerResizePolicy),
	O("restartPolicy", STRING, POINTER, NULL),
	O("restartPolicyRules", STRUCT, LIST, &go_ContainerRestartRule),
	O("volumeMounts", STRUCT, LIST, &go_VolumeMount),
	O("volumeDevices", STRUCT, LIST, &go_VolumeDevice),
	O("livenessProbe", STRUCT, POINTER, &go_Probe),
	O("readinessProbe", STRUCT, POINTER, &go_Probe),
	O("startupProbe", STRUCT, POINTER, &go_Probe),
	O("lifecycle", STRUCT, POINTER, &go_Lifecycle),
	O("terminationMessagePath", STRING, PLAIN, NULL),
	O("terminationMessagePolicy", STRING, PLAIN, NULL),
	O("imagePullPolicy", STRING, PLAIN, NULL),
	O("securityContext", STRUCT, POINTER, &go_SecurityContext),
	O("stdin", BOOL, PLAIN, NULL),
	O("stdinOnce", BOOL, PLAIN, NULL),
	O("tty", BOOL, PLAIN, NULL),
	O("targetContainerName", STRING, PLAIN, NULL));
ROWS(Sysctl,
	A("name", STRING, PLAIN, NULL),
	A("value", STRING, PLAIN, NULL));
ROWS(PodSecurityContext,
	O("seLinuxOptions", STRUCT, POINTER, &go_SELinuxOptions),
	O("windowsOptions", STRUCT, POINTER, &go_WindowsSecurityContextOptions),
	O("runAsUser", INT, POINTER, NULL),
	O("runAsGroup", INT, POINTER, NULL),
	O("runAsNonRoot", BOOL, POINTER, NULL),
	O("supplementalGroups", INT, LIST, NULL),
	O("supplementalGroupsPolicy", STRING, POINTER, NULL),
	O("fsGroup", INT, POINTER, NULL),
	O("sysctls", STRUCT, LIST, &go_Sysctl),
	O("fsGroupChangePolicy", STRING, POINTER, NULL),
	O("seccompProfile", STRUCT, POINTER, &go_SeccompProfile),
	O("appArmorProfile", STRUCT, POINTER, &go_AppArmorProfile),
	O("seLinuxChangePolicy", STRING, POINTER, NULL));
ROWS(NodeSelectorRequirement,
	A("key", STRING, PLAIN, NULL),
	A("operator", STRING, PLAIN, NULL),
	O("values", STRING, LIST, NULL));
ROWS(NodeSelectorTerm,
	O("matchExpressions", STRUCT, LIST, &go_NodeSelectorRequirement),
	O("matchFields", STRUCT, LIST, &go_NodeSelectorRequirement));
ROWS(NodeSelector,
	A("nodeSelectorTerms", STRUCT, LIST, &go_NodeSelectorTerm));
ROWS(PreferredSchedulingTerm,
	A("weight", INT, PLAIN, NULL),
	A("preference", STRUCT, PLAIN, &go_NodeSelectorTerm));
ROWS(NodeAffinity,
	O("requiredDuringSchedulingIgnoredDuringExecution", STRUCT, POINTER, &go_NodeSelector),
	O("preferredDuringSchedulingIgnoredDuringExecution", STRUCT, LIST, &go_PreferredSchedulingTerm));
ROWS(PodAffinityTerm,
	O("labelSelector", STRUCT, POINTER, &go_LabelSelector),
	O("namespaces", STRING, LIST, NULL),
	A("topologyKey", STRING, PLAIN, NULL),
	O("namespaceSelector", STRUCT, POINTER, &go_LabelSelector),
	O("matchLabelKeys", STRING, LIST, NULL),
	O("mismatchLabelKeys", STRING, LIST, NULL));
ROWS(WeightedPodAffinityTerm,
	A("weight", INT, PLAIN, NULL),
	A("podAffinityTerm", STRUCT, PLAIN, &go_PodAffinityTerm));
ROWS(PodAffinity,
	O("requiredDuringSchedulingIgnoredDuringExecution", STRUCT, LIST, &go_PodAffinityTerm),
	O("preferredDuringSchedulingIgnoredDuringExecution", STRUCT, LIST, &go_WeightedPodAffinityTerm));
ROWS(PodAntiAffinity,
	O("requiredDuringSchedulingIgnoredDuringExecution", STRUCT, LIST, &go_PodAffinityTerm),
	O("preferredDuringSchedulingIgnoredDuringExecution", STRUCT, LIST, &go_WeightedPodAffinityTerm));
ROWS(Affinity,
	O("nodeAffinity", STRUCT, POINTER, &go_NodeAffinity),
	O("podAffinity", STRUCT, POINTER, &go_PodAffinity),
	O("podAntiAffinity", STRUCT, POINTER, &go_PodAntiAffinity));
ROWS(Toleration,
	O("key", STRING, PLAIN, NULL),
	O("operator", STRING, PLAIN, NULL),
	O("value", STRING, PLAIN, NULL),
	O("effect", STRING, PLAIN, NULL),
	O("tolerationSeconds", INT, POINTER, NULL));
ROWS(HostAlias,
	A("ip", STRING, PLAIN, NULL),
	O("hostnames", STRING, LIST, NULL));
ROWS(PodDNSConfigOption,
	O("name", STRING, PLAIN, NULL),
	O("value", STRING, POINTER, NULL));
ROWS(PodDNSConfig,
	O("nameservers", STRING, LIST, NULL),
	O("searches", STRING, LIST, NULL),
	O("options", STRUCT, LIST, &go_PodDNSConfigOption));
ROWS(PodReadinessGate,
	A("conditionType", STRING, PLAIN, NULL));
ROWS(TopologySpreadConstraint,
	A("maxSkew", INT, PLAIN, NULL),
	A("topologyKey", STRING, PLAIN, NULL),
	A("whenUnsatisfiable", STRING, PLAIN, NULL),
	O("labelSelector", STRUCT, POINTER, &go_LabelSelector),
	O("minDomains", INT, POINTER, NULL),
	O("nodeAffinityPolicy", STRING, POINTER, NULL),
	O("nodeTaintsPolicy", STRING, POINTER, NULL),
	O("matchLabelKeys", STRING, LIST, NULL));
ROWS(PodOS,
	A("name", STRING, PLAIN, NULL));
ROWS(PodSchedulingGate,
	A("name", STRING, PLAIN, NULL));
ROWS(PodResourceClaim,
	A("name", STRING, PLAIN, NULL),
	O("resourceClaimName", STRING, POINTER, NULL),
	O("resourceClaimTemplateName", STRING, POINTER, NULL));
ROWS(PodSpec,
	O("volumes", STRUCT, LIST, &go_Volume),
	O("initContainers", STRUCT, LIST, &go_Container),
	A("containers", STRUCT, LIST, &go_Container),
	O("ephemeralContainers", STRUCT, LIST, &go_EphemeralContainer),
	O("restartPolicy", STRING, PLAIN, NULL),
	O("terminationGracePeriodSeconds", INT, POINTER, NULL),
	O("activeDeadlineSeconds", INT, POINTER, NULL),
	O("dnsPolicy", STRING, PLAIN, NULL),
	O("nodeSelector", STRING, MAP, NULL),
	O("serviceAccountName", STRING, PLAIN, NULL),
	O("serviceAccount", STRING, PLAIN, NULL),
	O("automountServiceAccountToken", BOOL, POINTER, NULL),
	O("nodeName", STRING, PLAIN, NULL),
	O("hostNetwork", BOOL, PLAIN, NULL),
	O("hostPID", BOOL, PLAIN, NULL),
	O("hostIPC", BOOL, PLAIN, NULL),
	O("shareProcessNamespace", BOOL, POINTER, NULL),
	O("securityContext", STRUCT, POINTER, &go_PodSecurityContext),
	O("imagePullSecrets", STRUCT, LIST, &go_LocalObjectReference),
	O("hostname", STRING, PLAIN, NULL),
	O("subdomain", STRING, PLAIN, NULL),
	O("affinity", STRUCT, POINTER, &go_Affinity),
	O("schedulerName", STRING, PLAIN, NULL),
	O("tolerations", STRUCT, LIST, &go_Toleration),
	O("hostAliases", STRUCT, LIST, &go_HostAlias),
	O("priorityClassName", STRING, PLAIN, NULL),
	O("priority", INT, POINTER, NULL),
	O("dnsConfig", STRUCT, POINTER, &go_PodDNSConfig),
	O("readinessGates", STRUCT, LIST, &go_PodReadinessGate),
	O("runtimeClassName", STRING, POINTER, NULL),
	O("enableServiceLinks", BOOL, POINTER, NULL),
	O("preemptionPolicy", STRING, POINTER, NULL),
	O("overhead", QUANTITY, MAP, NULL),
	O("topologySpreadConstraints", STRUCT, LIST, &go_TopologySpreadConstraint),
	O("setHostnameAsFQDN", BOOL, POINTER, NULL),
	O("os", STRUCT, POINTER, &go_PodOS),
	O("hostUsers", BOOL, POINTER, NULL),
	O("schedulingGates", STRUCT, LIST, &go_PodSchedulingGate),
	O("resourceClaims", STRUCT, LIST, &go_PodResourceClaim),
	O("resources", STRUCT, POINTER, &go_ResourceRequirements),
	O("hostnameOverride", STRING, POINTER, NULL));
static const struct go_field PodTemplateSpecRows_fields[] = {
	O("metadata", STRUCT, PLAIN, &go_ObjectMeta),
	O("spec", STRUCT, PLAIN, &go_PodSpec)
};

const struct go_type go_PodTemplateSpec = { PodTemplateSpecRows_fields,
	sizeof(PodTemplateSpecRows_fields) / sizeof(PodTemplateSpecRows_fields[0]) };
