/* tests/unit/kube/pod_check.c: pod templates that an API server refuses, and that it accepts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "kube/api/names.h"
#include "kube/api/pod_check.h"
#include "kube/api/yaml.h"

/* A pod's spec as YAML, and the problem that is found first; NULL: none is. */
static const struct {
	const char *spec, *want;
} templates[] = {
	{ "containers: [{name: web, image: 'web:1'}]", NULL },
	{ "containers: []", "spec.template.spec.containers: Required value" },
	{ "containers: [{name: Web, image: x}]", "spec.template.spec.containers[0].name: Invalid value: \"Web\"" },
	{ "containers: [{name: web}]", "spec.template.spec.containers[0].image: Required value" },
	{ "containers: [{image: x}]", "spec.template.spec.containers[0].name: Required value" },
	{ "containers: [{name: a, image: x}, {name: a, image: y}]",
	    "spec.template.spec.containers[1].name: Duplicate value: \"a\"" },
	{ "containers: [{name: a, image: x}], initContainers: [{name: a, image: y}]",
	    "spec.template.spec.initContainers[0].name: Duplicate value: \"a\"" },
	{ "containers: [{name: a, image: x, imagePullPolicy: always}]",
	    "imagePullPolicy: Unsupported value: \"always\"" },
	{ "restartPolicy: OnFailure, containers: [{name: a, image: x}]", "restartPolicy: Unsupported value" },
	{ "restartPolicy: Always, containers: [{name: a, image: x}]", NULL },
	{ "activeDeadlineSeconds: 5, containers: [{name: a, image: x}]", "activeDeadlineSeconds: Forbidden" },
	{ "containers: [{name: a, image: x, ports: [{containerPort: 0}]}]",
	    "ports[0].containerPort: Invalid value: 0" },
	{ "containers: [{name: a, image: x, ports: [{containerPort: 80, name: http}, {containerPort: 81, name: "
	  "http}]}]",
	    "ports[1].name: Duplicate value: \"http\"" },
	{ "containers: [{name: a, image: x, ports: [{containerPort: 80, name: this-name-is-too-long}]}]",
	    "ports[0].name: Invalid value: \"this-name-is-too-long\": must be no more than 15 characters" },
	{ "containers: [{name: a, image: x, ports: [{containerPort: 80, protocol: tcp}]}]",
	    "protocol: Unsupported value" },
	{ "containers: [{name: a, image: x, env: [{name: 'A=B'}]}]", "env[0].name: Invalid value: \"A=B\"" },
	{ "containers: [{name: a, image: x, env: [{name: A, value: b, valueFrom: {fieldRef: {fieldPath: "
	  "metadata.name}}}]}]",
	    "env[0].valueFrom: Invalid value: may not be specified when `value` is not empty" },
	{ "containers: [{name: a, image: x, env: [{name: A, valueFrom: {fieldRef: {fieldPath: metadata.foo}}}]}]",
	    "fieldRef.fieldPath: Invalid value: \"metadata.foo\"" },
	{ "containers: [{name: a, image: x, env: [{name: A, valueFrom: {fieldRef: {fieldPath: "
	  "\"metadata.labels['a']\"}}}]}]",
	    NULL },
	{ "containers: [{name: a, image: x, env: [{name: A, valueFrom: {secretKeyRef: {name: s}}}]}]",
	    "secretKeyRef.key: Required value" },
	{ "containers: [{name: a, image: x, resources: {limits: {memory: 1Gi}, requests: {memory: 2000M}}}]",
	    "resources.requests: Invalid value: \"2000M\": must be less than or equal to memory limit of 1Gi" },
	{ "containers: [{name: a, image: x, resources: {limits: {cpu: 1}, requests: {cpu: 1000m}}}]", NULL },
	{ "containers: [{name: a, image: x, resources: {limits: {memory: much}}}]",
	    "resources.limits.memory: Invalid value: \"much\"" },
	{ "containers: [{name: a, image: x, resources: {limits: {ram: 1Gi}}}]", "must be a standard resource type" },
	{ "containers: [{name: a, image: x, resources: {requests: {cpu: -1}}}]",
	    "requests.cpu: Invalid value: \"-1\"" },
	{ "containers: [{name: a, image: x, volumeMounts: [{name: v, mountPath: /v}]}]",
	    "volumeMounts[0].name: Not found: \"v\"" },
	{ "volumes: [{name: v, emptyDir: {}}], containers: [{name: a, image: x, volumeMounts: [{name: v, mountPath: "
	  "/v}]}]",
	    NULL },
	{ "volumes: [{name: v}, {name: v}], containers: [{name: a, image: x}]",
	    "spec.template.spec.volumes[1].name: Duplicate value: \"v\"" },
	{ "volumes: [{name: v, emptyDir: {}, hostPath: {path: /}}], containers: [{name: a, image: x}]",
	    "volumes[0]: Forbidden: may not specify more than 1 volume type" },
	{ "volumes: [{name: v, secret: {}}], containers: [{name: a, image: x}]", "secret.secretName: Required value" },
	{ "volumes: [{name: v, emptyDir: {}}], containers: [{name: a, image: x, volumeMounts: [{name: v, mountPath: "
	  "/v}, "
	  "{name: v, mountPath: /v}]}]",
	    "volumeMounts[1].mountPath: Duplicate value: \"/v\"" },
	{ "containers: [{name: a, image: x, livenessProbe: {periodSeconds: 3}}]",
	    "livenessProbe: Required value: must specify a handler type" },
	{ "containers: [{name: a, image: x, livenessProbe: {tcpSocket: {port: 1}, exec: {command: [a]}}}]",
	    "livenessProbe: Forbidden: may not specify more than 1 handler type" },
	{ "containers: [{name: a, image: x, livenessProbe: {successThreshold: 2, tcpSocket: {port: 1}}}]",
	    "successThreshold: Invalid value: 2: must be 1" },
	{ "containers: [{name: a, image: x, readinessProbe: {httpGet: {path: /}}}]", "httpGet.port: Required value" },
	{ "containers: [{name: a, image: x, readinessProbe: {periodSeconds: -1, httpGet: {port: web}}}]",
	    "periodSeconds: Invalid value: -1: must be greater than or equal to 0" },
	{ "initContainers: [{name: i, image: x, readinessProbe: {httpGet: {port: 1}}}], containers: [{name: a, image: "
	  "x}]",
	    "initContainers[0].readinessProbe: Forbidden" },
	{ "initContainers: [{name: i, image: x, restartPolicy: Always, readinessProbe: {httpGet: {port: 1}}}], "
	  "containers: "
	  "[{name: a, image: x}]",
	    NULL },
	{ "dnsPolicy: None, containers: [{name: a, image: x}]", "dnsConfig.nameservers: Required value" },
	{ "dnsPolicy: Cluster, containers: [{name: a, image: x}]", "dnsPolicy: Unsupported value" },
	{ "terminationGracePeriodSeconds: -1, containers: [{name: a, image: x}]",
	    "terminationGracePeriodSeconds: Invalid" },
	{ "serviceAccountName: Me, containers: [{name: a, image: x}]", "serviceAccountName: Invalid value: \"Me\"" },
	{ "nodeSelector: {a b: c}, containers: [{name: a, image: x}]", "nodeSelector: Invalid value: \"a b\"" },
	{ "tolerations: [{operator: Equal}], containers: [{name: a, image: x}]",
	    "tolerations[0].operator: Invalid value" },
	{ "topologySpreadConstraints: [{topologyKey: z, whenUnsatisfiable: DoNotSchedule}], containers: [{name: a, "
	  "image: x}]",
	    "maxSkew: Invalid value: 0" },
	{ "affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{}]}}, containers: [{name: a, "
	  "image: x}]",
	    "topologyKey: Required value" },
};

static void
templates_are_checked_as_an_api_server_does(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(templates); i++) {
		_cleanup_(arena_freep) struct arena *a = arena_new();
		_cleanup_(json_decrefp) json_t *docs = NULL;
		struct problems found = { .arena = a };
		const char *text = arena_printf(a, "{metadata: {labels: {app: a}}, spec: {%s}}", templates[i].spec),
			   *got;

		assert_null(yaml_parse(a, text, strlen(text), &docs));
		pod_template_problems(&found, json_array_get(docs, 0), "spec.template", POD_OF_REPLICASET);
		got = found.n > 0 ? arena_printf(a, "%s: %s", found.at[0].path, found.at[0].text) : "";
		if (templates[i].want == NULL ? found.n > 0 : strstr(got, templates[i].want) == NULL)
			fail_msg("%s: got \"%s\", want \"%s\"", templates[i].spec, got, templates[i].want ?: "");
	}
}

static void
a_job_restarts_its_pods_never_or_on_failure(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	_cleanup_(json_decrefp) json_t *t =
	    json_pack("{s:{s:[{s:s,s:s}]}}", "spec", "containers", "name", "a", "image", "b");
	struct problems found = { .arena = a };

	(void)state;
	pod_template_problems(&found, t, "template", POD_OF_JOB);
	assert_int_equal(found.n, 1);
	assert_string_equal(found.at[0].path, "template.spec.restartPolicy");
}

static void
fields_that_no_pod_has_are_unknown(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	_cleanup_(json_decrefp) json_t *t = json_pack("{s:{s:[{s:s,s:s,s:i}],s:s}}", "spec", "containers", "name", "a",
	    "imagePull", "b", "image", 3, "hostNetwork", "yes");
	struct problems found = { .arena = a };

	(void)state;
	pod_template_unknown(&found, t, "t");
	assert_int_equal(found.n, 3);
	assert_string_equal(found.at[0].path, "t.spec.containers[0].imagePull");
	assert_string_equal(found.at[0].text, "unknown field");
	assert_string_equal(found.at[1].path, "t.spec.containers[0].image");
	assert_string_equal(found.at[2].path, "t.spec.hostNetwork");
}

static void
names_follow_their_grammars(void **state)
{
	char many[255];

	(void)state;
	memset(many, 'a', sizeof(many) - 1);
	many[sizeof(many) - 1] = '\0';
	assert_null(name_object_problem("Rollout", "my.web-1"));
	assert_non_null(name_object_problem("Rollout", "NAME"));
	assert_non_null(name_object_problem("Rollout", "web_1"));
	assert_non_null(name_object_problem("Rollout", "-web"));
	assert_non_null(name_object_problem("Rollout", ""));
	assert_non_null(name_object_problem("Rollout", many));
	assert_non_null(name_object_problem("Namespace", "a.b"));
	assert_non_null(name_object_problem("Service", "1web"));
	assert_null(name_object_problem("Role", "system:Web"));
	assert_null(name_qualified_problem("example.com/My_name.1"));
	assert_non_null(name_qualified_problem("example.com/"));
	assert_non_null(name_qualified_problem("a/b/c"));
	assert_non_null(name_qualified_problem("Example.com/a"));
	assert_null(name_label_value_problem(""));
	assert_non_null(name_label_value_problem("a b"));
	assert_null(name_port_problem("http-2"));
	assert_non_null(name_port_problem("80"));
	assert_non_null(name_port_problem("a--b"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(templates_are_checked_as_an_api_server_does),
		cmocka_unit_test(a_job_restarts_its_pods_never_or_on_failure),
		cmocka_unit_test(fields_that_no_pod_has_are_unknown),
		cmocka_unit_test(names_follow_their_grammars),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
