/* sim/processes.c: starting, probing and stopping the application's processes. */
#include "sim/processes.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/child.h"
#include "base/log.h"
#include "base/str.h"

#define STOP_MS 1500
#define PROBE_MS 200

struct process {
	struct processes *owner;
	struct child *child;
	char *ns, *name, ip[32];
	int port;
	int64_t not_before; /* mono: the probe's initialDelaySeconds */
	bool ready;
	struct timer probe;
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
	child_stop(p->child, STOP_MS);
	free(p->ns);
	free(p->name);
	free(p);
}

static void
on_exit_(void *arg, int status)
{
	struct process *p = arg;

	log_warn("a pod's process ended", "pod", p->name);
	(void)status;
	p->child = child_stop(p->child, 0);
	p->ready = false;
	if (p->owner->pods != NULL)
		pods_ready(p->owner->pods, p->ns, p->name, false, NULL);
}

/* Listening is ready: the application answers as soon as it accepts. A loopback connect is decided at once. */
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
behaviour(const char *behave, const char *tag, char *errors, size_t n_errors, char *latency, size_t n_latency)
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
start(void *arg, const json_t *pod)
{
	struct processes *ps = arg;
	const json_t *container = json_at(pod, "/spec/containers/0"), *meta = json_object_get(pod, "metadata");
	const char *image = json_str(container, "image") ?: "", *colon = strrchr(image, ':');
	const char *tag = colon != NULL ? colon + 1 : "latest";
	char self[4096], log[4200], address[64], errors[32] = "0", latency[32] = "2ms";
	const char *argv[] = { self, "app", "--address", address, "--version-name", tag, "--errors", errors,
		"--latency", latency, NULL };
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	struct process *p;

	if (n <= 0 || colon == NULL || strlen(ps->image) != (size_t)(colon - image) ||
	    strncmp(ps->image, image, strlen(ps->image)) != 0)
		return false;
	self[n] = '\0';
	p = mem_alloc(sizeof(*p));
	p->owner = ps;
	p->ns = mem_strdup(json_str(meta, "namespace"));
	p->name = mem_strdup(json_str(meta, "name"));
	p->port = (int)json_int(json_at(container, "/ports/0"), "containerPort", 8080);
	ps->serial++;
	snprintf(p->ip, sizeof(p->ip), "127.%u.%u.%u", 16 + (unsigned)getpid() % 200, ps->serial / 250 % 250,
	    1 + ps->serial % 250);
	snprintf(address, sizeof(address), "%s:%d", p->ip, p->port);
	snprintf(log, sizeof(log), "%s/pods.log", ps->dir);
	behaviour(ps->behave, tag, errors, sizeof(errors), latency, sizeof(latency));
	p->child = child_start(ps->loop, argv, log, on_exit_, p);
	p->not_before =
	    loop_mono(ps->loop) + 1000 * json_int(json_at(container, "/readinessProbe"), "initialDelaySeconds", 0);
	p->probe = (struct timer){ .fire = on_probe, .arg = p };
	p->next = ps->list;
	ps->list = p;
	loop_timer(ps->loop, &p->probe, PROBE_MS);
	return true;
}

static void
stop(void *arg, const json_t *pod)
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
	ps->runner = (struct pod_runner){ .start = start, .stop = stop, .arg = ps };
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
