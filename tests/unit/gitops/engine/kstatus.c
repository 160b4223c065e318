/* tests/unit/gitops/engine/kstatus.c: whether objects are current, as kstatus and Flux's reader of Jobs have it. */
#include "base/str.h"
#include "gitops/engine/kstatus.h"
#include "tests/unit/unit.h"

#define NOW 1700000060000 /* 2023-11-14T22:14:20Z */

struct wanted_status {
	const char *object; /* YAML */
	const char *want; /* "Current: Resource is current"; the message may be longer */
};

static void
assert_all(const struct wanted_status *w, size_t n)
{
	struct arena *a = arena_new();
	size_t wrong = 0;

	for (size_t i = 0; i < n; i++) {
		json_t *o = yaml(a, w[i].object);
		const char *message, *got;

		got = kstatus_names[kstatus_of(a, o, NOW, &message)];
		got = arena_printf(a, "%s: %s", got, message);
		if (!str_starts(got, w[i].want)) {
			print_error("%s\n  want: %s\n  got:  %s\n", w[i].object, w[i].want, got);
			wrong++;
		}
		json_decref(o);
	}
	arena_free(a);
	assert_int_equal(wrong, 0);
}

static void
every_object_follows_the_generic_rules_first(void **state)
{
	static const struct wanted_status all[] = {
		{ "{apiVersion: example.com/v1, kind: Thing, metadata: {name: a, deletionTimestamp: "
		  "'2023-01-01T00:00:00Z'}}",
		    "Terminating: Resource scheduled for deletion" },
		{ "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, deletionTimestamp: '2023-01-01T00:00:00Z'}}",
		    "Terminating" },
		{ "{apiVersion: example.com/v1, kind: Thing, metadata: {name: a, generation: 3}, status: "
		  "{observedGeneration: 2, "
		  "conditions: [{type: Ready, status: 'True'}]}}",
		    "InProgress: Thing generation is 3, but latest observed generation is 2" },
		{ "{apiVersion: example.com/v1, kind: Thing, metadata: {name: a, generation: 3}, status: "
		  "{observedGeneration: 4}}",
		    "InProgress" },
		{ "{apiVersion: example.com/v1, kind: Thing, metadata: {name: a, generation: 3}, status: "
		  "{observedGeneration: '2'}}",
		    "Current" },
		{ "{apiVersion: example.com/v1, kind: Thing, metadata: {name: a}, status: {conditions: [{type: "
		  "Reconciling, status: "
		  "'True', message: at work}, {type: Ready, status: 'True'}]}}",
		    "InProgress: at work" },
		{ "{apiVersion: example.com/v1, kind: Thing, metadata: {name: a}, status: {conditions: [{type: "
		  "Stalled, status: "
		  "'True', message: no way}, {type: Ready, status: 'True'}]}}",
		    "Failed: no way" },
		{ "{apiVersion: example.com/v1, kind: Thing, metadata: {name: a}, status: {conditions: [{type: "
		  "Stalled, status: "
		  "'False'}, {type: Ready, status: 'True'}]}}",
		    "Current: Resource is Ready" },
		{ "{apiVersion: example.com/v1, kind: Thing, metadata: {name: a}, status: {conditions: [{type: Ready, "
		  "status: "
		  "'False', message: not yet}]}}",
		    "InProgress: not yet" },
		{ "{apiVersion: example.com/v1, kind: Thing, metadata: {name: a}, status: {conditions: [{type: Ready, "
		  "status: "
		  "Unknown}]}}",
		    "InProgress: " },
		{ "{apiVersion: example.com/v1, kind: Thing, metadata: {name: a}, status: {conditions: [{type: Synced, "
		  "status: "
		  "'False'}]}}",
		    "Current: Resource is current" },
		{ "{apiVersion: example.com/v1, kind: Deployment, metadata: {name: a}}",
		    "Current: Resource is current" },
		{ "{apiVersion: v1, kind: Namespace, metadata: {name: a}, status: {phase: Active}}", "Current" },
		{ "{apiVersion: example.com/v1, kind: Thing, metadata: [], status: {conditions: {type: Ready}}}",
		    "Current" },
		{ "{apiVersion: example.com/v1, kind: Thing, metadata: {}, status: {conditions: [1, x, [], {status: "
		  "'False'}]}}",
		    "Current" },
	};

	(void)state;
	assert_all(all, ARRAY_SIZE(all));
}

#define DEPLOYMENT(spec, status)                                                                                       \
	"{apiVersion: apps/v1, kind: Deployment, metadata: {generation: 1}, spec: {replicas: 2, " spec                 \
	"}, status: {" status "}}"
#define PROGRESS "progressDeadlineSeconds: 600"
#define NUMBERS "replicas: 2, updatedReplicas: 2, availableReplicas: 2, readyReplicas: 2"

static void
a_deployment_is_current_once_it_is_available(void **state)
{
	static const struct wanted_status all[] = {
		{ DEPLOYMENT(PROGRESS, ""), "InProgress: Replicas: 0/2" },
		{ DEPLOYMENT(PROGRESS, "replicas: 2, updatedReplicas: 1"), "InProgress: Updated: 1/2" },
		{ DEPLOYMENT(PROGRESS, "replicas: 3, updatedReplicas: 2"), "InProgress: Pending termination: 1" },
		{ DEPLOYMENT(PROGRESS, "replicas: 2, updatedReplicas: 2, availableReplicas: 1"),
		    "InProgress: Available: 1/2" },
		{ DEPLOYMENT(PROGRESS, "replicas: 2, updatedReplicas: 2, availableReplicas: 2, readyReplicas: 1"),
		    "InProgress: Ready: 1/2" },
		{ DEPLOYMENT(PROGRESS, NUMBERS), "InProgress: ReplicaSet not Available" },
		{ DEPLOYMENT(PROGRESS,
		      NUMBERS ", conditions: [{type: Progressing, status: 'True', reason: ReplicaSetUpdated}]"),
		    "InProgress: ReplicaSet not Available" },
		{ DEPLOYMENT(PROGRESS,
		      NUMBERS ", conditions: [{type: Progressing, status: 'True', reason: NewReplicaSetAvailable}]"),
		    "InProgress: Deployment not Available" },
		{ DEPLOYMENT(PROGRESS, NUMBERS
		      ", conditions: [{type: Progressing, status: 'True', reason: NewReplicaSetAvailable}, {type: "
		      "Available, status: 'True'}]"),
		    "Current" },
		{ DEPLOYMENT("", NUMBERS ", conditions: [{type: Available, status: 'True'}]"), "Current" },
		{ DEPLOYMENT(PROGRESS,
		      NUMBERS ", conditions: [{type: Progressing, status: 'False', reason: ProgressDeadlineExceeded}]"),
		    "Failed: Progress deadline exceeded" },
		{ DEPLOYMENT(PROGRESS, "observedGeneration: 0"), "InProgress: Deployment generation is 1" },
	};

	(void)state;
	assert_all(all, ARRAY_SIZE(all));
}

static void
other_workloads_are_current_once_their_pods_are(void **state)
{
	static const struct wanted_status all[] = {
		{ "{apiVersion: apps/v1, kind: StatefulSet, spec: {replicas: 2}}", "InProgress: Replicas: 0/2" },
		{ "{apiVersion: apps/v1, kind: StatefulSet, spec: {replicas: 2}, status: {replicas: 2, readyReplicas: "
		  "1}}",
		    "InProgress: Ready: 1/2" },
		{ "{apiVersion: apps/v1, kind: StatefulSet, spec: {replicas: 1}, status: {replicas: 2, readyReplicas: "
		  "1}}",
		    "InProgress: Pending termination: 1" },
		{ "{apiVersion: apps/v1, kind: StatefulSet, status: {replicas: 1, readyReplicas: 1}}",
		    "InProgress: current: 0/1" },
		{ "{apiVersion: apps/v1, kind: StatefulSet, status: {replicas: 1, readyReplicas: 1, currentReplicas: "
		  "1, "
		  "currentRevision: a, updateRevision: b}}",
		    "InProgress: Waiting for updated revision" },
		{ "{apiVersion: apps/v1, kind: StatefulSet, status: {replicas: 1, readyReplicas: 1, currentReplicas: "
		  "1, "
		  "currentRevision: a, updateRevision: a}}",
		    "Current" },
		{ "{apiVersion: apps/v1, kind: StatefulSet, spec: {replicas: 3, updateStrategy: {rollingUpdate: "
		  "{partition: 1}}}, "
		  "status: {replicas: 3, readyReplicas: 3, updatedReplicas: 1}}",
		    "InProgress: updated: 1/2" },
		{ "{apiVersion: apps/v1, kind: StatefulSet, spec: {replicas: 3, updateStrategy: {rollingUpdate: "
		  "{partition: 1}}}, "
		  "status: {replicas: 3, readyReplicas: 3, updatedReplicas: 2}}",
		    "Current: Partition rollout complete" },
		{ "{apiVersion: apps/v1, kind: StatefulSet, spec: {updateStrategy: {type: OnDelete}}}", "Current" },
		{ "{apiVersion: apps/v1, kind: DaemonSet, metadata: {generation: 1}}",
		    "InProgress: DaemonSet status.observedGeneration not found" },
		{ "{apiVersion: apps/v1, kind: DaemonSet, metadata: {generation: 1}, status: {observedGeneration: 1}}",
		    "InProgress: Missing .status.desiredNumberScheduled" },
		{ "{apiVersion: apps/v1, kind: DaemonSet, metadata: {generation: 1}, status: {observedGeneration: 1, "
		  "desiredNumberScheduled: 2, currentNumberScheduled: 2, updatedNumberScheduled: 2, numberAvailable: "
		  "1}}",
		    "InProgress: Available: 1/2" },
		{ "{apiVersion: apps/v1, kind: DaemonSet, metadata: {generation: 1}, status: {observedGeneration: 1, "
		  "desiredNumberScheduled: 0}}",
		    "Current" },
		{ "{apiVersion: apps/v1, kind: ReplicaSet, spec: {replicas: 1}}", "InProgress: Labelled: 0/1" },
		{ "{apiVersion: apps/v1, kind: ReplicaSet, spec: {replicas: 1}, status: {replicas: 1, "
		  "fullyLabeledReplicas: 1, "
		  "availableReplicas: 1, readyReplicas: 1}}",
		    "Current" },
		{ "{apiVersion: apps/v1, kind: ReplicaSet, status: {conditions: [{type: ReplicaFailure, status: "
		  "'True'}]}}",
		    "InProgress: Replica Failure condition" },
		{ "{apiVersion: batch/v1, kind: Job}", "InProgress: Job in progress" },
		{ "{apiVersion: batch/v1, kind: Job, status: {startTime: '2023-01-01T00:00:00Z', active: 1}}",
		    "InProgress" },
		{ "{apiVersion: batch/v1, kind: Job, status: {conditions: [{type: Suspended, status: 'True'}]}}",
		    "InProgress" },
		{ "{apiVersion: batch/v1, kind: Job, status: {conditions: [{type: Complete, status: 'True'}]}}",
		    "Current" },
		{ "{apiVersion: batch/v1, kind: Job, spec: {completions: 2}, status: {failed: 1, conditions: [{type: "
		  "Failed, status: "
		  "'True', message: too many}]}}",
		    "Failed: Job Failed. failed: 1/2: too many" },
		{ "{apiVersion: batch/v1, kind: CronJob}", "Current" },
	};

	(void)state;
	assert_all(all, ARRAY_SIZE(all));
}

static void
other_built_in_kinds_have_rules_of_their_own(void **state)
{
	static const struct wanted_status all[] = {
		{ "{apiVersion: v1, kind: PersistentVolumeClaim}", "InProgress: PVC is not Bound. phase: unknown" },
		{ "{apiVersion: v1, kind: PersistentVolumeClaim, status: {phase: Lost}}",
		    "InProgress: PVC is not Bound. phase: Lost" },
		{ "{apiVersion: v1, kind: PersistentVolumeClaim, status: {phase: Bound}}", "Current" },
		{ "{apiVersion: v1, kind: Service, spec: {type: LoadBalancer}}", "InProgress: ClusterIP not set" },
		{ "{apiVersion: v1, kind: Service, spec: {type: LoadBalancer, clusterIP: 10.0.0.1}}", "Current" },
		{ "{apiVersion: v1, kind: Service}", "Current" },
		{ "{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {generation: 2}, status: "
		  "{observedGeneration: 1}}",
		    "InProgress" },
		{ "{apiVersion: policy/v1, kind: PodDisruptionBudget}", "Current" },
		{ "{apiVersion: v1, kind: Pod}", "InProgress: Pod phase not available" },
		{ "{apiVersion: v1, kind: Pod, status: {phase: Strange}}", "Unknown: unknown phase Strange" },
		{ "{apiVersion: v1, kind: Pod, status: {phase: Failed}}",
		    "Current: Pod has completed, but not successfully" },
		{ "{apiVersion: v1, kind: Pod, status: {phase: Succeeded}}", "Current" },
		{ "{apiVersion: v1, kind: Pod, status: {phase: Running}}",
		    "InProgress: Pod is running but is not Ready" },
		{ "{apiVersion: v1, kind: Pod, status: {phase: Running, conditions: [{type: Ready, status: 'True'}]}}",
		    "Current" },
		{ "{apiVersion: v1, kind: Pod, status: {phase: Running, containerStatuses: [{name: a, state: {waiting: "
		  "{reason: "
		  "CrashLoopBackOff}}}, {name: b, state: {running: {}}}, {name: c, state: {waiting: {reason: "
		  "CrashLoopBackOff}}}]}}",
		    "Failed: Containers in CrashLoop state: a,c" },
		{ "{apiVersion: v1, kind: Pod, status: {phase: Pending}}", "InProgress: Pod is in the Pending phase" },
		{ "{apiVersion: v1, kind: Pod, metadata: {creationTimestamp: '2023-11-14T22:14:10Z'}, status: {phase: "
		  "Pending, "
		  "conditions: [{type: PodScheduled, status: 'False', reason: Unschedulable}]}}",
		    "InProgress: Pod has not been scheduled" },
		{ "{apiVersion: v1, kind: Pod, metadata: {creationTimestamp: '2023-11-14T22:14:00Z'}, status: {phase: "
		  "Pending, "
		  "conditions: [{type: PodScheduled, status: 'False', reason: Unschedulable}]}}",
		    "Failed: Pod could not be scheduled" },
		{ "{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition}",
		    "InProgress: Install in progress" },
		{ "{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, status: {conditions: [{type: "
		  "Established, "
		  "status: 'True'}, {type: NamesAccepted, status: 'True'}]}}",
		    "Current: CRD is established" },
		{ "{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, status: {conditions: [{type: "
		  "NamesAccepted, "
		  "status: 'False', message: taken}]}}",
		    "Failed: taken" },
		{ "{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, status: {conditions: [{type: "
		  "Established, "
		  "status: 'False', reason: Installing}]}}",
		    "InProgress" },
		{ "{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, status: {conditions: [{type: "
		  "Established, "
		  "status: 'False', reason: NotAccepted, message: taken}]}}",
		    "Failed: " },
	};

	(void)state;
	assert_all(all, ARRAY_SIZE(all));
}

#define ROLLOUT(status)                                                                                                \
	"{apiVersion: argoproj.io/v1alpha1, kind: Rollout, metadata: {generation: 2}, status: {observedGeneration: "   \
	"'2', " status "}}"

static void
a_rollout_is_current_also_while_its_canary_is_paused(void **state)
{
	static const struct wanted_status all[] = {
		{ ROLLOUT("phase: Healthy"), "Current" },
		{ ROLLOUT("phase: Paused, message: CanaryPauseStep"), "Current: CanaryPauseStep" },
		{ ROLLOUT("phase: Progressing, message: more"), "InProgress: more" },
		{ ROLLOUT("phase: Degraded, message: aborted"), "Failed: aborted" },
		{ "{apiVersion: argoproj.io/v1alpha1, kind: Rollout, metadata: {generation: 2}, status: "
		  "{observedGeneration: '1', "
		  "phase: Healthy}}",
		    "InProgress: Waiting for rollout spec update to be observed" },
	};

	(void)state;
	assert_all(all, ARRAY_SIZE(all));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_object_follows_the_generic_rules_first),
		cmocka_unit_test(a_deployment_is_current_once_it_is_available),
		cmocka_unit_test(other_workloads_are_current_once_their_pods_are),
		cmocka_unit_test(other_built_in_kinds_have_rules_of_their_own),
		cmocka_unit_test(a_rollout_is_current_also_while_its_canary_is_paused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
