/* tests/unit/kube/pod_details.c: a pod in a word, as kubectl says it. */
#include "tests/unit/unit.h"
#include "kube/api/pod_details.h"

static void
a_pod_in_a_word(void **state)
{
	static const struct {
		const char *pod, *status;
		size_t ready, containers;
		int64_t restarts;
	} cases[] = {
		{ "status: {phase: Pending}", "Pending", 0, 1, 0 },
		{ "status: {phase: Pending, containerStatuses: [{state: {waiting: {reason: ContainerCreating}}}]}",
		    "ContainerCreating", 0, 1, 0 },
		{ "status: {phase: Running, containerStatuses: [{ready: true, state: {running: {}}, restartCount: 2}]}",
		    "Running", 1, 1, 2 },
		{ "status: {phase: Running, containerStatuses: [{ready: false, state: {running: {}}}]}", "Running", 0,
		    1, 0 },
		{ "status: {phase: Pending, containerStatuses: [{state: {waiting: {reason: ImagePullBackOff}}}]}",
		    "ImagePullBackOff", 0, 1, 0 },
		{ "status: {phase: Running, containerStatuses: [{restartCount: 7, state: {waiting: {reason: "
		  "CrashLoopBackOff}}}]}",
		    "CrashLoopBackOff", 0, 1, 7 },
		{ "status: {phase: Failed, containerStatuses: [{state: {terminated: {reason: OOMKilled, exitCode: "
		  "137}}}]}",
		    "OOMKilled", 0, 1, 0 },
		{ "status: {phase: Failed, containerStatuses: [{state: {terminated: {exitCode: 3}}}]}", "ExitCode:3", 0,
		    1, 0 },
		{ "status: {phase: Failed, containerStatuses: [{state: {terminated: {exitCode: 137, signal: 9}}}]}",
		    "Signal:9", 0, 1, 0 },
		{ "status: {phase: Failed, reason: Evicted}", "Evicted", 0, 1, 0 },
		/* The first container's problem is reported, whatever the others are. */
		{ "status: {phase: Running, containerStatuses: [{state: {waiting: {reason: ErrImagePull}}}, "
		  "{ready: true, state: {running: {}}}]}",
		    "ErrImagePull", 1, 1, 0 },
		{ "status: {phase: Running, containerStatuses: [{state: {terminated: {reason: Completed}}}, "
		  "{ready: true, state: {running: {}}}]}",
		    "Running", 1, 1, 0 },
		{ "spec: {initContainers: [{name: a}, {name: b}], containers: [{name: c}]}\nstatus: {phase: Pending, "
		  "initContainerStatuses: [{state: {terminated: {exitCode: 0}}}, {state: {running: {}}}]}",
		    "Init:1/2", 0, 1, 0 },
		{ "spec: {initContainers: [{name: a}], containers: [{name: c}]}\nstatus: {phase: Pending, "
		  "initContainerStatuses: [{restartCount: 1, state: {waiting: {reason: CrashLoopBackOff}}}]}",
		    "Init:CrashLoopBackOff", 0, 1, 1 },
		{ "spec: {initContainers: [{name: a}], containers: [{name: c}]}\nstatus: {phase: Running, "
		  "initContainerStatuses: [{ready: true, state: {running: {}}}], "
		  "containerStatuses: [{ready: true, state: {running: {}}}]}",
		    "Running", 1, 1, 0 },
		{ "metadata: {deletionTimestamp: \"2026-01-01T00:00:00Z\"}\nstatus: {phase: Running}", "Terminating", 0,
		    1, 0 },
		{ "status: {}", "Unknown", 0, 1, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct arena *a = arena_new();
		const char *spec =
		    strstr(cases[i].pod, "spec:") == cases[i].pod ? "" : "spec: {containers: [{name: c}]}\n";
		json_t *j = yaml(a, arena_printf(a, "%s%s", spec, cases[i].pod));
		struct pod_summary row;

		pod_summary(a, (const struct pod_details *)object_decode(&pod_details_type, j, a), &row);
		if (strcmp(row.status, cases[i].status) != 0 || row.ready != cases[i].ready ||
		    row.containers != cases[i].containers || row.restarts != cases[i].restarts)
			fail_msg("%s: %s %zu/%zu, %d restarts", cases[i].pod, row.status, row.ready, row.containers,
			    (int)row.restarts);
		json_decref(j);
		arena_free(a);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pod_in_a_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
