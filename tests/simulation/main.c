/* tests/simulation/main.c: plays the recorded stories, the cases, then seeds of random faults.
 *
 *	build/simulation              all of it, with SEEDS seeds
 *	build/simulation --seed N     one seed, with its story
 *	build/simulation --seeds N [FROM]  N seeds
 *	build/simulation --spec N     one random spec and what users do to it, with its story
 *	build/simulation --specs N [FROM]  N of them; those that fail are made as short as they can be
 *	build/simulation --print-spec N, --shrink N  one as a scenario; the shortest scenario that fails as it does
 *	build/simulation --story NAME the story of one recording
 *	build/simulation --scenario FILE  one scenario, with its story
 *	build/simulation --http SLUICE FILE  one scenario over HTTP, with processes of this program
 *	build/simulation --cluster SLUICE KUBECONFIG CONTROLLERS FILE  the same in an existing cluster;
 *	                              the controller has a kubeconfig of its own
 *	build/simulation --story-cluster SLUICE KUBECONFIG CONTROLLERS NAME  a recorded story there, compared
 *	build/simulation --takeover-cluster SLUICE KUBECONFIG CONTROLLERS NAME  its rollout there,
 *	                              taken over where nothing changes
 *	build/simulation --scenarios  all scenarios
 *	build/simulation --plans [FILE]  plans of the Rollouts of all scenarios, or of one, compared with updates
 *	build/simulation --gitops [PART]  Applications and Kustomizations; PART is requests,
 *	                              lives, found, aborts, traffic, seeds or quiet
 *	build/simulation --gitops-seed N [KIND]  one random life of an Application and of a Kustomization,
 *	                              with its story
 *	build/simulation --gitops-seeds N [FROM]  N of them
 *	build/simulation --permissions  the same, and the permissions of deploy/ compared with what was requested
 *	build/simulation --children   the limits of child processes
 *	build/simulation --hostile [TRICK]  a misbehaving API server; without a name, Prometheus too
 *	build/simulation --at-once    a thousand updates at once
 *	build/simulation --takeovers  recordings of Argo Rollouts, taken over at every moment
 *	build/simulation --nth STRIDE all scenarios, with every STRIDE-th request failing, lost, or the last one
 */
#include <stdio.h>
#include <string.h>
#include "io/log.h"
#include "tests/simulation/cluster.h"
#include "tests/simulation/ready_count.h"
#include "tests/simulation/scenario.h"
#include "tests/simulation/specs.h"
#include "tests/simulation/stories.h"

/* The sanitizers make it ten times slower; the other build plays most of the seeds. */
#if defined(__SANITIZE_ADDRESS__)
#define SEEDS 30
#define AT_ONCE 50 /* Rollouts */
#define SPECS 25
#define STRIDE 397
#define PLANS 10 /* every tenth scenario */
#else
#define SEEDS 500
#define AT_ONCE 250
#define SPECS 250
#define STRIDE 41
#define PLANS 1
#endif

/* The longest wait of something urgent that soaking found. Faults are kept as scenarios: what a seed plays changes
 * with the code. */
static const uint64_t kept[] = { 2801 };

int
main(int argc, char **argv)
{
	bool ok;

	log_setup(LOG_LEVEL_ERROR, false);
	cluster_requested = permissions_note;
	if (argc == 3 && strcmp(argv[1], "--seed") == 0)
		return seeds_run(strtoull(argv[2], NULL, 10), 1, true) ? 0 : 1;
	if (argc >= 3 && strcmp(argv[1], "--seeds") == 0)
		return seeds_run(argc > 3 ? strtoull(argv[3], NULL, 10) : 1, strtoull(argv[2], NULL, 10), false) ? 0
														 : 1;
	if (argc == 3 && strcmp(argv[1], "--spec") == 0)
		return specs_play(strtoull(argv[2], NULL, 10)) ? 0 : 1;
	if (argc >= 3 && strcmp(argv[1], "--specs") == 0)
		return specs_run(argc > 3 ? strtoull(argv[3], NULL, 10) : 1, strtoull(argv[2], NULL, 10)) ? 0 : 1;
	if (argc == 3 && strcmp(argv[1], "--shrink") == 0)
		return specs_shrink(strtoull(argv[2], NULL, 10)) ? 0 : 1;
	if (argc == 3 && strcmp(argv[1], "--print-spec") == 0) {
		specs_print(strtoull(argv[2], NULL, 10));
		return 0;
	}
	if (argc == 3 && strcmp(argv[1], "--story") == 0)
		return story_show(argv[2]) ? 0 : 1;
	if (argc == 3 && strcmp(argv[1], "--nth") == 0)
		return scenarios_run_nth((unsigned)strtoul(argv[2], NULL, 10)) ? 0 : 1;
	if (argc == 3 && strcmp(argv[1], "--scenario") == 0)
		return scenario_play(argv[2], NULL, NULL) ? 0 : 1;
	if (argc == 4 && strcmp(argv[1], "--http") == 0)
		return scenario_play(argv[3], argv[2], NULL) ? 0 : 1;
	if (argc == 6 && strcmp(argv[1], "--cluster") == 0)
		return scenario_play(
			   argv[5], argv[2], &(struct remote_place){ .kubeconfig = argv[3], .controller = argv[4] })
			   ? 0
			   : 1;
	if (argc == 6 && strcmp(argv[1], "--story-cluster") == 0)
		return story_in_cluster(argv[5], argv[2],
			   &(struct remote_place){ .kubeconfig = argv[3], .controller = argv[4], .namespace = argv[5] })
			   ? 0
			   : 1;
	if (argc == 6 && strcmp(argv[1], "--takeover-cluster") == 0)
		return takeover_in_cluster(
			   argv[5], argv[2], &(struct remote_place){ .kubeconfig = argv[3], .controller = argv[4] })
			   ? 0
			   : 1;
	if ((argc == 2 || argc == 3) && strcmp(argv[1], "--gitops") == 0)
		return gitops_run(1, argv[2]) ? 0 : 1;
	if (argc >= 3 && strcmp(argv[1], "--gitops-seed") == 0)
		return gitops_seeds(strtoull(argv[2], NULL, 10), 1, argv[3], true) ? 0 : 1;
	if (argc >= 3 && strcmp(argv[1], "--gitops-seeds") == 0)
		return gitops_seeds(
			   argc > 3 ? strtoull(argv[3], NULL, 10) : 1, strtoull(argv[2], NULL, 10), NULL, false)
			   ? 0
			   : 1;
	if (argc == 2 && strcmp(argv[1], "--permissions") == 0)
		return scenarios_run() && seeds_run(1, 60, false) && permissions_run() ? 0 : 1;
	if (argc == 2 && strcmp(argv[1], "--children") == 0)
		return children_run() ? 0 : 1;
	if (argc >= 2 && strcmp(argv[1], "--hostile") == 0)
		return hostile_run(argv[2]) && (argv[2] != NULL || hostile_metrics_run()) ? 0 : 1;
	if (argc == 2 && strcmp(argv[1], "--at-once") == 0)
		return at_once_run(1000) ? 0 : 1;
	if (argc == 2 && strcmp(argv[1], "--takeovers") == 0)
		return takeovers_run() ? 0 : 1;
	if (argc >= 2 && strcmp(argv[1], "--plans") == 0)
		return plans_run(argv[2], 1) ? 0 : 1;
	if (argc == 2 && strcmp(argv[1], "--scenarios") == 0)
		return scenarios_run() ? 0 : 1;
	if (argc > 1) {
		fprintf(stderr, "what is there to play is at the top of tests/simulation/main.c\n");
		return 2;
	}
	ok = stories_run();
	ok &= scenarios_run();
	ok &= plans_run(NULL, PLANS);
	ok &= ready_count_run();
	ok &= metrics_run();
	ok &= at_once_run(AT_ONCE);
	ok &= children_run();
	ok &= hostile_run(NULL);
	ok &= hostile_metrics_run();
	ok &= gitops_run(STRIDE, NULL);
	ok &= takeovers_run();
	ok &= scenarios_run_nth(STRIDE);
	ok &= specs_run(1, SPECS);

	for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
		ok &= seeds_run(kept[i], 1, false);
	ok &= seeds_run(1, SEEDS, false);
	ok &= permissions_run();
	return ok ? 0 : 1;
}
