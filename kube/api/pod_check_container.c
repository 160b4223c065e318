/* kube/api/pod_check_container.c: validation of containers in a pod template, as by an API server: ports, env,
 * probes, mounts, resources. */
#include <string.h>
#include "base/quantity.h"
#include "base/str.h"
#include "kube/api/names.h"
#include "kube/api/pod_check_parts.h"

#define HANDLERS "exec httpGet tcpSocket grpc"
#define HEADER_LETTERS "-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define RESTART_RULES_MAX 20
#define SIGNALS                                                                                                        \
	"SIGABRT|SIGALRM|SIGBUS|SIGCHLD|SIGCLD|SIGCONT|SIGFPE|SIGHUP|SIGILL|SIGINT|SIGIO|SIGIOT|SIGKILL|SIGPIPE|"      \
	"SIGPOLL|SIGPROF|SIGPWR|SIGQUIT|SIGSEGV|SIGSTKFLT|SIGSTOP|SIGSYS|SIGTERM|SIGTRAP|SIGTSTP|SIGTTIN|SIGTTOU|"     \
	"SIGURG|SIGUSR1|SIGUSR2|SIGVTALRM|SIGWINCH|SIGXCPU|SIGXFSZ|SIGRTMIN|SIGRTMIN+1|SIGRTMIN+2|SIGRTMIN+3|"         \
	"SIGRTMIN+4|SIGRTMIN+5|SIGRTMIN+6|SIGRTMIN+7|SIGRTMIN+8|SIGRTMIN+9|SIGRTMIN+10|SIGRTMIN+11|SIGRTMIN+12|"       \
	"SIGRTMIN+13|SIGRTMIN+14|SIGRTMIN+15|SIGRTMAX|SIGRTMAX-1|SIGRTMAX-2|SIGRTMAX-3|SIGRTMAX-4|SIGRTMAX-5|"         \
	"SIGRTMAX-6|SIGRTMAX-7|SIGRTMAX-8|SIGRTMAX-9|SIGRTMAX-10|SIGRTMAX-11|SIGRTMAX-12|SIGRTMAX-13|SIGRTMAX-14"
#define EXIT_CODES_MAX 255

static const json_t *
container_volume(const struct checking *c, const char *name)
{
	const json_t *v;
	size_t i;

	json_array_foreach (c->volumes, i, v)
		if (str_eq(json_str(v, "name"), name))
			return v;
	return NULL;
}

/* The key between "['" and "']" of a path with this prefix; NULL: it has another prefix. In the arena. */
static const char *
field_path_key(struct arena *a, const char *path, const char *of)
{
	size_t n = strlen(of);

	return str_starts(path, of) && str_starts(path + n, "['") && str_ends(path + n, "']") && strlen(path + n) >= 4
		   ? arena_strndup(a, path + n + 2, strlen(path + n) - 4)
		   : NULL;
}

void
check_field_ref(struct checking *c, const struct place *up, const json_t *ref, enum field_ref_owner owner)
{
	static const char *const of_all[] = { "metadata.name", "metadata.namespace", "metadata.uid" },
				 *const of_env[] = { "spec.nodeName", "spec.serviceAccountName", "status.hostIP",
					 "status.hostIPs", "status.podIP", "status.podIPs" },
				 *const of_volume[] = { "metadata.labels", "metadata.annotations" };
	const char *path = json_str(ref, "fieldPath"), *version = json_str(ref, "apiVersion"), *label, *annotation;
	struct place at = { up, "fieldRef", -1 };
	struct arena *a = c->problems->arena;
	bool known = false;

	if (!json_is_object(ref) || !check_required(c, &at, ref, "fieldPath"))
		return;
	if (!str_empty(version) && strcmp(version, "v1") != 0)
		check_problem(c, &at, "apiVersion",
		    "Invalid value: \"%s\": error converting fieldPath: unsupported pod version", version);
	for (size_t i = 0; i < ARRAY_SIZE(of_all); i++)
		known = known || strcmp(of_all[i], path) == 0;
	for (size_t i = 0; owner == FIELD_REF_OF_ENV && i < ARRAY_SIZE(of_env); i++)
		known = known || strcmp(of_env[i], path) == 0;
	for (size_t i = 0; owner == FIELD_REF_OF_VOLUME && i < ARRAY_SIZE(of_volume); i++)
		known = known || strcmp(of_volume[i], path) == 0;
	label = field_path_key(a, path, "metadata.labels");
	annotation = field_path_key(a, path, "metadata.annotations");
	if (label != NULL)
		check_name(c, &at, "fieldPath", label, name_qualified_problem(label));
	else if (annotation != NULL)
		check_name(c, &at, "fieldPath", annotation, check_annotation_key(a, annotation));
	else if (!known)
		check_problem(c, &at, "fieldPath",
		    "Invalid value: \"%s\": error converting fieldPath: field label not supported", path);
}

void
check_resource_ref(struct checking *c, const struct place *up, const json_t *ref, bool of_container)
{
	static const char *const of_cpu = "|1m|1|0|", *const of_memory =
							  "|1|1k|1M|1G|1T|1P|1E|1Ki|1Mi|1Gi|1Ti|1Pi|1Ei|0|";
	const char *resource = json_str(ref, "resource"), *divisor, *units;
	const json_t *v = json_object_get(ref, "divisor");
	struct place at = { up, "resourceFieldRef", -1 };
	struct arena *a = c->problems->arena;

	if (!json_is_object(ref))
		return;
	if (of_container)
		check_required(c, &at, ref, "containerName");
	if (!check_required(c, &at, ref, "resource"))
		return;
	if (!str_starts(resource, "limits.hugepages-") && !str_starts(resource, "requests.hugepages-"))
		check_choice(c, &at, ref, "resource",
		    "limits.cpu|limits.ephemeral-storage|limits.memory|requests.cpu|requests.ephemeral-storage|"
		    "requests.memory");
	units = str_ends(resource, ".cpu") ? of_cpu : of_memory;
	divisor = v == NULL ? NULL : quantity_canonical(a, json_is_string(v) ? json_string_value(v) : json_text(a, v));
	if (divisor != NULL && strstr(units, arena_printf(a, "|%s|", divisor)) == NULL)
		check_problem(c, &at, "divisor", "Invalid value: \"%s\": only the values %s are supported for %s",
		    divisor,
		    units == of_cpu ? "1m and 1" : "1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi and 1Ei",
		    resource);
}

/* A fileKeyRef: its volume, an emptyDir that a container fills, must exist. */
static void
check_file_key_ref(struct checking *c, const struct place *up, const json_t *ref)
{
	struct place at = { up, "fileKeyRef", -1 };

	if (!json_is_object(ref))
		return;
	if (check_required(c, &at, ref, "volumeName") && container_volume(c, json_str(ref, "volumeName")) == NULL)
		check_problem(c, &at, "volumeName", "Not found: \"%s\"", json_str(ref, "volumeName"));
	check_required(c, &at, ref, "key");
	if (check_required(c, &at, ref, "path"))
		check_relative(c, &at, "path", json_str(ref, "path"));
}

static void
check_env(struct checking *c, const struct place *up, const json_t *env)
{
	json_t *e;
	size_t i;

	json_array_foreach (env, i, e) {
		const json_t *from = json_object_get(e, "valueFrom"), *ref;
		struct place at = { up, "env", (long)i }, below = { &at, "valueFrom", -1 };

		if (check_required(c, &at, e, "name"))
			check_name(c, &at, "name", json_str(e, "name"), name_env_problem(json_str(e, "name")));
		if (!json_is_object(from))
			continue;
		if (!str_empty(json_str(e, "value")))
			check_problem(c, &below, "", "Invalid value: may not be specified when `value` is not empty");
		if (check_one_of(c, &below, from, "fieldRef resourceFieldRef configMapKeyRef secretKeyRef fileKeyRef",
			"source") == 0)
			check_problem(c, &below, "",
			    "Invalid value: must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or "
			    "`secretKeyRef`");
		check_field_ref(c, &below, json_object_get(from, "fieldRef"), FIELD_REF_OF_ENV);
		check_resource_ref(c, &below, json_object_get(from, "resourceFieldRef"), false);
		check_file_key_ref(c, &below, json_object_get(from, "fileKeyRef"));
		for (int k = 0; k < 2; k++) {
			struct place of = { &below, k == 0 ? "configMapKeyRef" : "secretKeyRef", -1 };

			if (!json_is_object(ref = json_object_get(from, of.name)))
				continue;
			if (check_required(c, &of, ref, "name"))
				check_name(c, &of, "name", json_str(ref, "name"),
				    name_subdomain_problem(json_str(ref, "name")));
			if (check_required(c, &of, ref, "key"))
				check_name(
				    c, &of, "key", json_str(ref, "key"), name_config_key_problem(json_str(ref, "key")));
		}
	}
}

static void
check_ports(struct checking *c, const struct place *up, const json_t *ports)
{
	json_t *p;
	size_t i;

	json_array_foreach (ports, i, p) {
		const json_t *port = json_object_get(p, "containerPort"), *host = json_object_get(p, "hostPort");
		struct place at = { up, "ports", (long)i };

		if (!str_empty(json_str(p, "name")))
			check_name(c, &at, "name", json_str(p, "name"), name_port_problem(json_str(p, "name")));
		if (port == NULL)
			check_problem(c, &at, "containerPort", "Required value");
		check_range(c, &at, p, "containerPort", 1, 65535);
		check_range(c, &at, p, "hostPort", 0, 65535);
		if (c->host_network && json_integer_value(host) > 0 &&
		    json_integer_value(host) != json_integer_value(port))
			check_problem(c, &at, "hostPort",
			    "Invalid value: %lld: must match `containerPort` when `hostNetwork` is true",
			    (long long)json_integer_value(host));
		check_choice(c, &at, p, "protocol", "TCP|UDP|SCTP");
	}
	check_duplicates(c, up, ports, "ports", "name");
}

/* Reads a quantity as a number, for comparisons. Returns false if invalid. */
static bool
container_amount(const json_t *v, double *ret)
{
	static const struct {
		const char *suffix;
		double factor;
	} suffixes[] = { { "", 1 }, { "n", 1e-9 }, { "u", 1e-6 }, { "m", 1e-3 }, { "k", 1e3 }, { "M", 1e6 },
		{ "G", 1e9 }, { "T", 1e12 }, { "P", 1e15 }, { "E", 1e18 }, { "Ki", 0x1p10 }, { "Mi", 0x1p20 },
		{ "Gi", 0x1p30 }, { "Ti", 0x1p40 }, { "Pi", 0x1p50 }, { "Ei", 0x1p60 } };
	char *end;

	if (json_is_number(v)) {
		*ret = json_number_value(v);
		return true;
	}
	if (!json_is_string(v))
		return false;
	*ret = strtod(json_string_value(v), &end);
	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++)
		if (strcmp(end, suffixes[i].suffix) == 0) {
			*ret *= suffixes[i].factor;
			return true;
		}
	return false;
}

/* Returns whether the name is that of an extended resource, such as "example.com/gpu". */
static bool
resource_is_extended(const char *name)
{
	return strchr(name, '/') != NULL && strstr(name, "kubernetes.io/") == NULL;
}

static const char *
resource_text(struct checking *c, const json_t *v)
{
	return json_is_string(v) ? json_string_value(v) : json_text(c->problems->arena, v);
}

static void
check_resource_name(struct checking *c, const struct place *at, const char *name)
{
	bool own = strcmp(name, "cpu") == 0 || strcmp(name, "memory") == 0 || strcmp(name, "ephemeral-storage") == 0 ||
		   str_starts(name, "hugepages-");

	if (own)
		return;
	if (strchr(name, '/') == NULL)
		check_problem(
		    c, at, "", "Invalid value: \"%s\": must be a standard resource type or fully qualified", name);
	else
		check_name(c, at, "", name, name_qualified_problem(name));
	if (str_starts(name, "requests."))
		check_problem(c, at, "", "Invalid value: \"%s\": doesn't follow extended resource name standard", name);
}

/* Huge pages must be requested in whole pages. */
static bool
resource_is_whole_pages(const char *name, double amount)
{
	_cleanup_(json_decrefp) json_t *size = json_string(name + strlen("hugepages-"));
	double page;

	return container_amount(size, &page) && page >= 1 && amount == page * (double)(int64_t)(amount / page);
}

void
check_quantities(struct checking *c, const struct place *up, const json_t *map, const char *field)
{
	struct place at = { up, field, -1 };
	const char *key;
	double x;
	json_t *v;

	json_object_foreach ((json_t *)map, key, v) {
		if (json_is_null(v))
			continue; /* as if it were 0 */
		if (json_is_string(v) && quantity_canonical(c->problems->arena, json_string_value(v)) == NULL) {
			check_problem(c, &at, key,
			    "Invalid value: \"%s\": quantities must match the regular expression "
			    "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
			    json_string_value(v));
			continue;
		}
		check_resource_name(c, &at, key);
		if (!container_amount(v, &x))
			continue;
		if (x < 0)
			check_problem(c, &at, key, "Invalid value: \"%s\": must be greater than or equal to 0",
			    resource_text(c, v));
		else if (resource_is_extended(key) && x != (double)(int64_t)x)
			check_problem(c, &at, key, "Invalid value: \"%s\": must be an integer", resource_text(c, v));
		else if (str_starts(key, "hugepages-") && !resource_is_whole_pages(key, x))
			check_problem(c, &at, key, "Invalid value: \"%s\": is not positive integer multiple of %s",
			    resource_text(c, v), key);
	}
}

/* A request against its limit. A resource that cannot be overcommitted needs a limit that equals its request. */
static void
check_request(struct checking *c, const struct place *up, const char *key, const json_t *v, const json_t *limit)
{
	bool shared = !resource_is_extended(key) && !str_starts(key, "hugepages-");
	double x, most;

	if (!container_amount(v, &x))
		return;
	if (limit == NULL) {
		if (!shared)
			check_problem(c, up, "limits",
			    "Required value: Limit must be set for non overcommitable resources (%s)", key);
		return;
	}
	if (container_amount(limit, &most) && (x > most || (!shared && x < most)))
		check_problem(c, up, "requests",
		    x > most ? "Invalid value: \"%s\": must be less than or equal to %s limit of %s"
			     : "Invalid value: \"%s\": must be equal to %s limit of %s",
		    resource_text(c, v), key, resource_text(c, limit));
}

static void
check_claims(struct checking *c, const struct place *up, const json_t *claims)
{
	json_t *claim, *other;
	size_t i, k;

	json_array_foreach (claims, i, claim) {
		struct place at = { up, "claims", (long)i };
		bool found = false;

		if (!check_required(c, &at, claim, "name"))
			continue;
		json_array_foreach (c->claims, k, other)
			found = found || str_eq(json_str(other, "name"), json_str(claim, "name"));
		if (!found)
			check_problem(c, &at, "name",
			    "Not found: \"%s\": must be one of the names in pod.spec.resourceClaims",
			    json_str(claim, "name"));
		for (k = 0; k < i; k++)
			if (json_equal(claim, json_array_get(claims, k)))
				check_problem(c, &at, "name", "Duplicate value: \"%s\"", json_str(claim, "name"));
	}
}

void
check_resources(struct checking *c, const struct place *up, const json_t *resources)
{
	const json_t *limits = json_object_get(resources, "limits"), *requests = json_object_get(resources, "requests");
	struct place at = { up, "resources", -1 };
	bool pages = false, others = false;
	const char *key;
	json_t *v;

	check_quantities(c, &at, limits, "limits");
	check_quantities(c, &at, requests, "requests");
	json_object_foreach ((json_t *)requests, key, v)
		check_request(c, &at, key, v, json_object_get(limits, key));
	for (int i = 0; i < 2; i++)
		json_object_foreach ((json_t *)(i == 0 ? limits : requests), key, v) {
			pages = pages || str_starts(key, "hugepages-");
			others = others || strcmp(key, "cpu") == 0 || strcmp(key, "memory") == 0;
		}
	if (pages && !others)
		check_problem(c, &at, "", "Forbidden: HugePages require cpu or memory");
	check_claims(c, &at, json_object_get(resources, "claims"));
}

/* Returns whether an element of the list has this text in the field. */
static bool
mount_is_among(const json_t *list, const char *field, const char *text)
{
	const json_t *one;
	size_t i;

	json_array_foreach (list, i, one)
		if (!str_empty(text) && str_eq(json_str(one, field), text))
			return true;
	return false;
}

static void
check_mount(struct checking *c, const struct place *at, const json_t *container, const json_t *m)
{
	const json_t *devices = json_object_get(container, "volumeDevices");
	const char *name = json_str(m, "name"), *path = json_str(m, "mountPath"),
		   *recursive = json_str(m, "recursiveReadOnly"), *propagation = json_str(m, "mountPropagation");

	if (check_required(c, at, m, "name") && container_volume(c, name) == NULL)
		check_problem(c, at, "name", "Not found: \"%s\"", name);
	check_required(c, at, m, "mountPath");
	if (mount_is_among(devices, "name", name))
		check_problem(c, at, "name", "Invalid value: \"%s\": must not already exist in volumeDevices", name);
	if (mount_is_among(devices, "devicePath", path))
		check_problem(c, at, "mountPath",
		    "Invalid value: \"%s\": must not already exist as a path in volumeDevices", path);
	if (!str_empty(json_str(m, "subPath"))) {
		check_relative(c, at, "subPath", json_str(m, "subPath"));
		if (!str_empty(json_str(m, "subPathExpr")))
			check_problem(c, at, "subPathExpr",
			    "Invalid value: \"%s\": subPathExpr and subPath are mutually exclusive",
			    json_str(m, "subPathExpr"));
	}
	if (!str_empty(json_str(m, "subPathExpr")))
		check_relative(c, at, "subPathExpr", json_str(m, "subPathExpr"));
	check_choice(c, at, m, "mountPropagation", "None|HostToContainer|Bidirectional");
	if (str_eq(propagation, "Bidirectional") && !json_is_true(json_at(container, "/securityContext/privileged")))
		check_problem(c, at, "mountPropagation",
		    "Forbidden: Bidirectional mount propagation is available only to privileged containers");
	check_choice(c, at, m, "recursiveReadOnly", "Disabled|Enabled|IfPossible");
	if ((str_eq(recursive, "Enabled") || str_eq(recursive, "IfPossible")) &&
	    !json_is_true(json_object_get(m, "readOnly")))
		check_problem(c, at, "recursiveReadOnly", "Forbidden: may only be specified when readOnly is true");
	else if ((str_eq(recursive, "Enabled") || str_eq(recursive, "IfPossible")) && propagation != NULL &&
		 strcmp(propagation, "None") != 0)
		check_problem(c, at, "recursiveReadOnly",
		    "Forbidden: may only be specified when mountPropagation is None or not specified");
}

static void
check_device(struct checking *c, const struct place *at, const json_t *container, const json_t *d)
{
	const char *name = json_str(d, "name"), *path = json_str(d, "devicePath");
	const json_t *volume = container_volume(c, name);

	if (check_required(c, at, d, "name") && volume == NULL)
		check_problem(c, at, "name", "Not found: \"%s\"", name);
	if (volume != NULL && !json_is_object(json_object_get(volume, "persistentVolumeClaim")) &&
	    !json_is_object(json_object_get(volume, "ephemeral")))
		check_problem(c, at, "name",
		    "Invalid value: \"%s\": can only use volume source type of PersistentVolumeClaim or Ephemeral for "
		    "block mode",
		    name);
	if (mount_is_among(json_object_get(container, "volumeMounts"), "name", name))
		check_problem(c, at, "name", "Invalid value: \"%s\": must not already exist in volumeMounts", name);
	if (!check_required(c, at, d, "devicePath"))
		return;
	for (const char *s = path; s != NULL; s = strchr(s, '/'), s = s != NULL ? s + 1 : NULL)
		if (strncmp(s, "..", 2) == 0 && (s[2] == '\0' || s[2] == '/'))
			check_problem(
			    c, at, "devicePath", "Invalid value: \"%s\": can not contain backsteps ('..')", path);
}

static void
check_mounts(struct checking *c, const struct place *up, const json_t *container)
{
	const json_t *mounts = json_object_get(container, "volumeMounts"),
		     *devices = json_object_get(container, "volumeDevices");
	json_t *m;
	size_t i;

	json_array_foreach (mounts, i, m) {
		struct place at = { up, "volumeMounts", (long)i };

		check_mount(c, &at, container, m);
	}
	check_duplicates(c, up, mounts, "volumeMounts", "mountPath");
	json_array_foreach (devices, i, m) {
		struct place at = { up, "volumeDevices", (long)i };

		check_device(c, &at, container, m);
	}
	check_duplicates(c, up, devices, "volumeDevices", "name");
	check_duplicates(c, up, devices, "volumeDevices", "devicePath");
}

/* Checks a port, which is a number or a name. */
static void
check_port(struct checking *c, const struct place *at, const json_t *of)
{
	const json_t *port = json_object_get(of, "port");

	if (port == NULL)
		check_problem(c, at, "port", "Required value");
	else if (json_is_string(port))
		check_name(c, at, "port", json_string_value(port), name_port_problem(json_string_value(port)));
	check_range(c, at, of, "port", 1, 65535);
}

static void
check_handler(struct checking *c, const struct place *up, const json_t *of, const char *handlers)
{
	static const char *const ports[] = { "httpGet", "tcpSocket", "grpc" };
	const json_t *exec = json_object_get(of, "exec"), *get = json_object_get(of, "httpGet"),
		     *sleep = json_object_get(of, "sleep");
	struct place at = { up, "exec", -1 };
	json_t *header;
	size_t i;

	if (check_one_of(c, up, of, handlers, "handler type") == 0)
		check_problem(c, up, "", "Required value: must specify a handler type");
	if (json_is_object(exec) && json_array_size(json_object_get(exec, "command")) == 0)
		check_problem(c, &at, "command", "Required value");
	for (i = 0; i < ARRAY_SIZE(ports); i++) {
		struct place below = { up, ports[i], -1 };

		if (json_is_object(json_object_get(of, ports[i])))
			check_port(c, &below, json_object_get(of, ports[i]));
	}
	at.name = "httpGet";
	check_choice(c, &at, get, "scheme", "HTTP|HTTPS");
	json_array_foreach (json_object_get(get, "httpHeaders"), i, header) {
		struct place below = { &at, "httpHeaders", (long)i };
		const char *name = json_str(header, "name") ?: "";

		if (name[0] == '\0' || name[strspn(name, HEADER_LETTERS)] != '\0')
			check_problem(c, &below, "name",
			    "Invalid value: \"%s\": a valid HTTP header must consist of alphanumeric characters or '-' "
			    "(e.g. 'X-Header-Name')",
			    name);
	}
	if (json_is_object(sleep) && (json_int(sleep, "seconds", 0) < 0 || json_int(sleep, "seconds", 0) > c->grace))
		check_problem(c, up, "sleep.seconds",
		    "Invalid value: %lld: must be non-negative and less than terminationGracePeriodSeconds (%lld)",
		    (long long)json_int(sleep, "seconds", 0), (long long)c->grace);
}

static void
check_probe(struct checking *c, const struct place *up, const json_t *container, const char *name, bool once)
{
	static const char *const fields[] = { "initialDelaySeconds", "timeoutSeconds", "periodSeconds",
		"successThreshold", "failureThreshold" };
	const json_t *probe = json_object_get(container, name);
	struct place at = { up, name, -1 };

	if (!json_is_object(probe))
		return;
	check_handler(c, &at, probe, HANDLERS);
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		check_range(c, &at, probe, fields[i], 0, INT32_MAX);
	check_range(c, &at, probe, "terminationGracePeriodSeconds", 1, INT32_MAX);
	if (once && json_int(probe, "successThreshold", 1) > 1)
		check_problem(c, &at, "successThreshold", "Invalid value: %lld: must be 1",
		    (long long)json_int(probe, "successThreshold", 1));
	if (!once && json_object_get(probe, "terminationGracePeriodSeconds") != NULL)
		check_problem(c, &at, "terminationGracePeriodSeconds",
		    "Invalid value: %lld: must not be set for readinessProbes",
		    (long long)json_int(probe, "terminationGracePeriodSeconds", 0));
}

static void
check_lifecycle(struct checking *c, const struct place *up, const json_t *lifecycle)
{
	static const char *const hooks[] = { "postStart", "preStop" };
	struct place at = { up, "lifecycle", -1 };

	for (size_t i = 0; i < ARRAY_SIZE(hooks); i++) {
		struct place below = { &at, hooks[i], -1 };

		if (json_is_object(json_object_get(lifecycle, hooks[i])))
			check_handler(c, &below, json_object_get(lifecycle, hooks[i]), "exec httpGet tcpSocket sleep");
	}
	if (c->os != NULL)
		check_choice(
		    c, &at, lifecycle, "stopSignal", strcmp(c->os, "windows") == 0 ? "SIGKILL|SIGTERM" : SIGNALS);
	if (json_object_get(lifecycle, "stopSignal") != NULL && c->os == NULL)
		check_problem(
		    c, &at, "stopSignal", "Forbidden: may not be set for containers with empty `spec.os.name`");
}

static void
check_env_from(struct checking *c, const struct place *up, const json_t *list)
{
	json_t *e;
	size_t i;

	json_array_foreach (list, i, e) {
		struct place at = { up, "envFrom", (long)i };

		if (!str_empty(json_str(e, "prefix")))
			check_name(c, &at, "prefix", json_str(e, "prefix"), name_env_problem(json_str(e, "prefix")));
		if (check_one_of(c, &at, e, "configMapRef secretRef", "source") == 0)
			check_problem(c, &at, "", "Invalid value: must specify one of: `configMapRef` or `secretRef`");
		for (int k = 0; k < 2; k++) {
			struct place below = { &at, k == 0 ? "configMapRef" : "secretRef", -1 };

			const json_t *ref = json_object_get(e, below.name);

			if (json_is_object(ref) && check_required(c, &below, ref, "name"))
				check_name(c, &below, "name", json_str(ref, "name"),
				    name_subdomain_problem(json_str(ref, "name")));
		}
	}
}

static void
check_resizing(struct checking *c, const struct place *up, const json_t *list)
{
	json_t *policy;
	size_t i;

	json_array_foreach (list, i, policy) {
		struct place at = { up, "resizePolicy", (long)i };

		if (check_required(c, &at, policy, "resourceName"))
			check_choice(c, &at, policy, "resourceName", "cpu|memory");
		if (check_required(c, &at, policy, "restartPolicy"))
			check_choice(c, &at, policy, "restartPolicy", "NotRequired|RestartContainer");
	}
	check_duplicates(c, up, list, "resizePolicy", "resourceName");
}

static void
check_restart_rules(struct checking *c, const struct place *up, const json_t *container)
{
	const json_t *rules = json_object_get(container, "restartPolicyRules");
	json_t *rule;
	size_t i;

	if (json_array_size(rules) > 0 && json_object_get(container, "restartPolicy") == NULL)
		check_problem(
		    c, up, "restartPolicy", "Required value: must specify restartPolicy when restart rules are used");
	if (json_array_size(rules) > RESTART_RULES_MAX)
		check_problem(c, up, "restartPolicyRules", "Too many: must have at most %d items", RESTART_RULES_MAX);
	json_array_foreach (rules, i, rule) {
		const json_t *codes = json_object_get(rule, "exitCodes");
		struct place at = { up, "restartPolicyRules", (long)i }, below = { &at, "exitCodes", -1 };

		if (check_required(c, &at, rule, "action"))
			check_choice(c, &at, rule, "action", "Restart|RestartAllContainers");
		if (!json_is_object(codes))
			check_problem(c, &at, "exitCodes", "Required value: must be specified");
		else if (check_required(c, &below, codes, "operator"))
			check_choice(c, &below, codes, "operator", "In|NotIn");
		if (json_array_size(json_object_get(codes, "values")) > EXIT_CODES_MAX)
			check_problem(c, &below, "values", "Too many: must have at most %d items", EXIT_CODES_MAX);
	}
}

static void
check_container(struct checking *c, const struct place *at, const json_t *k, bool init)
{
	static const char *const probes[] = { "livenessProbe", "readinessProbe", "startupProbe", "lifecycle" };
	const char *name = json_str(k, "name"), *image = json_str(k, "image"), *restart = json_str(k, "restartPolicy");
	bool sidecar = init && str_eq(restart, "Always");

	if (check_required(c, at, k, "name"))
		check_name(c, at, "name", name, name_label_problem(name));
	if (check_required(c, at, k, "image") && (image[0] == ' ' || image[strlen(image) - 1] == ' '))
		check_problem(
		    c, at, "image", "Invalid value: \"%s\": must not have leading or trailing whitespace", image);
	if (restart != NULL && restart[0] == '\0')
		check_problem(c, at, "restartPolicy",
		    "Unsupported value: \"\": supported values: \"Always\", \"Never\", \"OnFailure\"");
	check_choice(c, at, k, "restartPolicy", "Always|OnFailure|Never");
	check_choice(c, at, k, "imagePullPolicy", "Always|IfNotPresent|Never");
	check_choice(c, at, k, "terminationMessagePolicy", "File|FallbackToLogsOnError");
	check_ports(c, at, json_object_get(k, "ports"));
	check_env(c, at, json_object_get(k, "env"));
	check_env_from(c, at, json_object_get(k, "envFrom"));
	check_resources(c, at, json_object_get(k, "resources"));
	check_mounts(c, at, k);
	check_container_security(c, at, k);
	check_resizing(c, at, json_object_get(k, "resizePolicy"));
	check_restart_rules(c, at, k);
	for (size_t i = 0; init && !sidecar && i < ARRAY_SIZE(probes); i++)
		if (json_object_get(k, probes[i]) != NULL)
			check_problem(c, at, probes[i],
			    "Forbidden: may not be set for init containers without restartPolicy=Always");
	if (init && !sidecar)
		return;
	check_probe(c, at, k, "livenessProbe", true);
	check_probe(c, at, k, "readinessProbe", false);
	check_probe(c, at, k, "startupProbe", true);
	check_lifecycle(c, at, json_object_get(k, "lifecycle"));
}

bool
pod_has_container(const json_t *spec, const char *name)
{
	return mount_is_among(json_object_get(spec, "containers"), "name", name) ||
	       mount_is_among(json_object_get(spec, "initContainers"), "name", name);
}

/* Two containers with the same hostPort can never run together. */
static void
check_host_ports(struct checking *c, const struct place *up, const json_t *containers)
{
	_cleanup_(json_decrefp) json_t *taken = NULL;
	json_t *k, *p;
	size_t i, n;

	json_array_foreach (containers, i, k)
		json_array_foreach (json_object_get(k, "ports"), n, p) {
			struct place at = { up, "containers", (long)i }, below = { &at, "ports", (long)n };
			long long port = json_int(p, "hostPort", 0);
			const char *key;

			if (port == 0)
				continue;
			if (taken == NULL)
				taken = json_object();
			key = arena_printf(c->problems->arena, "%s/%s/%lld", json_str(p, "protocol") ?: "TCP",
			    json_str(p, "hostIP") ?: "", port);
			if (json_object_get(taken, key) != NULL)
				check_problem(c, &below, "hostPort", "Duplicate value: \"%s\"", key);
			json_object_set_new(taken, key, json_true());
		}
}

void
check_containers(struct checking *c, const struct place *up, const json_t *spec)
{
	const json_t *containers = json_object_get(spec, "containers"), *init = json_object_get(spec, "initContainers");
	json_t *k, *other;
	size_t i, n;

	if (json_array_size(containers) == 0)
		check_problem(c, up, "containers", "Required value");
	json_array_foreach (init, i, k) {
		struct place at = { up, "initContainers", (long)i };

		check_container(c, &at, k, true);
		json_array_foreach (containers, n, other)
			if (json_str(k, "name") != NULL && str_eq(json_str(k, "name"), json_str(other, "name")))
				check_problem(c, &at, "name", "Duplicate value: \"%s\"", json_str(k, "name"));
	}
	json_array_foreach (containers, i, k) {
		struct place at = { up, "containers", (long)i };

		check_container(c, &at, k, false);
	}
	check_host_ports(c, up, containers);
	check_duplicates(c, up, init, "initContainers", "name");
	check_duplicates(c, up, containers, "containers", "name");
}
