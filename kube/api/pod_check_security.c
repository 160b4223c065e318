/* kube/api/pod_check_security.c: validation of security contexts in a pod template, as by an API server: those of
 * the pod and of its containers. */
#include <string.h>
#include "base/str.h"
#include "kube/api/names.h"
#include "kube/api/pod_check_parts.h"
#include "kube/api/regex.h"

#define ID_MAX INT32_MAX
#define SYSCTL_MAX 253
#define SYSCTL_NAME "^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$"

/* The profile of a container: `what` is "seccomp" or "AppArmor". */
static void
check_profile(struct checking *c, const struct place *up, const json_t *of, const char *field, const char *what)
{
	const json_t *profile = json_object_get(of, field);
	const char *path = json_str(profile, "localhostProfile");
	bool local = str_eq(json_str(profile, "type"), "Localhost");
	struct place at = { up, field, -1 };

	if (!json_is_object(profile))
		return;
	if (check_required(c, &at, profile, "type"))
		check_choice(c, &at, profile, "type", "Localhost|RuntimeDefault|Unconfined");
	if (local && str_empty(path))
		check_problem(
		    c, &at, "localhostProfile", "Required value: must be set when %s type is Localhost", what);
	else if (!local && path != NULL)
		check_problem(c, &at, "localhostProfile",
		    "Invalid value: \"%s\": can only be set when %s type is Localhost", path, what);
	else if (path != NULL && strcmp(what, "seccomp") == 0)
		check_relative(c, &at, "localhostProfile", path);
}

static void
check_windows_options(struct checking *c, const struct place *up, const json_t *context)
{
	const json_t *options = json_object_get(context, "windowsOptions");
	const char *gmsa = json_str(options, "gmsaCredentialSpecName"), *user = json_str(options, "runAsUserName"),
		   *spec = json_str(options, "gmsaCredentialSpec");
	struct place at = { up, "windowsOptions", -1 };

	if (gmsa != NULL)
		check_name(c, &at, "gmsaCredentialSpecName", gmsa, name_subdomain_problem(gmsa));
	if (user != NULL && user[0] == '\0')
		check_problem(c, &at, "runAsUserName", "Invalid value: \"\": runAsUserName cannot be an empty string");
	if (spec != NULL && spec[0] == '\0')
		check_problem(
		    c, &at, "gmsaCredentialSpec", "Invalid value: \"\": gmsaCredentialSpec cannot be an empty string");
	if (json_is_true(json_object_get(options, "hostProcess")) && !c->host_network)
		check_problem(c, &at, "hostProcess",
		    "Invalid value: true: hostNetwork must be true if pod contains any hostProcess containers");
}

/* Fields that a pod of this operating system must not have. */
static void
check_system(struct checking *c, const struct place *at, const json_t *of, const char *const *fields, size_t n)
{
	for (size_t i = 0; str_eq(c->os, "windows") && i < n; i++)
		if (json_object_get(of, fields[i]) != NULL)
			check_problem(c, at, fields[i], "Forbidden: cannot be set for a windows pod");
	if (str_eq(c->os, "linux") && json_is_object(json_object_get(of, "windowsOptions")))
		check_problem(c, at, "windowsOptions", "Forbidden: windows options cannot be set for a linux pod");
}

static bool
security_adds(const json_t *context, const char *capability)
{
	json_t *one;
	size_t i;

	json_array_foreach (json_at(context, "/capabilities/add"), i, one)
		if (str_eq(json_string_value(one), capability))
			return true;
	return false;
}

void
check_container_security(struct checking *c, const struct place *up, const json_t *container)
{
	static const char *const not_windows[] = { "appArmorProfile", "seLinuxOptions", "seccompProfile",
		"capabilities", "readOnlyRootFilesystem", "privileged", "allowPrivilegeEscalation", "procMount",
		"runAsUser", "runAsGroup" };
	const json_t *s = json_object_get(container, "securityContext");
	struct place at = { up, "securityContext", -1 };

	check_range(c, &at, s, "runAsUser", 0, ID_MAX);
	check_range(c, &at, s, "runAsGroup", 0, ID_MAX);
	if (json_is_false(json_object_get(s, "allowPrivilegeEscalation"))) {
		if (json_is_true(json_object_get(s, "privileged")))
			check_problem(c, &at, "",
			    "Invalid value: cannot set `allowPrivilegeEscalation` to false and `privileged` to true");
		if (security_adds(s, "CAP_SYS_ADMIN"))
			check_problem(c, &at, "",
			    "Invalid value: cannot set `allowPrivilegeEscalation` to false and "
			    "`capabilities.Add` CAP_SYS_ADMIN");
	}
	check_choice(c, &at, s, "procMount", "Default|Unmasked");
	if (str_eq(json_str(s, "procMount"), "Unmasked") && c->host_users)
		check_problem(
		    c, &at, "procMount", "Invalid value: \"Unmasked\": `hostUsers` must be false to use `Unmasked`");
	check_profile(c, &at, s, "seccompProfile", "seccomp");
	check_profile(c, &at, s, "appArmorProfile", "AppArmor");
	check_windows_options(c, &at, s);
	check_system(c, &at, s, not_windows, ARRAY_SIZE(not_windows));
}

static void
check_sysctls(struct checking *c, const struct place *up, const json_t *context, const json_t *spec)
{
	static const char *const of_ipc[] = { "kernel.sem", "kernel.shm", "kernel.msg", "fs.mqueue." };
	const json_t *list = json_object_get(context, "sysctls");
	json_t *one;
	size_t i;

	json_array_foreach (list, i, one) {
		struct place at = { up, "sysctls", (long)i };
		const char *name = json_str(one, "name");
		bool ipc = false;

		if (!check_required(c, &at, one, "name"))
			continue;
		if (strlen(name) > SYSCTL_MAX || !regex_finds(SYSCTL_NAME, name))
			check_problem(c, &at, "name",
			    "Invalid value: \"%s\": must have at most %d characters and match regex %s", name,
			    SYSCTL_MAX, SYSCTL_NAME);
		for (size_t k = 0; k < ARRAY_SIZE(of_ipc); k++)
			ipc = ipc || str_starts(str_replace(c->problems->arena, name, "/", "."), of_ipc[k]);
		if (c->host_network && (str_starts(name, "net.") || str_starts(name, "net/")))
			check_problem(c, &at, "name",
			    "Invalid value: \"%s\": may not be specified when 'hostNetwork' is true", name);
		if (ipc && json_is_true(json_object_get(spec, "hostIPC")))
			check_problem(
			    c, &at, "name", "Invalid value: \"%s\": may not be specified when 'hostIPC' is true", name);
	}
	check_duplicates(c, up, list, "sysctls", "name");
}

void
check_pod_security(struct checking *c, const struct place *up, const json_t *spec)
{
	static const char *const not_windows[] = { "appArmorProfile", "seLinuxOptions", "seccompProfile", "fsGroup",
		"fsGroupChangePolicy", "sysctls", "runAsUser", "runAsGroup", "supplementalGroups",
		"supplementalGroupsPolicy", "seLinuxChangePolicy" },
				 *const not_windows_pod[] = { "hostUsers", "hostPID", "hostIPC",
					 "shareProcessNamespace" },
				 *const of_users[] = { "hostNetwork", "hostPID", "hostIPC" };
	const json_t *s = json_object_get(spec, "securityContext"), *group, *os = json_object_get(spec, "os");
	struct place at = { up, "securityContext", -1 }, kind = { up, "os", -1 };
	size_t i;

	if (json_is_object(os) && check_required(c, &kind, os, "name"))
		check_choice(c, &kind, os, "name", "linux|windows");
	for (i = 0; !c->host_users && i < ARRAY_SIZE(of_users); i++)
		if (json_is_true(json_object_get(spec, of_users[i])))
			check_problem(c, up, of_users[i], "Forbidden: when `hostUsers` is false");
	check_range(c, &at, s, "runAsUser", 0, ID_MAX);
	check_range(c, &at, s, "runAsGroup", 0, ID_MAX);
	check_range(c, &at, s, "fsGroup", 0, ID_MAX);
	json_array_foreach (json_object_get(s, "supplementalGroups"), i, group)
		if (json_is_integer(group) && (json_integer_value(group) < 0 || json_integer_value(group) > ID_MAX))
			check_problem(c, &at, "supplementalGroups",
			    "Invalid value: %lld: must be between 0 and 2147483647, inclusive",
			    (long long)json_integer_value(group));
	check_choice(c, &at, s, "supplementalGroupsPolicy", "Merge|Strict");
	check_choice(c, &at, s, "fsGroupChangePolicy", "Always|OnRootMismatch");
	check_choice(c, &at, s, "seLinuxChangePolicy", "Recursive|MountOption");
	check_profile(c, &at, s, "seccompProfile", "seccomp");
	check_profile(c, &at, s, "appArmorProfile", "AppArmor");
	check_windows_options(c, &at, s);
	check_sysctls(c, &at, s, spec);
	check_system(c, &at, s, not_windows, ARRAY_SIZE(not_windows));
	if (str_eq(c->os, "windows"))
		check_system(c, up, spec, not_windows_pod, ARRAY_SIZE(not_windows_pod));
}
