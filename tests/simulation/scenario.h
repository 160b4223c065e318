/* tests/simulation/scenario.h: stories in files (tests/e2e/scenarios), played in virtual time under the judge.
 *
 *	story: a bad canary gives the traffic back before its pods go
 *	http: true                                  # also played over HTTP (tests/e2e/scenarios.sh)
 *	given: [tests/data/traces/analysis.yaml]    # applied; then all must become Healthy, or `healthy: false`
 *	when:                                       # one after the other
 *	- deploy: v2                                # the image's tag
 *	- wait: {phase: Paused, weight: 25}         # at most a minute, or `within`
 *	- metric: 0.2                               # what Prometheus responds with from now on
 *	- traffic: {requests: 20, bad: {v2: 0.2}}   # what the pods of each image count, for comparisons
 *	expect:                                     # the same verbs; the two lists differ in their order only
 *	- wait: {phase: Degraded, message: "error-rate", within: 3m}
 *	- order: [VirtualService myapp-vs weight 0, "{v2} wants 0"]
 *
 * Verbs that act: deploy, promote, abort, retry, pause, resume, restart, scale, spec, status, apply, merge,
 * delete, renew, unreadable, readable, metric, aws, traffic, load, pods, unready, condition, fault, undefined,
 * random-faults, controller, compact, clock, run, repeat. Verbs that check: wait, rest, is, order, count, never. `is`
 * checks at once, `wait` waits until it holds, `rest` until nothing changes. `{v2}` in a text is the name of the
 * ReplicaSet of that image tag.
 * scenario.c has the table, with the arguments of each verb.
 *
 * At the end a minute must pass without a write, and the rollout be where it can stay (the judge's rules), unless
 * the scenario says `settles: false`.
 */
#pragma once
#include "tests/simulation/judge.h"

struct scenario {
	struct cluster *cluster;
	struct judge *judge; /* NULL over HTTP */
	struct arena *arena;
	const char *file;
	char wrong[600]; /* the first failed expectation; "": none yet */
	bool judged; /* a random life: what the judge finds ends it */
	bool lenient; /* expectations need not hold */
	json_t *fault; /* as written; NULL: none */
	long long fault_left; /* how often it still strikes; -1: no end */
};

/* Records a failed expectation with its time, in the story too. */
void scenario_wrong(struct scenario *, const char *format, ...) printf_like(2, 3);

/* The path of an object of this kind in the API, in the scenario's arena; without a name that of all. */
const char *scenario_path(struct scenario *, const char *kind, const char *ns, const char *name);

/* "KIND NAME" of the namespace default ("*": all of the kind) can no longer be read by the controller, or again. */
void scenario_mark(struct scenario *, const char *which, bool unreadable);

/* scenario_look.c: compares what is there with what is written; *ret_why (in the scenario's arena) is the first
 * difference. */
bool scenario_is(struct scenario *, const json_t *want, const char **ret_why);
bool scenario_order(struct scenario *, const json_t *texts, const char **ret_why);
bool scenario_count(struct scenario *, const json_t *counts, const char **ret_why);
bool scenario_never(struct scenario *, const json_t *texts, const char **ret_why);

/* The rollout's ReplicaSet of an image tag, or NULL. */
const json_t *scenario_version(struct scenario *, const char *tag);

/* Plays one file, with its story on standard output, or all of them; false when one failed. `sluice` NULL: in
 * virtual time; else over HTTP and in real time, with processes of that program (the verbs pods, fault, compact and
 * clock cannot be played there): on the laptop cluster, or, with its controller alone, in a new namespace of one
 * that is there (`place`, whose namespace the file's name becomes). */
bool scenario_play(const char *file, const char *sluice, const struct remote_place *);
bool scenarios_run(void);

/* Plays what comes before the first deploy. Returns false if there is no deploy, or something was not as expected. */
bool scenario_play_to_deploy(struct scenario *, const json_t *doc);

/* Plays a document in virtual time; false when it failed, and *ret_wrong says how. */
bool scenario_judge(const json_t *doc, bool verbose, char *ret_wrong, size_t size);

/* Plays every scenario again with its n-th request failing, its response lost, and the controller dying after it:
 * for every `stride`-th n, a different one for each scenario. Expectations may hold later then, or in another form.
 * The rules of the judge must hold, and everything must settle. */
bool scenarios_run_nth(unsigned stride);

/* "{v2}" becomes the name of that version's ReplicaSet. In the arena, or the text itself. */
const char *scenario_expand(struct scenario *, const char *text);
