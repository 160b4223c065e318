/* kube/api/pod_check_volume.c: validation of volumes in a pod template, as by an API server: a table of the sources,
 * and a check for each. */
#include <string.h>
#include "base/utf8.h"
#include "base/quantity.h"
#include "base/str.h"
#include "kube/api/names.h"
#include "kube/api/pod_check_parts.h"

#define TOKEN_SECONDS_MIN 600
#define TOKEN_SECONDS_MAX (INT64_C(1) << 32)
#define LUN_MAX 255
#define DRIVER_MAX 63

/* A path of a projected volume that another of its sources also writes. */
struct projected_paths {
	const struct place *at; /* of the volume */
	json_t *seen; /* an object; owned by the check of the volume */
};

static void
check_no_backsteps(struct checking *c, const struct place *at, const char *field, const char *path)
{
	for (const char *s = path; s != NULL; s = strchr(s, '/'), s = s != NULL ? s + 1 : NULL)
		if (strncmp(s, "..", 2) == 0 && (s[2] == '\0' || s[2] == '/'))
			check_problem(c, at, field, "Invalid value: \"%s\": must not contain '..'", path);
}

void
check_relative(struct checking *c, const struct place *at, const char *field, const char *path)
{
	if (path[0] == '/')
		check_problem(c, at, field, "Invalid value: \"%s\": must be a relative path", path);
	check_no_backsteps(c, at, field, path);
}

/* Checks the name of a file. Names that start with ".." are reserved for the kubelet. */
static void
check_file(struct checking *c, const struct place *at, const json_t *of, struct projected_paths *paths)
{
	const char *path = json_str(of, "path");

	if (!check_required(c, at, of, "path"))
		return;
	check_relative(c, at, "path", path);
	if (strncmp(path, "..", 2) == 0 && path[2] != '\0' && path[2] != '/')
		check_problem(c, at, "path", "Invalid value: \"%s\": must not start with '..'", path);
	if (paths == NULL)
		return;
	if (json_object_get(paths->seen, path) != NULL)
		check_problem(c, paths->at, "", "Invalid value: \"%s\": conflicting duplicate paths", path);
	json_object_set_new(paths->seen, path, json_true());
}

static void
check_keys_to_paths(struct checking *c, const struct place *up, const json_t *source, struct projected_paths *paths)
{
	json_t *item;
	size_t i;

	json_array_foreach (json_object_get(source, "items"), i, item) {
		struct place at = { up, "items", (long)i };

		check_required(c, &at, item, "key");
		check_file(c, &at, item, paths);
		check_range(c, &at, item, "mode", 0, 0777);
	}
}

static void
check_downward(struct checking *c, const struct place *up, const json_t *source, struct projected_paths *paths)
{
	json_t *item;
	size_t i;

	json_array_foreach (json_object_get(source, "items"), i, item) {
		const json_t *field = json_object_get(item, "fieldRef"),
			     *resource = json_object_get(item, "resourceFieldRef");
		struct place at = { up, "items", (long)i };

		check_file(c, &at, item, paths);
		check_range(c, &at, item, "mode", 0, 0777);
		if (json_is_object(field) && json_is_object(resource))
			check_problem(c, &at, "",
			    "Invalid value: fieldRef and resourceFieldRef can not be specified simultaneously");
		else if (!json_is_object(field) && !json_is_object(resource))
			check_problem(
			    c, &at, "fieldRef", "Required value: one of fieldRef and resourceFieldRef is required");
		check_field_ref(c, &at, field, FIELD_REF_OF_VOLUME);
		check_resource_ref(c, &at, resource, true);
	}
}

static void
check_token(struct checking *c, const struct place *at, const json_t *token, struct projected_paths *paths)
{
	(void)paths;
	check_range(c, at, token, "expirationSeconds", TOKEN_SECONDS_MIN, TOKEN_SECONDS_MAX);
	check_file(c, at, token, NULL);
}

static void
check_trust_bundle(struct checking *c, const struct place *at, const json_t *bundle, struct projected_paths *paths)
{
	const json_t *name = json_object_get(bundle, "name"), *signer = json_object_get(bundle, "signerName");

	if (json_is_string(name) && json_is_string(signer))
		check_problem(c, at, "", "Invalid value: only one of name and signerName may be used");
	else if (!json_is_string(name) && !json_is_string(signer))
		check_problem(c, at, "", "Required value: either name or signerName must be specified");
	if (json_is_string(name)) {
		check_required(c, at, bundle, "name");
		if (json_object_get(bundle, "labelSelector") != NULL)
			check_problem(
			    c, at, "labelSelector", "Invalid value: labelSelector must be unset if name is specified");
	} else if (json_is_string(signer)) {
		check_required(c, at, bundle, "signerName");
	}
	check_label_selector(c, at, bundle, "labelSelector");
	check_file(c, at, bundle, paths);
}

static void
check_certificate(struct checking *c, const struct place *at, const json_t *certificate, struct projected_paths *paths)
{
	(void)paths;
	check_required(c, at, certificate, "signerName");
	if (check_required(c, at, certificate, "keyType"))
		check_choice(c, at, certificate, "keyType", "RSA3072|RSA4096|ECDSAP256|ECDSAP384|ECDSAP521|ED25519");
}

static void
check_named_keys(struct checking *c, const struct place *at, const json_t *source, struct projected_paths *paths)
{
	check_required(c, at, source, "name");
	check_keys_to_paths(c, at, source, paths);
}

static void
check_projected(struct checking *c, const struct place *up, const json_t *projected)
{
	static const struct {
		const char *name;
		void (*check)(struct checking *, const struct place *, const json_t *, struct projected_paths *);
	} kinds[] = { { "secret", check_named_keys }, { "configMap", check_named_keys },
		{ "downwardAPI", check_downward }, { "serviceAccountToken", check_token },
		{ "clusterTrustBundle", check_trust_bundle }, { "podCertificate", check_certificate } };
	_cleanup_(json_decrefp) json_t *seen = json_object();
	struct projected_paths paths = { up, seen };
	json_t *source;
	size_t i;

	check_range(c, up, projected, "defaultMode", 0, 0777);
	json_array_foreach (json_object_get(projected, "sources"), i, source) {
		struct place at = { up, "sources", (long)i };

		check_one_of(c, &at, source,
		    "secret configMap downwardAPI serviceAccountToken clusterTrustBundle podCertificate",
		    "volume type per source");
		for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
			struct place below = { &at, kinds[k].name, -1 };

			if (json_is_object(json_object_get(source, kinds[k].name)))
				kinds[k].check(c, &below, json_object_get(source, kinds[k].name), &paths);
		}
	}
}

static bool
claim_has_mode(const json_t *spec, const char *mode)
{
	json_t *one;
	size_t i;

	json_array_foreach (json_object_get(spec, "accessModes"), i, one)
		if (str_eq(json_string_value(one), mode))
			return true;
	return false;
}

static void
check_claim_template(struct checking *c, const struct place *up, const json_t *ephemeral)
{
	const json_t *spec = json_at(ephemeral, "/volumeClaimTemplate/spec"),
		     *storage = json_at(spec, "/resources/requests/storage"),
		     *source = json_object_get(spec, "dataSource");
	const char *amount = storage == NULL ? NULL
					     : quantity_canonical(c->problems->arena,
						   json_is_string(storage) ? json_string_value(storage)
									   : json_text(c->problems->arena, storage));
	struct place template = { up, "volumeClaimTemplate", -1 }, at = { &template, "spec", -1 };
	json_t *mode;
	size_t i;

	if (!json_is_object(json_object_get(ephemeral, "volumeClaimTemplate"))) {
		check_problem(c, up, "volumeClaimTemplate", "Required value");
		return;
	}
	if (json_array_size(json_object_get(spec, "accessModes")) == 0)
		check_problem(c, &at, "accessModes", "Required value: at least 1 access mode is required");
	json_array_foreach (json_object_get(spec, "accessModes"), i, mode)
		check_choice_text(c, &at, "accessModes", json_string_value(mode),
		    "ReadOnlyMany|ReadWriteMany|ReadWriteOnce|ReadWriteOncePod");
	if (claim_has_mode(spec, "ReadWriteOncePod") && json_array_size(json_object_get(spec, "accessModes")) > 1)
		check_problem(c, &at, "accessModes", "Forbidden: may not use ReadWriteOncePod with other access modes");
	if (json_is_object(source) && str_empty(json_str(source, "apiGroup")) &&
	    !str_eq(json_str(source, "kind"), "PersistentVolumeClaim"))
		check_problem(c, &at, "dataSource",
		    "Invalid value: \"%s\": must be 'PersistentVolumeClaim' when referencing the default apiGroup",
		    json_str(source, "kind") ?: "");
	if (storage == NULL)
		check_problem(c, &at, "resources.requests.storage", "Required value");
	else if (amount != NULL && (amount[0] == '-' || strcmp(amount, "0") == 0))
		check_problem(
		    c, &at, "resources.requests.storage", "Invalid value: \"%s\": must be greater than zero", amount);
	check_choice(c, &at, spec, "volumeMode", "Block|Filesystem");
	if (!str_empty(json_str(spec, "storageClassName")))
		check_name(c, &at, "storageClassName", json_str(spec, "storageClassName"),
		    name_subdomain_problem(json_str(spec, "storageClassName")));
	check_label_selector(c, &at, spec, "selector");
}

static void
check_host_path(struct checking *c, const struct place *at, const json_t *source)
{
	check_no_backsteps(c, at, "path", json_str(source, "path"));
	check_choice(
	    c, at, source, "type", "DirectoryOrCreate|Directory|FileOrCreate|File|Socket|CharDevice|BlockDevice");
}

static void
check_key_files(struct checking *c, const struct place *at, const json_t *source)
{
	check_range(c, at, source, "defaultMode", 0, 0777);
	check_keys_to_paths(c, at, source, NULL);
}

static void
check_downward_files(struct checking *c, const struct place *at, const json_t *source)
{
	check_range(c, at, source, "defaultMode", 0, 0777);
	check_downward(c, at, source, NULL);
}

static void
check_empty_dir(struct checking *c, const struct place *at, const json_t *source)
{
	const json_t *limit = json_object_get(source, "sizeLimit");

	if (limit != NULL && json_text(c->problems->arena, limit)[json_is_string(limit)] == '-')
		check_problem(c, at, "sizeLimit", "Forbidden: SizeLimit field must be a valid resource quantity");
}

static void
check_nfs(struct checking *c, const struct place *at, const json_t *source)
{
	const char *path = json_str(source, "path");

	if (!str_empty(path) && path[0] != '/')
		check_problem(c, at, "path", "Invalid value: \"%s\": must be an absolute path", path);
}

static void
check_csi(struct checking *c, const struct place *at, const json_t *source)
{
	const char *driver = json_str(source, "driver");
	const json_t *secret = json_object_get(source, "nodePublishSecretRef");
	struct place below = { at, "nodePublishSecretRef", -1 };

	check_name(
	    c, at, "driver", driver, name_subdomain_problem(utf8_cased(c->problems->arena, driver, false, true)));
	if (strlen(driver) > DRIVER_MAX)
		check_problem(c, at, "driver", "Too long: may not be more than %d bytes", DRIVER_MAX);
	if (json_is_object(secret))
		check_required(c, &below, secret, "name");
}

static void
check_git_repo(struct checking *c, const struct place *at, const json_t *source)
{
	if (!str_empty(json_str(source, "directory")))
		check_relative(c, at, "directory", json_str(source, "directory"));
}

static void
check_disk(struct checking *c, const struct place *at, const json_t *source)
{
	check_range(c, at, source, "partition", 0, LUN_MAX);
}

static void
check_iscsi(struct checking *c, const struct place *at, const json_t *source)
{
	const char *iqn = json_str(source, "iqn");

	check_range(c, at, source, "lun", 0, LUN_MAX);
	if (!str_empty(iqn) && !str_starts(iqn, "iqn") && !str_starts(iqn, "eui") && !str_starts(iqn, "naa"))
		check_problem(
		    c, at, "iqn", "Invalid value: \"%s\": must be valid format starting with iqn, eui, or naa", iqn);
}

static void
check_azure_disk(struct checking *c, const struct place *at, const json_t *source)
{
	bool managed = str_eq(json_str(source, "kind"), "Managed");
	const char *uri = json_str(source, "diskURI");

	check_choice(c, at, source, "cachingMode", "None|ReadOnly|ReadWrite");
	check_choice(c, at, source, "kind", "Shared|Dedicated|Managed");
	if (managed != str_starts(uri, "/subscriptions/") || (!managed && !str_starts(uri, "https://")))
		check_problem(c, at, "diskURI", "Unsupported value: \"%s\": supported values: \"%s\"", uri,
		    managed ? "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/"
			      "{disk-id}"
			    : "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd");
}

static void
check_flocker(struct checking *c, const struct place *at, const json_t *source)
{
	bool name = !str_empty(json_str(source, "datasetName")), id = !str_empty(json_str(source, "datasetUUID"));

	if (name && strchr(json_str(source, "datasetName"), '/') != NULL)
		check_problem(c, at, "datasetName", "Invalid value: \"%s\": must not contain '/'",
		    json_str(source, "datasetName"));
	if (!name && !id)
		check_problem(c, at, "", "Required value: one of datasetName and datasetUUID is required");
	else if (name && id)
		check_problem(
		    c, at, "", "Invalid value: datasetName and datasetUUID can not be specified simultaneously");
}

static void
check_fibre(struct checking *c, const struct place *at, const json_t *source)
{
	size_t targets = json_array_size(json_object_get(source, "targetWWNs")),
	       ids = json_array_size(json_object_get(source, "wwids"));

	if ((targets == 0) == (ids == 0))
		check_problem(
		    c, at, "targetWWNs", "Required value: must specify either targetWWNs or wwids, but not both");
	if (targets > 0 && json_object_get(source, "lun") == NULL)
		check_problem(c, at, "lun", "Required value: lun is required if targetWWNs is specified");
	check_range(c, at, source, "lun", 0, LUN_MAX);
}

static void
check_monitors(struct checking *c, const struct place *at, const json_t *source)
{
	if (json_array_size(json_object_get(source, "monitors")) == 0)
		check_problem(c, at, "monitors", "Required value");
}

static void
check_image_volume(struct checking *c, const struct place *at, const json_t *source)
{
	check_choice(c, at, source, "pullPolicy", "Always|IfNotPresent|Never");
}

static void
check_quobyte(struct checking *c, const struct place *at, const json_t *source)
{
	const char *registry = json_str(source, "registry");

	for (const char *s = registry; s != NULL; s = strchr(s, ','), s = s != NULL ? s + 1 : NULL)
		if (memchr(s, ':', strcspn(s, ",")) == NULL)
			check_problem(c, at, "registry",
			    "Invalid value: \"%s\": must be a host:port pair or multiple pairs separated by commas",
			    registry);
}

static void
check_storageos(struct checking *c, const struct place *at, const json_t *source)
{
	check_name(
	    c, at, "volumeName", json_str(source, "volumeName"), name_label_problem(json_str(source, "volumeName")));
}

/* Required fields of each source, and other rules. */
static const struct {
	const char *source, *required[3];
	void (*check)(struct checking *, const struct place *, const json_t *);
} volume_kinds[] = {
	{ "hostPath", { "path" }, check_host_path },
	{ "emptyDir", { NULL }, check_empty_dir },
	{ "persistentVolumeClaim", { "claimName" }, NULL },
	{ "secret", { "secretName" }, check_key_files },
	{ "configMap", { "name" }, check_key_files },
	{ "downwardAPI", { NULL }, check_downward_files },
	{ "projected", { NULL }, check_projected },
	{ "ephemeral", { NULL }, check_claim_template },
	{ "nfs", { "server", "path" }, check_nfs },
	{ "csi", { "driver" }, check_csi },
	{ "image", { NULL }, check_image_volume },
	{ "gitRepo", { "repository" }, check_git_repo },
	{ "iscsi", { "targetPortal", "iqn" }, check_iscsi },
	{ "awsElasticBlockStore", { "volumeID" }, check_disk },
	{ "gcePersistentDisk", { "pdName" }, check_disk },
	{ "azureDisk", { "diskName", "diskURI" }, check_azure_disk },
	{ "azureFile", { "secretName", "shareName" }, NULL },
	{ "cephfs", { NULL }, check_monitors },
	{ "rbd", { "image" }, check_monitors },
	{ "glusterfs", { "endpoints", "path" }, NULL },
	{ "flexVolume", { "driver" }, NULL },
	{ "flocker", { NULL }, check_flocker },
	{ "fc", { NULL }, check_fibre },
	{ "cinder", { "volumeID" }, NULL },
	{ "quobyte", { "registry", "volume" }, check_quobyte },
	{ "portworxVolume", { "volumeID" }, NULL },
	{ "scaleIO", { "gateway", "system", "volumeName" }, NULL },
	{ "storageos", { "volumeName" }, check_storageos },
	{ "vsphereVolume", { "volumePath" }, NULL },
	{ "photonPersistentDisk", { "pdID" }, NULL },
};

static void
check_volume(struct checking *c, const struct place *at, const json_t *v)
{
	const char *name = json_str(v, "name"), *key;
	size_t sources = 0;
	json_t *source;

	if (check_required(c, at, v, "name"))
		check_name(c, at, "name", name, name_label_problem(name));
	json_object_foreach ((json_t *)v, key, source)
		sources += strcmp(key, "name") != 0 && json_is_object(source);
	if (sources > 1)
		check_problem(c, at, "", "Forbidden: may not specify more than 1 volume type");
	for (size_t i = 0; i < ARRAY_SIZE(volume_kinds); i++) {
		struct place below = { at, volume_kinds[i].source, -1 };
		bool whole = true;

		source = json_object_get(v, volume_kinds[i].source);
		if (!json_is_object(source))
			continue;
		for (size_t k = 0; k < ARRAY_SIZE(volume_kinds[i].required); k++)
			if (volume_kinds[i].required[k] != NULL)
				whole = check_required(c, &below, source, volume_kinds[i].required[k]) && whole;
		if (volume_kinds[i].check != NULL && whole)
			volume_kinds[i].check(c, &below, source);
	}
}

void
check_volumes(struct checking *c, const struct place *up)
{
	json_t *v;
	size_t i;

	json_array_foreach (c->volumes, i, v) {
		struct place at = { up, "volumes", (long)i };

		check_volume(c, &at, v);
	}
	check_duplicates(c, up, c->volumes, "volumes", "name");
}
