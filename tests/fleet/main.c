/* tests/fleet/main.c: the costs of a fleet of Rollouts to a controller. Without arguments: the counts of a hundred
 * Rollouts on the laptop cluster, which must be as in tests/bench/fleet.want. tests/bench/fleet runs it for several
 * sizes, and prints the table. */
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "io/child_process.h"
#include "io/file.h"
#include "io/log.h"
#include "sim/ports.h"
#include "tests/fleet/counts.h"
#include "tests/fleet/fleet.h"
#include "tests/fleet/process.h"

#define WANT "tests/bench/fleet.want"
#define CHECKED 100 /* Rollouts */
#define ROLLOUTS_MAX 20000
#define RESUMED_MAX 1000
#define IDLE_MAX_S 3600
#define READY_MS "300"
#define START_MS 120000
#define STOP_MS 60000
#define SAMPLE_MS 200
#define STEP_MS 50
#define PROGRAM_MAX (256u << 20)
#define PATIENCE_MS 600000 /* and for each Rollout */
#define PATIENCE_EACH_MS 3000
#define SCALE_DOWN_MS 6000 /* scaleDownDelaySeconds of the Rollouts is 5 */
#define QUIET_MS 2000
#define QUIET_CPU_MS 30 /* in QUIET_MS */
#define REST_MS 6000 /* a controller returns free memory when it had nothing to do for five seconds */
#define BREATH_MS 100 /* between two resumed pauses */

static const char usage[] =
    "fleet                              compares counts of 100 Rollouts with tests/bench/fleet.want\n"
    "fleet --rollouts N [OPTION]...     measures, and prints lines of a name, a tab and a number\n"
    "  --tls               the laptop cluster is served over HTTPS\n"
    "  --kubeconfig FILE   the cluster, as an administrator; without it: a laptop cluster is started\n"
    "  --controllers FILE  the kubeconfig of the controller (the same)\n"
    "  --controller CMD    starts the controller (sluice); $KUBECONFIG is set, and it should serve --metrics\n"
    "  --controller-pid N  it runs already, as this process\n"
    "  --metrics URL       its metrics; without them and an audit log nothing is counted\n"
    "  --audit FILE        the audit log of the API server: writes by kind, and latency by its stamps\n"
    "  --node NAME         the node of the pods; without it a scheduler decides\n"
    "  --resumed N         pauses that are resumed one by one for the latency (25)\n"
    "  --idle S            seconds in which nothing happens (60)\n";

struct options {
	const char *kubeconfig, *controllers, *controller, *metrics, *audit, *node;
	long long rollouts, pid, resumed, idle;
	bool tls;
};

/* A pause that was resumed, and the patch that followed. */
struct resumption {
	char name[32];
	int64_t resumed, patched; /* µs */
};

/* The process groups that end with this program. */
static volatile pid_t groups[2];

struct bench {
	struct options options;
	struct arena *arena;
	struct loop *loop;
	struct fleet *fleet;
	struct child *dev, *controller;
	const char *dir;
	pid_t pid;
	struct timer sample;
	long peak; /* private KiB, since the last reset */
	long audit_offset;
	struct counts audited; /* all so far */
	struct resumption resumptions[RESUMED_MAX];
	size_t n_resumptions;
	bool resuming;
	bool ended; /* a child that it needs */
};

static void
bench_on_signal(int signal_number)
{
	for (size_t i = 0; i < ARRAY_SIZE(groups); i++)
		if (groups[i] != 0)
			kill(-groups[i], SIGTERM);
	_exit(128 + signal_number);
}

static void
print_number(const char *name, double value)
{
	printf("%s\t%.*f\n", name, value == trunc(value) ? 0 : value < 10 ? 2 : 1, value);
	fflush(stdout);
}

static void
bench_on_sample(struct timer *t, void *arg)
{
	struct bench *b = arg;
	struct process_memory m = process_memory(b->pid);

	if (m.private > b->peak)
		b->peak = m.private;
	loop_timer(b->loop, t, SAMPLE_MS);
}

static void
bench_on_exit(void *arg, int status)
{
	struct bench *b = arg;

	fprintf(stderr, "the controller or the laptop cluster ended with status %d\n", status);
	b->ended = true;
}

/* An audit entry: the resumed pause is a patch of the status by another user, and the VirtualService's follows. */
static void
bench_on_audit(void *arg, const struct audit_write *w)
{
	struct bench *b = arg;
	struct resumption *r = b->n_resumptions > 0 ? &b->resumptions[b->n_resumptions - 1] : NULL;

	if (!b->resuming)
		return;
	if (!w->by_controller && strcmp(w->resource, "rollouts/status") == 0 && b->n_resumptions < RESUMED_MAX) {
		r = &b->resumptions[b->n_resumptions++];
		*r = (struct resumption){ .resumed = w->done };
		snprintf(r->name, sizeof(r->name), "%s-vs", w->name);
	} else if (w->by_controller && strcmp(w->resource, "virtualservices") == 0 && r != NULL && r->patched == 0 &&
		   strcmp(r->name, w->name) == 0) {
		r->patched = w->arrived;
	}
}

/* Everything that is counted, as of now. */
static struct counts
bench_counts(struct bench *b)
{
	struct counts c = { 0 }, none = { 0 };
	const char *text;

	if (b->options.metrics != NULL && fleet_get(b->fleet, b->options.metrics, &text) == 200)
		counts_of_metrics(&c, text);
	if (b->options.audit == NULL)
		return c;
	/* The audit log says which subresource a write was of, and is the same for every controller. */
	counts_of_audit(&b->audited, b->options.audit, &b->audit_offset, bench_on_audit, b);
	map_each (&c.map, s)
		if (!str_starts(s->key, COUNTS_WRITE))
			counts_add(&none, s->key, (int64_t)(intptr_t)s->value);
	counts_done(&c);
	counts_since(&none, &(struct counts){ 0 }, &b->audited);
	return none;
}

/* Waits until the controller does nothing. */
static void
bench_settle(struct bench *b)
{
	int64_t cpu;

	do {
		cpu = process_cpu(b->pid);
		fleet_run(b->fleet, QUIET_MS);
	} while (process_cpu(b->pid) - cpu > QUIET_CPU_MS);
}

static bool
bench_wait(struct bench *b, size_t n, bool paused)
{
	int64_t waited = 0, most = PATIENCE_MS + PATIENCE_EACH_MS * (int64_t)b->fleet->n;

	while (fleet_count(b->fleet, n, paused) < n && waited < most && !b->ended) {
		fleet_run(b->fleet, STEP_MS);
		waited += STEP_MS;
	}
	if (waited >= most)
		fprintf(stderr, "%zu of %zu Rollouts are %s\n", fleet_count(b->fleet, n, paused), n,
		    paused ? "paused" : "healthy");
	return waited < most && !b->ended;
}

static bool
bench_deploy(struct bench *b, size_t n, const char *image, const char *steps)
{
	json_t *spec = json_pack("{s:{s:{s:[{s:s,s:s,s:[{s:i}]}]}}}", "template", "spec", "containers", "name", "myapp",
	    "image", image, "ports", "containerPort", 8080);

	if (steps != NULL)
		json_object_set_new(
		    spec, "strategy", json_pack("{s:{s:o}}", "canary", "steps", json_loads(steps, 0, NULL)));
	return fleet_patch(b->fleet, n, json_pack("{s:o}", "spec", spec));
}

static void
print_memory(struct bench *b, const char *when)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct process_memory m;

	fleet_run(b->fleet, REST_MS);
	m = process_memory(b->pid);
	b->peak = m.private > b->peak ? m.private : b->peak;
	print_number(arena_printf(a, "private memory %s, KiB", when), (double)m.private);
	print_number(arena_printf(a, "resident memory %s, KiB", when), (double)m.resident);
}

/* Counts from `before` to now, each divided by `n`. */
static void
print_counts(struct bench *b, const char *of, const struct counts *before, double n)
{
	struct counts now = bench_counts(b), since = { 0 };
	_cleanup_(arena_freep) struct arena *a = arena_new();

	if (b->options.metrics == NULL && b->options.audit == NULL)
		return;
	counts_since(&since, before, &now);
	print_number(arena_printf(a, "writes of %s", of), (double)counts_writes(&since, true) / n);
	print_number(arena_printf(a, "writes of %s, without events", of), (double)counts_writes(&since, false) / n);
	map_each (&since.map, s)
		print_number(arena_printf(a, "%s of %s", s->key, of), (double)(intptr_t)s->value / n);
	counts_done(&since);
	counts_done(&now);
}

static bool
bench_create(struct bench *b)
{
	struct counts before = bench_counts(b);
	int64_t cpu = process_cpu(b->pid), from = fleet_now();
	double n = (double)b->fleet->n;

	if (!fleet_create(b->fleet) || !bench_wait(b, b->fleet->n, false))
		return false;
	print_number("time until all are healthy, s", (double)(fleet_now() - from) / 1e6);
	bench_settle(b);
	print_number("CPU of a creation, ms", (double)(process_cpu(b->pid) - cpu) / n);
	print_counts(b, "a creation", &before, n);
	counts_done(&before);
	print_memory(b, "with all");
	return true;
}

static void
bench_idle(struct bench *b)
{
	struct counts before = bench_counts(b);
	int64_t cpu;

	fleet_run(b->fleet, QUIET_MS);
	cpu = process_cpu(b->pid);
	fleet_run(b->fleet, b->options.idle * 1000);
	print_number("CPU of an idle minute, ms", (double)(process_cpu(b->pid) - cpu) * 60 / (double)b->options.idle);
	print_counts(b, "an idle minute", &before, (double)b->options.idle / 60);
	counts_done(&before);
}

static bool
bench_update(struct bench *b)
{
	struct counts before = bench_counts(b);
	int64_t cpu = process_cpu(b->pid), from = fleet_now();
	double n = (double)b->fleet->n;

	if (!bench_deploy(b, b->fleet->n, "myregistry/myapp:v2", NULL) || !bench_wait(b, b->fleet->n, false))
		return false;
	print_number("time of the fleet's update, s", (double)(fleet_now() - from) / 1e6);
	fleet_run(b->fleet, SCALE_DOWN_MS);
	bench_settle(b);
	print_number("CPU of an update, ms", (double)(process_cpu(b->pid) - cpu) / n);
	print_counts(b, "an update", &before, n);
	counts_done(&before);
	print_memory(b, "after the update");
	print_number("private memory at its peak, KiB", (double)b->peak);
	print_number("resident memory at its peak, KiB", (double)process_peak(b->pid));
	return true;
}

static int
by_number(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void
print_latency(double *took, size_t n)
{
	if (n == 0)
		return;
	qsort(took, n, sizeof(*took), by_number);
	print_number("latency, median, ms", took[n / 2]);
	print_number("latency, 90th percentile, ms", took[n * 9 / 10]);
	print_number("latency, longest, ms", took[n - 1]);
}

/* From the response to a resumed pause to the patch of the VirtualService: as a watch shows it, or by the stamps of the
 * audit log. */
static bool
bench_resume(struct bench *b)
{
	size_t n = b->options.resumed < (long long)b->fleet->n ? (size_t)b->options.resumed : b->fleet->n, measured = 0;
	double took[RESUMED_MAX];

	if (!bench_deploy(b, n, "myregistry/myapp:v3", "[{\"setWeight\":20},{\"pause\":{}},{\"setWeight\":40}]") ||
	    !bench_wait(b, n, true))
		return false;
	bench_settle(b);
	counts_of_audit(
	    &b->audited, b->options.audit != NULL ? b->options.audit : "", &b->audit_offset, bench_on_audit, b);
	b->resuming = true;
	for (size_t i = 0; i < n; i++) {
		json_int_t weight = b->fleet->members[i].weight;
		int64_t from;

		if (!fleet_resume(b->fleet, i))
			return false;
		from = fleet_now();
		for (int64_t waited = 0; b->fleet->members[i].weight == weight && waited < PATIENCE_MS; waited++)
			fleet_run(b->fleet, 1);
		took[measured++] = (double)(b->fleet->members[i].weight_at - from) / 1000;
		fleet_run(b->fleet, BREATH_MS);
	}
	if (b->options.audit != NULL) {
		fleet_run(b->fleet, QUIET_MS);
		counts_of_audit(&b->audited, b->options.audit, &b->audit_offset, bench_on_audit, b);
		measured = 0;
		for (size_t i = 0; i < b->n_resumptions; i++)
			if (b->resumptions[i].patched > 0)
				took[measured++] =
				    (double)(b->resumptions[i].patched - b->resumptions[i].resumed) / 1000;
	}
	b->resuming = false;
	print_latency(took, measured);
	return true;
}

static bool
bench_responds(struct bench *b, const char *url)
{
	const char *text;

	for (int64_t waited = 0; waited < START_MS && !b->ended; waited += STEP_MS) {
		if (fleet_get(b->fleet, url, &text) == 200)
			return true;
		fleet_run(b->fleet, STEP_MS);
	}
	fprintf(stderr, "%s does not respond\n", url);
	return false;
}

static bool
bench_start_cluster(struct bench *b)
{
	const char *file = arena_printf(b->arena, "%s/kubeconfig", b->dir);
	const char *argv[] = { "./sluice", "dev", "--dir", b->dir, "--ready", READY_MS, "--without",
		"controller,mesh,prometheus,app,load", b->options.tls ? "--tls" : NULL, NULL };

	b->dev = child_serve(b->loop, argv, arena_printf(b->arena, "%s/dev.log", b->dir), bench_on_exit, b);
	if (b->dev == NULL)
		return false;
	groups[0] = child_pid(b->dev);
	for (int64_t waited = 0; access(file, R_OK) != 0; waited++) {
		if (waited * STEP_MS > START_MS)
			return false;
		usleep(STEP_MS * 1000);
	}
	b->options.kubeconfig = file;
	return true;
}

/* A copy of the program, so that the laptop cluster, which is the same one, does not share its pages. */
static const char *
bench_program(struct bench *b)
{
	const char *to = arena_printf(b->arena, "%s/sluice", b->dir);
	struct bytes program = { "", 0 };
	FILE *f = fopen(to, "w");

	file_read(b->arena, "./sluice", PROGRAM_MAX, &program);
	if (f == NULL || fwrite(program.at, 1, program.len, f) != program.len || fclose(f) != 0 || chmod(to, 0700) != 0)
		fprintf(stderr, "%s cannot be written\n", to);
	return to;
}

static bool
bench_start_controller(struct bench *b)
{
	const char *port = arena_printf(b->arena, "%d", port_free());
	const char *own[] = { "./sluice", "controller", "--leader-elect=false", "--listen-address", "127.0.0.1",
		"--metricsPort", port, "--healthzPort", "0", NULL };
	const char *given[] = { "sh", "-c", arena_printf(b->arena, "exec %s", b->options.controller ?: ""), NULL };

	if (b->options.pid == 0) {
		setenv("KUBECONFIG", b->options.controllers ?: b->options.kubeconfig, 1);
		if (b->options.controller == NULL) {
			own[0] = bench_program(b);
			b->options.metrics = arena_printf(b->arena, "http://127.0.0.1:%s/metrics", port);
		}
		b->controller = child_serve(b->loop, b->options.controller != NULL ? given : own,
		    arena_printf(b->arena, "%s/controller.log", b->dir), bench_on_exit, b);
		if (b->controller == NULL)
			return false;
		b->options.pid = groups[1] = child_pid(b->controller);
	}
	b->pid = (pid_t)b->options.pid;
	if (b->options.metrics != NULL && !bench_responds(b, b->options.metrics))
		return false;
	bench_settle(b);
	b->sample = (struct timer){ .fire = bench_on_sample, .arg = b };
	loop_timer(b->loop, &b->sample, SAMPLE_MS);
	return true;
}

static bool
bench_start(struct bench *b)
{
	char *dir = arena_strdup(b->arena, "/tmp/sluice-fleet-XXXXXX");

	if (mkdtemp(dir) == NULL)
		return false;
	b->dir = dir;
	if (b->options.kubeconfig == NULL && !bench_start_cluster(b))
		return false;
	b->fleet = fleet_new(b->loop, b->options.kubeconfig, (size_t)b->options.rollouts);
	if (b->fleet == NULL)
		return false;
	b->fleet->node = b->options.node;
	return bench_responds(b, "/version") && bench_start_controller(b);
}

static void
bench_stop_all(struct bench *b)
{
	child_stop(b->controller, STOP_MS);
	loop_timer_stop(b->loop, &b->sample);
	fleet_free(b->fleet);
	child_stop(b->dev, STOP_MS);
	if (b->dir != NULL)
		file_remove_all(b->dir);
	counts_done(&b->audited);
	loop_free(b->loop);
}

static bool
bench_measure(struct bench *b)
{
	if (!bench_start(b))
		return false;
	print_number("Rollouts", (double)b->fleet->n);
	print_memory(b, "at rest");
	print_counts(b, "the start", &(struct counts){ 0 }, 1);
	if (!bench_create(b))
		return false;
	if (b->options.idle > 0)
		bench_idle(b);
	return bench_update(b) && (b->options.resumed == 0 || bench_resume(b));
}

/* One line of tests/bench/fleet.want: a number, which "at most" makes a bound, and a key. Returns false after printing
 * the difference. */
static bool
check_line(const char *line, const struct counts *since)
{
	bool bound = str_starts(line, "at most ");
	char *key;
	int64_t want = strtoll(bound ? line + strlen("at most ") : line, &key, 10), is;

	key += strspn(key, " ");
	is = counts_get(since, key);
	if (bound ? is <= want : is == want)
		return true;
	printf("%" PRId64 " %s, not %s%" PRId64 "\n", is, key, bound ? "at most " : "", want);
	return false;
}

/* Compares the counts since `before` with tests/bench/fleet.want, which names each kind of write. */
static bool
check_counts(struct bench *b, const struct counts *before)
{
	struct counts now = bench_counts(b), since = { 0 };
	struct bytes want = { "", 0 };
	char *save = NULL;
	bool ok = file_read(b->arena, WANT, 1u << 16, &want) == NULL;

	counts_since(&since, before, &now);
	for (char *line = strtok_r(arena_strdup(b->arena, want.at), "\n", &save); line != NULL;
	     line = strtok_r(NULL, "\n", &save))
		ok &= line[0] == '#' || check_line(line, &since);
	map_each (&since.map, s)
		if (strstr(want.at, arena_printf(b->arena, " %s\n", s->key)) == NULL) {
			printf("%" PRId64 " %s, which is not in " WANT "\n", counts_get(&since, s->key), s->key);
			ok = false;
		}
	counts_done(&since);
	counts_done(&now);
	return ok;
}

/* Over HTTPS, as in a cluster. */
static bool
bench_check(struct bench *b)
{
	struct counts before;
	bool ok;

	b->options.rollouts = CHECKED;
	b->options.tls = true;
	if (!bench_start(b))
		return false;
	before = bench_counts(b);
	ok = fleet_create(b->fleet) && bench_wait(b, b->fleet->n, false) &&
	     bench_deploy(b, b->fleet->n, "myregistry/myapp:v2", NULL) && bench_wait(b, b->fleet->n, false);
	fleet_run(b->fleet, SCALE_DOWN_MS);
	bench_settle(b);
	ok = check_counts(b, &before) && ok;
	counts_done(&before);
	printf("%s counts of a fleet of %d Rollouts\n", ok ? "ok" : "not ok", CHECKED);
	return ok;
}

/* False, after a line that says why: the arguments are not those of `usage`. */
static bool
read_options(int argc, char **argv, struct options *o)
{
	const struct {
		const char *name;
		const char **text;
		long long *number, max;
	} known[] = {
		{ "--kubeconfig", &o->kubeconfig, NULL, 0 },
		{ "--controllers", &o->controllers, NULL, 0 },
		{ "--controller", &o->controller, NULL, 0 },
		{ "--metrics", &o->metrics, NULL, 0 },
		{ "--audit", &o->audit, NULL, 0 },
		{ "--node", &o->node, NULL, 0 },
		{ "--rollouts", NULL, &o->rollouts, ROLLOUTS_MAX },
		{ "--controller-pid", NULL, &o->pid, INT32_MAX },
		{ "--resumed", NULL, &o->resumed, RESUMED_MAX },
		{ "--idle", NULL, &o->idle, IDLE_MAX_S },
	};

	for (int i = 1; i < argc; i++) {
		size_t k = 0;

		if (strcmp(argv[i], "--tls") == 0) {
			o->tls = true;
			continue;
		}
		while (k < ARRAY_SIZE(known) && strcmp(known[k].name, argv[i]) != 0)
			k++;
		if (k == ARRAY_SIZE(known) || ++i == argc ||
		    (known[k].number != NULL && !str_int(argv[i], 0, known[k].max, known[k].number))) {
			fputs(usage, stderr);
			return false;
		}
		if (known[k].text != NULL)
			*known[k].text = argv[i];
	}
	if (argc > 1 && o->rollouts == 0)
		fputs(usage, stderr);
	return argc == 1 || o->rollouts > 0;
}

int
main(int argc, char **argv)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct bench *b = arena_new_array(a, struct bench, 1);
	bool ok;

	b->options = (struct options){ .resumed = 25, .idle = 60 };
	if (!read_options(argc, argv, &b->options))
		return 2;
	log_setup(LOG_LEVEL_ERROR, false);
	signal(SIGINT, bench_on_signal);
	signal(SIGTERM, bench_on_signal);
	b->arena = a;
	b->loop = loop_ev_new();
	ok = argc == 1 ? bench_check(b) : bench_measure(b);
	bench_stop_all(b);
	return !ok;
}
