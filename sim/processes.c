/* sim/processes.c: local processes as pods: starts, probes and stops the demo application, one process for each pod. */
#include "sim/processes.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/str.h"
#include "io/child_process.h"
#include "io/log.h"

#define STOP_MS 1500
#define PROBE_MS 200
#define RESTART_MIN_MS 1000
#define RESTART_MAX_MS 30000

struct process {
	struct processes *owner;
	struct child *child;
	char *ns, *name, *tag, ip[32], errors[32], latency[32];
	int port;
	int64_t initial_delay; /* ms, of the readiness probe */
	int64_t not_before; /* mono: no probe before */
	int64_t backoff; /* ms */
	bool ready;
	struct timer probe, restart;
	struct process *next;
};

struct processes {
	struct loop *loop;
	const char *image, *behave, *dir;
	struct pod_runner runner;
	struct pods *pods;
	struct process *list;
	unsigned serial;
};

static void
process_free(struct process *p)
{
	loop_timer_stop(p->owner->loop, &p->probe);
	loop_timer_stop(p->owner->loop, &p->restart);
	child_stop(p->child, STOP_MS);
	free(p->ns);
	free(p->name);
	free(p->tag);
	free(p);
}

static void launch(struct process *);

static void
processes_on_restart(struct timer *t, void *arg)
{
	(void)t;
	launch(arg);
}

/* As a kubelet does it: started again, later each time. */
static void
processes_on_exit_(void *arg, int status)
{
	struct process *p = arg;

	log_warn("a pod's process ended", "pod", p->name);
	(void)status;
	p->child = child_kill(p->child);
	p->ready = false;
	pods_restarted(p->owner->pods, p->ns, p->name);
	p->backoff = p->backoff == 0		       ? RESTART_MIN_MS
		     : p->backoff * 2 > RESTART_MAX_MS ? RESTART_MAX_MS
						       : p->backoff * 2;
	loop_timer(p->owner->loop, &p->restart, p->backoff);
}

static void
launch(struct process *p)
{
	struct loop *l = p->owner->loop;
	_cleanup_(arena_freep) struct arena *a = arena_new();
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	const char *argv[] = { self, "demo-app", "--address", arena_printf(a, "%s:%d", p->ip, p->port),
		"--version-name", p->tag, "--errors", p->errors, "--latency", p->latency, NULL };

	self[n > 0 ? n : 0] = '\0';
	p->child = child_serve(l, argv, arena_printf(a, "%s/pods.log", p->owner->dir), processes_on_exit_, p);
	p->not_before = loop_mono(l) + p->initial_delay;
	loop_timer(l, &p->probe, PROBE_MS);
}

/* Listening is ready: the application responds as soon as it accepts. A loopback connect is decided at once. */
static void
on_probe(struct timer *t, void *arg)
{
	struct process *p = arg;
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((uint16_t)p->port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool up;

	inet_pton(AF_INET, p->ip, &at.sin_addr);
	up = p->child != NULL && fd >= 0 && connect(fd, (struct sockaddr *)&at, sizeof(at)) == 0;
	if (fd >= 0)
		close(fd);
	if (up && loop_mono(p->owner->loop) >= p->not_before && !p->ready) {
		p->ready = true;
		pods_ready(p->owner->pods, p->ns, p->name, true, p->ip);
	}
	if (!p->ready)
		loop_timer(p->owner->loop, t, PROBE_MS);
}

/* The part of `behave` for a tag, as flags of the application. */
static void
behavior(const char *behave, const char *tag, char *errors, size_t n_errors, char *latency, size_t n_latency)
{
	size_t len = strlen(tag);

	for (const char *s = behave; s != NULL && *s != '\0'; s += strcspn(s, ";"), s += *s == ';') {
		const char *c, *end = s + strcspn(s, ";");

		if (strncmp(s, tag, len) != 0 || s[len] != ':')
			continue;
		for (c = s + len + 1; c < end; c += strcspn(c, ",;"), c += *c == ',') {
			int width = (int)strcspn(c, ",;");

			if (str_starts(c, "errors="))
				snprintf(errors, n_errors, "%.*s", width - 7, c + 7);
			else if (str_starts(c, "latency="))
				snprintf(latency, n_latency, "%.*s", width - 8, c + 8);
		}
	}
}

static bool
processes_start(void *arg, const json_t *pod)
{
	struct processes *ps = arg;
	const json_t *container = json_at(pod, "/spec/containers/0"), *meta = json_object_get(pod, "metadata");
	const char *image = json_str(container, "image") ?: "", *colon = strrchr(image, ':');
	struct process *p;

	if (colon == NULL || strlen(ps->image) != (size_t)(colon - image) ||
	    strncmp(ps->image, image, strlen(ps->image)) != 0)
		return false;
	p = mem_alloc(sizeof(*p));
	*p = (struct process){ .owner = ps,
		.ns = mem_strdup(json_str(meta, "namespace")),
		.name = mem_strdup(json_str(meta, "name")),
		.tag = mem_strdup(colon + 1),
		.errors = "0",
		.latency = "2ms",
		.port = (int)json_int(json_at(container, "/ports/0"), "containerPort", 8080),
		.initial_delay =
		    1000 * json_int(json_object_get(container, "readinessProbe"), "initialDelaySeconds", 0),
		.probe = { .fire = on_probe, .arg = p },
		.restart = { .fire = processes_on_restart, .arg = p },
		.next = ps->list };
	ps->list = p;
	ps->serial++;
	snprintf(p->ip, sizeof(p->ip), "127.%u.%u.%u", 16 + (unsigned)getpid() % 200, ps->serial / 250 % 250,
	    1 + ps->serial % 250);
	behavior(ps->behave, p->tag, p->errors, sizeof(p->errors), p->latency, sizeof(p->latency));
	launch(p);
	return true;
}

static void
processes_stop(void *arg, const json_t *pod)
{
	struct processes *ps = arg;
	const json_t *meta = json_object_get(pod, "metadata");

	for (struct process **at = &ps->list; *at != NULL; at = &(*at)->next) {
		struct process *p = *at;

		if (str_eq(p->name, json_str(meta, "name")) && str_eq(p->ns, json_str(meta, "namespace"))) {
			*at = p->next;
			process_free(p);
			return;
		}
	}
}

struct processes *
processes_new(struct loop *l, const char *image, const char *behave, const char *dir)
{
	struct processes *ps = mem_alloc(sizeof(*ps));

	*ps = (struct processes){ .loop = l, .image = image, .behave = behave, .dir = dir };
	ps->runner = (struct pod_runner){ .start = processes_start, .stop = processes_stop, .arg = ps };
	return ps;
}

struct processes *
processes_free(struct processes *ps)
{
	if (ps == NULL)
		return NULL;
	while (ps->list != NULL) {
		struct process *p = ps->list;

		ps->list = p->next;
		process_free(p);
	}
	free(ps);
	return NULL;
}

const struct pod_runner *
processes_runner(struct processes *ps)
{
	return &ps->runner;
}

void
processes_report_to(struct processes *ps, struct pods *pods)
{
	ps->pods = pods;
}
