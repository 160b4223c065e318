/* tests/bench/thousand.c: a thousand Rollouts, each with its VirtualService and DestinationRule, in the laptop
 * cluster; the controller is a process of its own.
 *
 * Its resident memory is held to a bound, and so is the number of its wakeups while nothing happens. How long a resumed
 * pause takes to the VirtualService's patch is printed, and not judged: it depends on the machine. Then the
 * controller is stopped, as a busy machine may stop it, while hundreds of Rollouts are updated: it must not open a
 * connection for each of them.
 */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/str.h"
#include "io/file.h"
#include "io/log.h"
#include "kube/api/yaml.h"
#include "tests/simulation/remote.h"

#define MANIFESTS "tests/bench/rollout.yaml"
#define ROLLOUTS 1000
#define RESIDENT_MAX_KB (27 * 1024) /* 25.5 MB as a rule, of which libjq and Lua, which it never calls, are 0.35 */
#define QUIET_MS 10000
#define QUIET_WAKEUPS_MAX 60 /* bookmarks of the watches, and the Lease */
#define SETTLE_MS 10000 /* at least; then until a second is quiet */
#define SECOND_MS 1000
#define PATIENCE_MS 1200000
#define UPDATES 50
#define BURST 300 /* Rollouts that are updated while it is stopped */
#define BURST_MS 3000
#define DESCRIPTORS_MAX 64 /* a connection for each watch, 16 for calls, and what every process has */

struct thousand {
	struct remote *remote;
	size_t healthy, paused;
	bool is_healthy[ROLLOUTS], is_paused[ROLLOUTS];
	const char *resumed; /* the VirtualService that is to be patched; NULL: it was */
	json_int_t weight;
};

static const char *const plurals[][2] = {
	{ "Rollout", "/apis/argoproj.io/v1alpha1/namespaces/default/rollouts" },
	{ "VirtualService", "/apis/networking.istio.io/v1beta1/namespaces/default/virtualservices" },
	{ "DestinationRule", "/apis/networking.istio.io/v1beta1/namespaces/default/destinationrules" },
};

static void
on_change(const char *kind, const char *type, const json_t *o, void *arg)
{
	struct thousand *t = arg;
	const char *name = json_str(json_object_get(o, "metadata"), "name");
	const char *phase = json_str(json_object_get(o, "status"), "phase");
	json_int_t i = strtoll(name + strlen("app"), NULL, 10);

	(void)type;
	if (strcmp(kind, "VirtualService") == 0 && str_eq(name, t->resumed) &&
	    json_integer_value(json_at(o, "/spec/http/0/route/1/weight")) != t->weight)
		t->resumed = NULL;
	if (strcmp(kind, "Rollout") != 0 || phase == NULL || i < 0 || i >= ROLLOUTS)
		return;
	t->healthy += strcmp(phase, "Healthy") == 0 && !t->is_healthy[i];
	t->is_healthy[i] |= strcmp(phase, "Healthy") == 0;
	t->paused += strcmp(phase, "Paused") == 0 && !t->is_paused[i];
	t->is_paused[i] |= strcmp(phase, "Paused") == 0;
}

static bool
create(struct thousand *t, const char *manifests, size_t i)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	_cleanup_(json_decrefp) json_t *docs = NULL;
	const char *text = str_replace(a, manifests, "myapp", arena_printf(a, "app%zu", i));
	json_t *doc, *response;
	bool ok = yaml_parse(a, text, strlen(text), &docs) == NULL;
	size_t k;

	json_array_foreach (docs, k, doc)
		for (size_t p = 0; p < ARRAY_SIZE(plurals); p++)
			if (strcmp(plurals[p][0], json_str(doc, "kind") ?: "") == 0) {
				ok &= remote_do(t->remote, "POST", "application/json", plurals[p][1], json_incref(doc),
					  &response) == 201;
				json_decref(response);
			}
	return ok;
}

static bool
patch(struct thousand *t, size_t i, const char *sub, json_t *body)
{
	_cleanup_(freep) char *path = mem_printf("%s/app%zu%s", plurals[0][1], i, sub);
	json_t *response = NULL;
	int status = remote_do(t->remote, "PATCH", "application/merge-patch+json", path, body, &response);

	json_decref(response);
	return status == 200;
}

static bool
wait_for(struct thousand *t, const size_t *count, size_t want)
{
	int64_t until = remote_now(t->remote) + PATIENCE_MS;

	while (*count < want && remote_now(t->remote) < until)
		remote_run(t->remote, 50);
	return *count >= want;
}

/* Returns a number of /proc/PID/status; -1: it is missing. */
static long
status_number(pid_t pid, const char *name)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct bytes text = { "", 0 };
	const char *at;

	file_read(a, arena_printf(a, "/proc/%d/status", (int)pid), 1u << 16, &text);
	at = strstr(text.at, name);
	return at != NULL ? strtol(at + strlen(name), NULL, 10) : -1;
}

/* Returns how often a process has waited for something. Each wait ends with a wakeup, and an idle controller has few,
 * on a slow machine too. */
static long
wakeups(pid_t pid)
{
	return status_number(pid, "\nvoluntary_ctxt_switches:");
}

static int
by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static bool
deploy(struct thousand *t, size_t i, const char *image)
{
	return patch(t, i, "",
	    json_pack("{s:{s:{s:{s:[{s:s,s:s}]}}}}", "spec", "template", "spec", "containers", "name", "app", "image",
		image));
}

/* Milliseconds from resuming a pause to hearing of the patch, the one in the middle; -1: one did not come. */
static int64_t
resume_all(struct thousand *t)
{
	int64_t took[UPDATES];

	for (size_t i = 0; i < UPDATES; i++)
		if (!deploy(t, i, "myregistry/myapp:v2"))
			return -1;
	if (!wait_for(t, &t->paused, UPDATES))
		return -1;
	for (size_t i = 0; i < UPDATES; i++) {
		_cleanup_(freep) char *name = mem_printf("app%zu-vs", i);
		int64_t from = remote_now(t->remote);

		t->resumed = name;
		t->weight = 20;
		if (!patch(t, i, "/status", json_pack("{s:{s:n}}", "status", "pauseConditions")))
			return -1;
		while (t->resumed != NULL && remote_now(t->remote) - from < PATIENCE_MS)
			remote_run(t->remote, 1);
		if (t->resumed != NULL)
			return -1;
		took[i] = remote_now(t->remote) - from;
	}
	qsort(took, UPDATES, sizeof(*took), by_size);
	return took[UPDATES / 2];
}

/* The open file descriptors of a process. */
static long
descriptors(pid_t pid)
{
	_cleanup_(freep) char *path = mem_printf("/proc/%d/fd", (int)pid);
	DIR *dir = opendir(path);
	long n = 0;

	if (dir == NULL)
		return -1;
	while (readdir(dir) != NULL)
		n++;
	closedir(dir);
	return n - 2; /* "." and ".." */
}

/* The most descriptors that it has open after it was stopped during many updates; -1: an update failed. */
static long
burst(struct thousand *t)
{
	pid_t pid = remote_controller(t->remote);
	long most = 0;
	bool ok = true;

	kill(pid, SIGSTOP);
	for (size_t i = UPDATES; ok && i < UPDATES + BURST; i++)
		ok = deploy(t, i, "myregistry/myapp:v3");
	kill(pid, SIGCONT);
	for (int64_t until = remote_now(t->remote) + BURST_MS; ok && remote_now(t->remote) < until;) {
		long now = descriptors(pid);

		most = now > most ? now : most;
		remote_run(t->remote, 5);
	}
	return ok ? most : -1;
}

/* Runs until the work for the healthy Rollouts is done, which takes longer on a busy machine. */
static void
settle(struct thousand *t, pid_t pid)
{
	int64_t until = remote_now(t->remote) + PATIENCE_MS;
	long before;

	remote_run(t->remote, SETTLE_MS);
	do {
		before = wakeups(pid);
		remote_run(t->remote, SECOND_MS);
	} while (wakeups(pid) - before > QUIET_WAKEUPS_MAX * SECOND_MS / QUIET_MS && remote_now(t->remote) < until);
}

int
main(void)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct bytes text = { "", 0 };
	struct thousand t = { 0 };
	const char *manifests;
	int64_t median = -1;
	long resident = -1, quiet = -1, most = -1;
	bool ok = true;

	log_setup(LOG_LEVEL_ERROR, false);
	if (file_read(a, MANIFESTS, 1u << 16, &text) != NULL ||
	    (t.remote = remote_new("./sluice", "thousand", on_change, &t)) == NULL)
		return 1;
	manifests = str_replace(a, str_replace(a, text.at, "replicas: 4", "replicas: 2"), "duration: 1", "");
	for (size_t i = 0; ok && i < ROLLOUTS; i++)
		ok = create(&t, manifests, i);
	ok = ok && wait_for(&t, &t.healthy, ROLLOUTS);
	if (ok) {
		pid_t pid = remote_controller(t.remote);

		settle(&t, pid);
		quiet = wakeups(pid);
		remote_run(t.remote, QUIET_MS);
		quiet = wakeups(pid) - quiet;
		median = resume_all(&t);
		resident = status_number(pid, "VmRSS:");
		most = burst(&t);
	}
	ok = ok && median >= 0 && resident > 0 && resident <= RESIDENT_MAX_KB && quiet <= QUIET_WAKEUPS_MAX &&
	     most > 0 && most <= DESCRIPTORS_MAX;
	printf("%s a thousand rollouts: %zu healthy, %ld kB resident, %ld wakeups in %d quiet seconds, %d ms from a "
	       "resumed pause to "
	       "the patch, at most %ld descriptors\n",
	    ok ? "ok" : "not ok", t.healthy, resident, quiet, QUIET_MS / 1000, (int)median, most);
	remote_free(t.remote);
	return !ok;
}
