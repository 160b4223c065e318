/* tests/fuzz/world.c: whole worlds, a few places of which are changed as the input says, through decode, validate
 * and decide.
 *
 * The first byte chooses the world. Every change is four bytes: which object's which place (two), what becomes of
 * it, and with what. A list, an object's members and whole objects may become many. A plan there must be, whatever
 * it is, and a second pass over the same world must make the same one.
 */
#include <stdio.h>
#include <string.h>
#include "analysis/decide.h"
#include "base/str.h"
#include "kube/api/core.h"
#include "kube/api/experiment.h"
#include "kube/api/istio.h"
#include "kube/api/job.h"
#include "kube/api/replicaset.h"
#include "kube/api/workload.h"
#include "kube/api/yaml.h"
#include "kube/plan/controller.h"
#include "rollout/controller.h"
#include "rollout/experiment/controller.h"
#include "kube/plan/plugin_declarations.h"
#include "tests/fuzz/fuzz.h"
#include "tests/listed.h"

#define CHANGES_MAX 24
#define VALUES_MAX 20000 /* of a world: what is made many of stays within it */
#define NOW 1795452487000
#define NEW "64dbd87f8" /* the hash of the template below */

/* clang-format off */
#define META(name, uid) "metadata: {name: " name ", namespace: ns, uid: " uid ", resourceVersion: '7', generation: 3"
#define OWNED                                                                                                          \
	", ownerReferences: [{apiVersion: argoproj.io/v1alpha1, kind: Rollout, name: x, uid: u1, controller: true}]"
#define REPLICASET(hash, revision, n)                                                                                  \
	"---\n{apiVersion: apps/v1, kind: ReplicaSet, " META("x-" hash, "u-" hash) OWNED                               \
	    ", labels: {app: x, rollouts-pod-template-hash: " hash                                                     \
	    "}, annotations: {rollout.argoproj.io/revision: '" revision                                                \
	    "', rollout.argoproj.io/desired-replicas: '4', scale-down-deadline: '2026-11-23T16:48:37Z',"               \
	    " rollout.argoproj.io/ephemeral-metadata: '{\"labels\":{\"a\":\"b\"}}'}},"                                 \
	    " spec: {replicas: " n                                                                                     \
	    ", template: {metadata: {labels: {app: x, a: b}}, spec: {affinity: {podAntiAffinity: {"                    \
	    "requiredDuringSchedulingIgnoredDuringExecution: [{labelSelector: {matchExpressions: [{key: "              \
	    "rollouts-pod-template-hash, operator: In, values: [old]}]}, topologyKey: h}]}}, containers: []}}},"       \
	    " status: {replicas: " n ", readyReplicas: " n ", availableReplicas: " n "}}\n"
#define RUN(name, kind, phase)                                                                                         \
	"---\n{apiVersion: argoproj.io/v1alpha1, kind: AnalysisRun, " META(name, "u-" name) OWNED                      \
	    ", labels: {rollouts-pod-template-hash: 64dbd87f8, rollout-type: " kind                                          \
	    ", step-index: '3'}, annotations: {rollout.argoproj.io/revision: '2'}},"                                   \
	    " spec: {metrics: [{name: m, interval: 10s, count: 3, successCondition: 'result[0] < 1', provider: "       \
	    "{prometheus: {address: 'http://p', query: up}}}], args: [{name: a, value: b}]}, status: {phase: " phase   \
	    ", startedAt: '2026-11-23T16:47:00Z', metricResults: [{name: m, phase: Running, count: 1, measurements: "  \
	    "[{phase: Failed, value: '[2]', startedAt: '2026-11-23T16:47:00Z', finishedAt: "                           \
	    "'2026-11-23T16:47:01Z'}]}]}}\n"
#define TEMPLATE                                                                                                       \
	"---\n{apiVersion: argoproj.io/v1alpha1, kind: AnalysisTemplate, " META(                                       \
	    "t", "u-t") "}, spec: {args: [{name: a}], metrics: [{name: m, interval: 10s, count: 3, failureLimit: 1,"   \
			" successCondition: 'result[0] < 0.5', provider: {prometheus: {address: 'http://p', query: "   \
			"'up{{args.a}}'}}},"                                                                           \
			" {name: w, provider: {web: {url: 'https://w', jsonPath: '{$.a[0]}', method: GET}}}],"         \
			" dryRun: [{metricName: w}], measurementRetention: [{metricName: m, limit: 5}]}}\n"
#define SERVICE(name, hash)                                                                                            \
	"---\n{apiVersion: v1, kind: Service, " META(                                                                  \
	    name, "u-" name) ", annotations: {argo-rollouts.argoproj.io/managed-by-rollouts: x}}, spec: {selector: "   \
			     "{app: x, "                                                                               \
			     "rollouts-pod-template-hash: " hash "}}}\n"
#define POD_TEMPLATE                                                                                                   \
	"{metadata: {labels: {app: x}}, spec: {containers: [{name: c, image: 'i:2', ports: [{containerPort: 80}],"     \
	" resources: {limits: {cpu: 100m, memory: 1Gi}}, env: [{name: E, value: v}]}]}}"
#define STATUS                                                                                                         \
	"currentPodHash: " NEW ", stableRS: old, observedGeneration: '3', replicas: 6, updatedReplicas: 2, phase: Paused," \
	" pauseConditions: [{reason: CanaryPauseStep, startTime: '2026-11-23T16:48:00Z'}], controllerPause: true,"     \
	" conditions: [{type: Progressing, status: Unknown, reason: RolloutPaused, message: m,"                        \
	" lastUpdateTime: '2026-11-23T16:40:00Z', lastTransitionTime: '2026-11-23T16:40:00Z'}],"                       \
	" duration: {rolloutStartedAt: '2026-11-23T16:40:00Z'}"

#define MESH                                                                                                           \
	"---\n{apiVersion: networking.istio.io/v1beta1, kind: VirtualService, " META("vs", "u-vs")                     \
	    "}, spec: {hosts: [x], http: [{name: h, match: [{headers: {H: {exact: v}}}], route: [{destination: {"     \
	    "host: x, subset: canary}, weight: 100}]}, {name: main, route: [{destination: {host: x, subset: stable}," \
	    " weight: 80}, {destination: {host: x, subset: canary}, weight: 20}]}]}}\n"                               \
	    "---\n{apiVersion: networking.istio.io/v1beta1, kind: DestinationRule, " META("dr", "u-dr")               \
	    "}, spec: {host: x, subsets: [{name: canary, labels: {rollouts-pod-template-hash: " NEW                   \
	    "}}, {name: stable, labels: {rollouts-pod-template-hash: old}}]}}\n"
#define CANARY                                                                                                         \
	"canaryService: canary, stableService: stable, dynamicStableScale: true, minPodsPerReplicaSet: 2,"            \
	" antiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {}}, maxSurge: 1, maxUnavailable: 10%,"      \
	" canaryMetadata: {labels: {a: b}}, stableMetadata: {annotations: {c: d}},"                                   \
	" analysis: {templates: [{templateName: t}], args: [{name: a, value: b}], startingStep: 1},"                  \
	" trafficRouting: {managedRoutes: [{name: h}, {name: m}], istio: {virtualService: {name: vs, routes: [main]},"\
	" destinationRule: {name: dr, canarySubsetName: canary, stableSubsetName: stable}}},"                         \
	" steps: [{setWeight: 20}, {setHeaderRoute: {name: h, match: [{headerName: H, headerValue: {exact: v}}]}},"   \
	" {setMirrorRoute: {name: m, percentage: 50, match: [{path: {prefix: /}, headers: {A: {regex: b}}}]}},"       \
	" {analysis: {templates: [{templateName: t}], args: [{name: a, valueFrom: {fieldRef: {fieldPath:"             \
	" spec.replicas}}}]}}, {setCanaryScale: {weight: 50}}, {pause: {duration: 10s}}, {setWeight: 60}, {pause: {}}]"
/* The steps of a canary without the rest, of what only they make. */
#define EXPERIMENT_STEP                                                                                                \
	"{experiment: {duration: 10m, scaleDownDelaySeconds: 5, templates: [{name: a, specRef: stable, weight: 5, service: {}},"   \
	" {name: b, specRef: canary, replicas: 2, metadata: {labels: {role: b}, annotations: {c: d}}}], analyses: [{name: e,"      \
	" templateName: t, requiredForCompletion: true, args: [{name: a, value: '{{templates.a.podTemplateHash}}'}]}]}}"
#define EXPERIMENT                                                                                                     \
	"---\n{apiVersion: argoproj.io/v1alpha1, kind: Experiment, " META("x-" NEW "-2-1", "u-e") OWNED                  \
	    ", labels: {rollouts-pod-template-hash: " NEW "}, annotations: {rollout.argoproj.io/revision: '2'}, creationTimestamp:" \
	    " '2026-11-23T16:41:00Z'}, spec: {duration: 10m, templates: [{name: a, replicas: 1, service: {}, selector:"    \
	    " {matchLabels: {app: x}}, template: " POD_TEMPLATE "}], analyses: [{name: e, templateName: t, args: [{name: a,"   \
	    " value: b}]}]}, status: {phase: Running, availableAt: '2026-11-23T16:42:00Z', templateStatuses: [{name: a,"   \
	    " status: Running, availableReplicas: 1, serviceName: s, podTemplateHash: h, lastTransitionTime:"              \
	    " '2026-11-23T16:42:00Z'}], analysisRuns: [{name: e, analysisRun: run, phase: Running}]}}\n"                      \
	    "---\n{apiVersion: apps/v1, kind: ReplicaSet, " META("x-e-a", "u-ea")                                          \
	    ", ownerReferences: [{apiVersion: argoproj.io/v1alpha1, kind: Experiment, name: e, uid: u-e, controller: true}],"   \
	    " labels: {rollouts-pod-template-hash: h}, annotations: {experiment.argoproj.io/name: e,"                          \
	    " experiment.argoproj.io/template-name: a}}, spec: {replicas: 1, template: " POD_TEMPLATE                       \
	    "}, status: {replicas: 1, availableReplicas: 1}}\n"
#define PLUGINS                                                                                                        \
	"stepPluginStatuses: [{index: 0, name: p, operation: Run, phase: Successful, executions: 1, status: {x: 1}}, {index: 2,"  \
	" name: p, operation: Run, phase: Running, executions: 2, backoff: 30s, updatedAt: '2026-11-23T16:47:00Z'}]"
#define JOB_RUN                                                                                                        \
	"---\n{apiVersion: argoproj.io/v1alpha1, kind: AnalysisRun, " META("run", "u-run")                              \
	    "}, spec: {metrics: [{name: j, interval: 10s, count: 2, provider: {job: {metadata: {labels: {a: b}}, spec: {template:"  \
	    " {spec: {restartPolicy: Never, containers: [{name: c, image: i}]}}}}}}]}, status: {phase: Running, startedAt:"    \
	    " '2026-11-23T16:47:00Z', metricResults: [{name: j, phase: Running, measurements: [{phase: Running, startedAt:"    \
	    " '2026-11-23T16:47:00Z', metadata: {job-name: u-run.j.1}}]}]}}\n"                                              \
	    "---\n{apiVersion: batch/v1, kind: Job, " META("u-run.j.1", "u-j")                                             \
	    ", ownerReferences: [{apiVersion: argoproj.io/v1alpha1, kind: AnalysisRun, name: run, uid: u-run, controller:"      \
	    " true}], annotations: {analysisrun.argoproj.io/metric-name: j}}, status: {active: 1, ready: 0, conditions:"    \
	    " [{type: Failed, status: 'True', reason: r, message: m}]}}\n"
#define BLUE_GREEN                                                                                                     \
	"activeService: active, previewService: preview, previewReplicaCount: 2, autoPromotionEnabled: false,"        \
	" autoPromotionSeconds: 30, maxUnavailable: 1, scaleDownDelayRevisionLimit: 1,"                               \
	" antiAffinity: {preferredDuringSchedulingIgnoredDuringExecution: {weight: 5}},"                              \
	" previewMetadata: {labels: {a: b}},"                                                                         \
	" prePromotionAnalysis: {templates: [{templateName: t}], args: [{name: a, value: b}]},"                       \
	" postPromotionAnalysis: {templates: [{templateName: t}], args: [{name: a, value: b}]}"

static const char *const worlds[] = {
	/* A canary in the middle of its steps. */
	"{apiVersion: argoproj.io/v1alpha1, kind: Rollout, " META("x", "u1")
	"}, spec: {replicas: 4, selector: {matchLabels: {app: x}}, progressDeadlineSeconds: 60,"
	" progressDeadlineAbort: true, restartAt: '2026-11-23T16:00:00Z', rollbackWindow: {revisions: 2},"
	" template: " POD_TEMPLATE ", strategy: {canary: {" CANARY "}}}, status: {" STATUS
	", currentStepHash: 76fffd8cf9, currentStepIndex: 3, canary: {weights: {canary: {weight: 20}, stable: {weight: 80}},"
	" currentStepAnalysisRunStatus: {name: run, status: Running}}}}\n"
	REPLICASET("old", "1", "4") REPLICASET(NEW, "2", "2") TEMPLATE SERVICE("canary", NEW) SERVICE("stable", "old")
	RUN("run", "Step", "Running") MESH,
	/* An Experiment in progress. */
	"{apiVersion: argoproj.io/v1alpha1, kind: Rollout, " META("x", "u1")
	"}, spec: {replicas: 4, selector: {matchLabels: {app: x}}, template: " POD_TEMPLATE
	", strategy: {canary: {trafficRouting: {istio: {virtualService: {name: vs, routes: [main]}, destinationRule: {name: dr,"
	" canarySubsetName: canary, stableSubsetName: stable}}}, steps: [{setWeight: 20}, " EXPERIMENT_STEP ", {pause: {}}]}}},"
	" status: {" STATUS ", currentStepHash: 78f54868df, currentStepIndex: 1, canary: {currentExperiment: x-" NEW "-2-1, weights: {canary:"
	" {weight: 20}, stable: {weight: 75}, additional: [{weight: 5, serviceName: s}]}}}}\n"
	REPLICASET("old", "1", "4") REPLICASET(NEW, "2", "2") TEMPLATE SERVICE("s", "h") EXPERIMENT MESH
	RUN("run", "Step", "Running"),
	/* Plugins, Services that take turns, and a Job that measures. */
	"{apiVersion: argoproj.io/v1alpha1, kind: Rollout, " META("x", "u1")
	"}, spec: {replicas: 4, selector: {matchLabels: {app: x}}, template: " POD_TEMPLATE
	", strategy: {canary: {pingPong: {pingService: canary, pongService: stable}, trafficRouting: {istio: {virtualService: {name:"
	" vs, routes: [main]}}}, steps: [{plugin: {name: p}}, {setWeight: 20}, {plugin: {name: p, config: {a: [1]}}}, {pause: {}}]}}},"
	" status: {" STATUS ", currentStepHash: 7dc594d967, currentStepIndex: 2, canary: {stablePingPong: pong, " PLUGINS "}}}\n"
	REPLICASET("old", "1", "4") REPLICASET(NEW, "2", "2") SERVICE("canary", NEW) SERVICE("stable", "old") JOB_RUN
	"---\n{apiVersion: networking.istio.io/v1beta1, kind: VirtualService, " META("vs", "u-vs")
	"}, spec: {hosts: [x], http: [{name: main, route: [{destination: {host: stable}, weight: 80}, {destination: {host: canary},"
	" weight: 20}]}]}}\n",
	/* Blue-green, before the switch, with a Deployment's template. */
	"{apiVersion: argoproj.io/v1alpha1, kind: Rollout, " META("x", "u1")
	"}, spec: {replicas: 4, workloadRef: {apiVersion: apps/v1, kind: Deployment, name: d, scaleDown: progressively},"
	" strategy: {blueGreen: {" BLUE_GREEN "}}}, status: {" STATUS
	", blueGreen: {activeSelector: old, previewSelector: " NEW ", prePromotionAnalysisRunStatus: {name: run, status:"
	" Successful}, scaleUpPreviewCheckPoint: false}}}\n"
	REPLICASET("old", "1", "4") REPLICASET(NEW, "2", "2") TEMPLATE SERVICE("active", "old") SERVICE("preview", NEW)
	RUN("run", "PrePromotion", "Successful")
	"---\n{apiVersion: apps/v1, kind: Deployment, " META("d", "u-d")
	"}, spec: {replicas: 4, selector: {matchLabels: {app: x}}, template: " POD_TEMPLATE "}}\n",
};
/* clang-format on */

/* Values that replace another. */
static const char *const values[] = { "null", "true", "false", "0", "-1", "1", "100", "101", "2147483648",
	"9223372036854775807", "-9223372036854775808", "1e308", "0.5", "\"\"", "\"x\"", "\"64dbd87f8\"", "\"old\"",
	"\"0\"", "\"-5\"", "\"150%\"", "\"1h\"", "\"2026-11-23T16:48:07Z\"", "\"9999-12-31T23:59:59Z\"", "\"Failed\"",
	"\"Inconclusive\"", "\"Successful\"", "\"{{args.a}}\"", "\"a.b/c~d\"", "[]", "{}", "[null]", "[{}]", "[\"x\"]",
	"{\"x\":\"y\"}" };

static const struct type *const types[] = { &rollout_type, &replicaset_type, &analysis_run_type,
	&analysis_template_type, &virtual_service_type, &destination_rule_type, &service_type, &deployment_type,
	&experiment_type, &job_type };

/* A value's place: in an object or in an array. */
struct place {
	json_t *in;
	const char *key; /* NULL: an array's */
	size_t index;
};

/* The place of that number, counted as they are read; *n is what is left. */
static bool
find(json_t *in, size_t *n, struct place *ret)
{
	const char *key;
	json_t *one;
	size_t i;

	json_object_foreach (in, key, one) {
		if ((*n)-- == 0) {
			*ret = (struct place){ in, key, 0 };
			return true;
		}
		if (find(one, n, ret))
			return true;
	}
	json_array_foreach (in, i, one) {
		if ((*n)-- == 0) {
			*ret = (struct place){ in, NULL, i };
			return true;
		}
		if (find(one, n, ret))
			return true;
	}
	return false;
}

static json_t *
at(const struct place *p)
{
	return p->key != NULL ? json_object_get(p->in, p->key) : json_array_get(p->in, p->index);
}

static void
put(const struct place *p, json_t *value)
{
	if (p->key != NULL)
		json_object_set_new(p->in, p->key, value);
	else
		json_array_set_new(p->in, p->index, value);
}

/* How many there are made of something: around every limit that the program names. */
static const unsigned many[] = { 1, 2, 3, 7, 8, 9, 16, 17, 31, 33, 64, 65, 100, 129, 257, 300 };

static size_t
count_values(const json_t *in)
{
	size_t n = 1, i;
	const char *key;
	json_t *one;

	json_object_foreach ((json_t *)in, key, one)
		n += count_values(one);
	json_array_foreach (in, i, one)
		n += count_values(one);
	return n;
}

/* Copies of a list's first element, or of an object's first member under other names. */
static void
multiply(json_t *objects, json_t *of, unsigned times)
{
	const char *key = NULL;
	json_t *first = json_array_get(of, 0);

	if (json_is_object(of) && json_object_iter(of) != NULL) {
		key = json_object_iter_key(json_object_iter(of));
		first = json_object_get(of, key);
	}
	if (first == NULL || count_values(objects) + times * count_values(first) > VALUES_MAX)
		return;
	for (unsigned i = 0; i < times; i++) {
		char name[64];

		snprintf(name, sizeof(name), "%.40s%u", key != NULL ? key : "", i);
		if (json_is_array(of))
			json_array_append_new(of, json_deep_copy(first));
		else
			json_object_set_new(of, name, json_deep_copy(first));
	}
}

/* Objects like this one, with other names and uids: many runs, ReplicaSets, Services. */
static void
multiply_object(json_t *objects, const json_t *object, unsigned times)
{
	if (count_values(objects) + times * count_values(object) > VALUES_MAX)
		return;
	for (unsigned i = 0; i < times && json_array_size(objects) < LISTED_MAX; i++) {
		json_t *copy = json_deep_copy(object), *meta = json_object_get(copy, "metadata");

		json_object_set_new(meta, "name", json_sprintf("%.60s-%u", json_str(meta, "name") ?: "", i));
		json_object_set_new(meta, "uid", json_sprintf("%.60s-%u", json_str(meta, "uid") ?: "", i));
		json_array_append_new(objects, copy);
	}
}

static void
change(json_t *objects, const uint8_t *how)
{
	json_t *object = json_array_get(objects, how[0] % json_array_size(objects));
	size_t n = how[1] + (size_t)(how[2] & 0x0f) * 256, other = how[3];
	struct place p, q;

	if ((how[2] & 0xc0) == 0xc0) {
		multiply_object(objects, object, many[how[3] % ARRAY_SIZE(many)]);
		return;
	}
	if (!find(object, &n, &p))
		return;
	switch (how[2] >> 4 & 3) {
	case 0: put(&p, json_loads(values[how[3] % ARRAY_SIZE(values)], JSON_DECODE_ANY, NULL)); break;
	case 1:
		if (p.key != NULL)
			json_object_del(p.in, p.key);
		else
			json_array_remove(p.in, p.index);
		break;
	case 2: multiply(objects, at(&p), many[how[3] % ARRAY_SIZE(many)]); break;
	default:
		if (find(json_array_get(objects, how[3] % json_array_size(objects)), &other, &q))
			put(&p, json_deep_copy(at(&q)));
	}
}

static const char *command[] = { "p" };
static const struct plugin_exec exec = { .command = { command, 1 } };
static struct step_plugin plugin = { .name = "p", .exec = &exec };
static const struct step_plugins step_plugins = { .plugins = { &plugin, 1 } };
static const struct settings settings = { .step_plugins = &step_plugins };

static struct seen_query
responded(const char *key, const char *body)
{
	return (struct seen_query){ .key = key,
		.sent_at = NOW - 1000,
		.done = true,
		.done_at = NOW,
		.response = { .status = 200, .body = { body, strlen(body) } } };
}

static const char *
decided(struct arena *a, const json_t *objects, uint8_t asked)
{
	struct listed l = LISTED;
	struct seen_failure failure = { &virtual_service_type, "vs", false, ERR_INVALID, "no" };
	struct seen_query responses[] = { responded("plugin/2/Run/2",
					      "{\"phase\":\"Failed\",\"message\":\"m\",\"status\":[1]}"),
		responded("u-run.j.1/pods", "{\"items\":[{\"metadata\":{\"name\":\"p\"},\"status\":{\"phase\":"
					    "\"Failed\",\"reason\":\"r\"}}]}") };
	struct seen seen = { .failure = (asked & 4) != 0 ? &failure : NULL,
		.queries = responses,
		.n_queries = (asked & 8) != 0 ? ARRAY_SIZE(responses) : 0 };
	struct pass p = {
		.view = &l.view, .namespace = "ns", .name = "x", .now = NOW, .seen = &seen, .settings = &settings
	};
	struct plan *plan = plan_new(a), *of_run = plan_new(a), *of_experiment = plan_new(a);
	json_t *o;
	size_t i;

	json_array_foreach (objects, i, o)
		for (size_t k = 0; k < ARRAY_SIZE(types) && l.n < LISTED_MAX; k++) {
			const struct object *decoded;

			if (!str_eq(json_str(o, "kind"), types[k]->kind))
				continue;
			decoded = object_decode(types[k], o, a);
			/* The server gives every object these. */
			if (decoded->meta.name != NULL && decoded->meta.namespace != NULL &&
			    decoded->meta.uid != NULL && decoded->meta.resource_version != NULL)
				l.at[l.n++] = decoded;
		}
	rollout_controller.pass(&p, plan);
	p.name = "run";
	analysis_controller.pass(&p, of_run);
	p.name = "x-" NEW "-2-1";
	experiment_controller.pass(&p, of_experiment);
	return arena_printf(a, "%s%s%s", plan_print(plan), plan_print(of_run), plan_print(of_experiment));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	_cleanup_(json_decrefp) json_t *objects = NULL;
	const char *world;

	if (size == 0)
		return 0;
	world = worlds[data[0] % ARRAY_SIZE(worlds)];
	if (yaml_parse(a, world, strlen(world), &objects) != NULL)
		__builtin_trap(); /* it is ours */
	for (size_t i = 1; i + 4 <= size && i / 4 < CHANGES_MAX; i += 4)
		change(objects, data + i);
	if (strcmp(decided(a, objects, data[0]), decided(a, objects, data[0])) != 0)
		__builtin_trap();
	return 0;
}
