/* tests/simulation/seeds.c: a rollout's life under seeded faults. Of every sixteen, two are canaries without
 * traffic routing, two are blue-green, one has Services that take turns, and two have an analysis or an experiment
 * as a step.
 *
 * Requests fail, lose their response after they took effect, are slow, or conflict; watches break and lag; history
 * is compacted; pods become unready; users promote, abort, retry and deploy again; the controller is killed. Then
 * the faults stop, and within bounded time everything must have settled.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "kube/client.h"
#include "tests/simulation/judge.h"

#define FAULTS_MS 240000
#define SETTLE_MS 900000
#define QUIET_MS 60000
/* An abort, a promotion or a failed verdict waits for the request in progress, for a fetch of the object that it
 * left in doubt, and for the status write; never longer. */
#define URGENT_MS (CLIENT_TIMEOUT_MS + 2 * CLIENT_SOON_MS + 1000)
#define PROCESSES_MAX 64

static void change_readiness(struct cluster *c, bool all_ready);

static const json_t *unready_target;

struct choosing {
	struct cluster *c;
	uint64_t n;
	bool heal;
};

static void
visit_pod(const json_t *pod, void *arg)
{
	struct choosing *ch = arg;
	const json_t *m = json_object_get(pod, "metadata");

	if (ch->heal) {
		if (json_at(pod, "/status/conditions") != NULL)
			pods_ready(ch->c->pods, json_str(m, "namespace"), json_str(m, "name"), true, NULL);
	} else if (rand_below(&ch->c->users, ++ch->n) == 0) {
		unready_target = pod;
	}
}

static void
change_readiness(struct cluster *c, bool heal)
{
	struct choosing ch = { .c = c, .heal = heal };

	unready_target = NULL;
	store_each(c->store, "pods", visit_pod, &ch);
	if (!heal && unready_target != NULL && json_at(unready_target, "/status/conditions") != NULL) {
		const json_t *m = json_object_get(unready_target, "metadata");

		cluster_note(c, "pod %s becomes unready", json_str(m, "name"));
		pods_ready(c->pods, json_str(m, "namespace"), json_str(m, "name"), false, NULL);
	}
}

static void
deploy(struct cluster *c, const char *tag)
{
	const char *now = json_string_value(json_at(cluster_rollout(c), "/spec/template/spec/containers/0/image"));
	_cleanup_(freep) char *image = mem_printf("%.*s:%s", (int)strcspn(now, ":"), now, tag);

	cluster_set_image(c, image);
}

static void
act(struct cluster *c)
{
	static const char *const tags[] = { "v1", "v2", "v3" };

	switch (rand_below(&c->users, 15)) {
	case 0:
	case 1: deploy(c, tags[rand_below(&c->users, 3)]); break;
	case 2:
	case 3:
	case 4: cluster_promote(c); break;
	case 5:
		cluster_note(c, "user: abort");
		cluster_patch(c, true, json_pack("{s:{s:b}}", "status", "abort", 1));
		break;
	case 6:
		cluster_note(c, "user: retry");
		cluster_patch(c, true, json_pack("{s:{s:b}}", "status", "abort", 0));
		break;
	case 7:
		if (rand_chance(&c->users, 30)) {
			cluster_note(c, "user: promote --full");
			cluster_patch(c, true, json_pack("{s:{s:b}}", "status", "promoteFull", 1));
		}
		break;
	case 8:
		if (c->n_members > 1 && rand_chance(&c->users, 60))
			cluster_stall_controller(c, 1000 + (int64_t)rand_below(&c->users, 40000));
		else
			cluster_kill_controller(c);
		break;
	case 9: change_readiness(c, false); break;
	case 10: change_readiness(c, true); break;
	case 11: c->metric = rand_chance(&c->users, 70) ? 0.01 : 0.4; break;
	case 13:
		cluster_note(c, "user: scale");
		cluster_patch(c, false, json_pack("{s:{s:i}}", "spec", "replicas", (int)rand_below(&c->users, 7)));
		break;
	case 12:
		c->metric_behavior = rand_chance(&c->users, 60)
					 ? METRIC_FINE
					 : (enum metric_behavior)rand_below(&c->users, METRIC_UNREACHABLE + 1);
		break;
	default:
		if (rand_chance(&c->users, 30)) {
			cluster_note(c, "history compacted");
			store_compact(c->store);
		}
	}
}

/* One life; returns the hash of what happened. *ret_wrong is the verdict in static memory, or NULL; *ret_longest
 * grows to how long something urgent waited. */
static uint64_t
live(uint64_t seed, bool verbose, const char **ret_wrong, int64_t *ret_longest)
{
	static char verdict[400];
	struct cluster *c = cluster_new(seed);
	struct judge *j = judge_new(c);
	unsigned long requests, before, after;
	const char *wrong;
	uint64_t hash;

	c->metric = 0.01;
	c->random_faults = true;
	if (seed % 8 == 3)
		c->name = "basic";
	else if (seed % 8 == 7)
		c->name = "bluegreen";
	cluster_apply(c, seed % 8 == 3	  ? "tests/data/traces/basic.yaml"
			 : seed % 8 == 7  ? "tests/simulation/bluegreen.yaml"
			 : seed % 16 == 8 ? "tests/simulation/pingpong.yaml"
					  : "tests/data/traces/analysis.yaml");
	if (seed % 8 == 7)
		cluster_patch(c, false,
		    json_pack("{s:{s:{s:{s:{s:[{s:s}]},s:{s:[{s:s}]}}}}}", "spec", "strategy", "blueGreen",
			"prePromotionAnalysis", "templates", "templateName", "error-rate", "postPromotionAnalysis",
			"templates", "templateName", "error-rate"));
	if (seed % 32 == 7)
		cluster_patch(c, false,
		    json_pack("{s:{s:{s:{s:i,s:b}}}}", "spec", "strategy", "blueGreen", "previewReplicaCount", 1,
			"autoPromotionEnabled", 0));
	if (seed % 32 == 23)
		cluster_patch(c, false,
		    json_pack("{s:{s:{s:{s:i}}}}", "spec", "strategy", "blueGreen", "autoPromotionSeconds", 20));
	if (seed % 4 == 2)
		cluster_patch(c, false,
		    json_pack("{s:{s:{s:{s:[{s:i},{s:{s:[{s:s}],s:[{s:s,s:s}]}},{s:{}},{s:i}]}}}}", "spec", "strategy",
			"canary", "steps", "setWeight", 25, "analysis", "templates", "templateName", "error-rate",
			"args", "name", "service-name", "value", "myapp", "pause", "setWeight", 60));
	if (seed % 16 == 10)
		cluster_patch(c, false,
		    json_pack("{s:{s:{s:{s:[{s:i},{s:{s:s,s:i,s:[{s:s,s:s,s:i},{s:s,s:s,s:i}],s:[{s:s,s:s,s:[{s:s,s:s}]"
			      "}]}},{s:{}},"
			      "{s:i}]}}}}",
			"spec", "strategy", "canary", "steps", "setWeight", 25, "experiment", "duration", "20s",
			"scaleDownDelaySeconds", 0, "templates", "name", "baseline", "specRef", "stable", "weight", 5,
			"name", "trial", "specRef", "canary", "weight", 10, "analyses", "name", "errors",
			"templateName", "error-rate", "args", "name", "service-name", "value", "myapp", "pause",
			"setWeight", 60));
	if (seed % 8 == 6 || seed % 16 == 7)
		cluster_second_controller(c);
	if (seed % 8 == 1)
		cluster_patch(c, false,
		    json_pack("{s:{s:{s:{s:b,s:n}}}}", "spec", "strategy", "canary", "dynamicStableScale", 1,
			"scaleDownDelaySeconds"));
	if (seed % 16 == 9)
		cluster_patch(c, false,
		    json_pack("{s:{s:{s:{s:{s:[{s:s}]},s:[{s:i},{s:{s:s,s:[{s:s,s:{s:s}}]}},{s:{}},{s:i}]}}}}", "spec",
			"strategy", "canary", "trafficRouting", "managedRoutes", "name", "by-header", "steps",
			"setWeight", 25, "setHeaderRoute", "name", "by-header", "match", "headerName", "X-Canary",
			"headerValue", "exact", "yes", "pause", "setWeight", 60));
	if (seed % 16 >= 12)
		cluster_patch(c, false, json_pack("{s:{s:{s:i}}}", "spec", "rollbackWindow", "revisions", 2));
	cluster_run(c, (int64_t)rand_below(&c->users, 10000));
	deploy(c, "v2");
	while (loop_mono(c->loop) < FAULTS_MS && judge_verdict(j) == NULL) {
		cluster_run(c, (int64_t)rand_below(&c->users, 8000));
		act(c);
	}
	c->random_faults = false;
	c->faults_ended_at = loop_mono(c->loop);
	c->metric_behavior = METRIC_FINE;
	change_readiness(c, true);
	cluster_note(c, "--- random faults have ended");
	cluster_run(c, SETTLE_MS);
	change_readiness(c, true);
	store_counts(c->store, &requests, &before);
	cluster_run(c, QUIET_MS);
	store_counts(c->store, &requests, &after);
	/* The Lease is renewed every two seconds. */
	wrong = judge_end(j, c->n_members > 1 && after - before <= QUIET_MS / 2000 + 1 ? 0 : after - before);
	if (wrong != NULL)
		snprintf(verdict, sizeof(verdict), "%s", wrong);
	*ret_wrong = wrong != NULL ? verdict : NULL;
	if (verbose)
		fputs(str_text(&c->story), stdout);
	if (wrong == NULL && c->urgency.longest > URGENT_MS) {
		snprintf(verdict, sizeof(verdict), "what was urgent waited for %lld ms", (long long)c->urgency.longest);
		*ret_wrong = verdict;
	}
	if (c->urgency.longest > *ret_longest)
		*ret_longest = c->urgency.longest;
	hash = c->hash;
	judge_free(j);
	cluster_free(c);
	return hash;
}

/* Every `step`-th seed from `first`. Returns how many failed. */
static unsigned
play_some(uint64_t first, uint64_t end, uint64_t step, bool verbose, int64_t *ret_longest)
{
	const char *wrong;
	unsigned failed = 0;

	for (uint64_t seed = first; seed < end; seed += step) {
		uint64_t hash = live(seed, verbose, &wrong, ret_longest);

		if (wrong == NULL && seed % 100 == 0 && live(seed, false, &wrong, ret_longest) != hash)
			wrong = "two runs of the same seed differ";
		if (wrong != NULL) {
			failed++;
			printf("not ok seed %" PRIu64 ": %s\n  replay: build/simulation --seed %" PRIu64 "\n", seed,
			    wrong, seed);
		}
	}
	return failed;
}

/* A life has nothing to do with another: as many processes share them as there are processors. */
bool
seeds_run(uint64_t first, uint64_t n, bool verbose)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	uint64_t parts = processors < 2 || n < 2      ? 1
			 : processors < PROCESSES_MAX ? (uint64_t)processors
						      : PROCESSES_MAX;
	int64_t *longest =
	    mmap(NULL, PROCESSES_MAX * sizeof(*longest), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	bool ok = true;
	int status;

	if (longest == MAP_FAILED) {
		perror("memory shared with child processes");
		return false;
	}
	fflush(stdout);
	for (uint64_t i = 1; i < parts; i++)
		if (fork() == 0) {
			unsigned failed = play_some(first + i, first + n, parts, verbose, &longest[i]);

			fflush(stdout);
			_exit(failed > 0);
		}
	ok = play_some(first, first + n, parts, verbose, &longest[0]) == 0;
	while (wait(&status) > 0)
		ok &= WIFEXITED(status) && WEXITSTATUS(status) == 0;
	for (uint64_t i = 1; i < parts; i++)
		if (longest[i] > longest[0])
			longest[0] = longest[i];
	if (ok)
		printf("ok %" PRIu64
		       " seeds of random faults; an abort, a promotion or a failed verdict waited for %" PRId64
		       " ms at most\n",
		    n, longest[0]);
	munmap(longest, PROCESSES_MAX * sizeof(*longest));
	return ok;
}
