/* tests/hostile/main.c: `hostile --to PORT | --file FILE | --git DIR` prints "port N control N", and serves until it
 * is killed.
 *
 * The control port takes "GET /FAULT[/NUMBER[/NUMBER]][?match]" (or POST, with the fault's text as its body), "GET
 * /none", and "GET /", and responds with "requests N hits N early N longest N": all requests, those that met the
 * present fault, those that came before their Retry-After, and the bytes of the longest response to one that met it.
 * "GET /wait/N" gets its response once N requests have met it.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include "io/loop.h"
#include "tests/hostile/hostile.h"

#define EARLY_GRACE_MS 20 /* our clock and the client's begin to count at different moments */
#define BACKLOG 1024

/* A request that is not to be sent again before `until`. */
struct barred {
	struct barred *next;
	const char *what;
	int64_t until; /* mono ms */
};

struct backend backend;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct setting setting = { .match = "", .text = "" };
static struct barred *barred;
static _Atomic unsigned long requests, hits, early, longest;

struct setting
setting_now(void)
{
	struct setting now;

	pthread_mutex_lock(&lock);
	now = setting;
	pthread_mutex_unlock(&lock);
	return now;
}

bool
setting_is_over(const struct exchange *x)
{
	return setting_now().generation != x->setting.generation;
}

bool
setting_concerns(const struct setting *m, const struct exchange *x)
{
	return m->fault != NULL && strstr(x->line, m->match) != NULL;
}

/* Method and path; a watch is another request than a list. */
static const char *
retry_after_key(const struct exchange *x)
{
	return arena_printf(
	    x->arena, "%s %.*s%s", x->method, (int)strcspn(x->target, "?"), x->target, is_watch(x) ? " watch" : "");
}

static struct barred *
barred_find(const char *what)
{
	struct barred *b = barred;

	while (b != NULL && strcmp(b->what, what) != 0)
		b = b->next;
	return b;
}

void
retry_after_note(const struct exchange *x, int64_t ms)
{
	const char *what = retry_after_key(x);
	struct barred *b;

	pthread_mutex_lock(&lock);
	if ((b = barred_find(what)) == NULL) {
		b = mem_alloc(sizeof(*b));
		*b = (struct barred){ .what = mem_strdup(what), .next = barred };
		barred = b;
	}
	b->until = loop_ev_mono() + ms - EARLY_GRACE_MS;
	pthread_mutex_unlock(&lock);
}

static void
retry_after_check(const struct exchange *x)
{
	const char *what = retry_after_key(x);
	struct barred *b;

	pthread_mutex_lock(&lock);
	b = barred_find(what);
	if (b != NULL && loop_ev_mono() < b->until) {
		early++;
		fprintf(stderr, "%lld ms early: %s\n", (long long)(b->until - loop_ev_mono()), what);
	}
	pthread_mutex_unlock(&lock);
}

void
sent_note(struct exchange *x, size_t n)
{
	x->sent += n;
	if (x->setting.fault == NULL)
		return;
	pthread_mutex_lock(&lock);
	if (x->sent > longest)
		longest = x->sent;
	pthread_mutex_unlock(&lock);
}

static void
serve_request(struct exchange *x)
{
	bool concerned;

	x->sent = 0;
	x->setting = setting_now();
	concerned = setting_concerns(&x->setting, x);
	requests++;
	retry_after_check(x);
	if (concerned)
		hits++;
	if (concerned && x->setting.fault->play != NULL) {
		x->setting.fault->play(x);
	} else if (is_watch(x) && backend.kind == BACKEND_SERVER) {
		watch_relay(x);
	} else {
		struct response r = response_get(x);

		if (concerned) {
			const char *text = x->setting.fault->spoil(x, arena_strndup(x->arena, r.body.at, r.body.len));

			r.body = (struct bytes){ text, strlen(text) };
		}
		response_send(x, &r);
	}
}

static void *
serve(void *arg)
{
	struct exchange x = { .client = (int)(intptr_t)arg };

	str_init(&x.in, TEXT_MAX);
	for (x.arena = arena_new(); request_read(&x); arena_reset(x.arena))
		serve_request(&x);
	arena_free(x.arena);
	str_done(&x.in);
	close(x.client);
	return NULL;
}

static void
setting_change(struct exchange *x)
{
	char *path = arena_strdup(x->arena, x->target + 1), *query = strchr(path, '?'), *save, *name, *number;
	struct setting next = { .match = query != NULL ? mem_strdup(query + 1) : "",
		.text = mem_printf("%.*s", (int)x->body.len, x->body.at) };

	if (query != NULL)
		*query = '\0';
	name = strtok_r(path, "/", &save);
	for (size_t i = 0; i < ARRAY_SIZE(next.numbers) && (number = strtok_r(NULL, "/", &save)) != NULL; i++)
		str_int(number, 0, INT32_MAX, &next.numbers[i]);
	if (!str_eq(name, "none") && (next.fault = fault_find(name)) == NULL) {
		response_send(x, &(struct response){ 404, "", { "no such fault\n", 14 } });
		return;
	}
	pthread_mutex_lock(&lock);
	next.generation = setting.generation + 1;
	setting = next;
	hits = longest = 0;
	pthread_mutex_unlock(&lock);
}

static void
hits_wait(const char *text)
{
	long long n = 0;

	str_int(text, 0, INT32_MAX, &n);
	while (hits < (unsigned long)n)
		poll(NULL, 0, TICK_MS);
}

static void *
control(void *arg)
{
	struct exchange x = { .client = (int)(intptr_t)arg, .arena = arena_new() };
	const char *text;

	str_init(&x.in, TEXT_MAX);
	if (request_read(&x)) {
		x.setting = setting_now();
		if (str_starts(x.target, "/wait/"))
			hits_wait(x.target + strlen("/wait/"));
		else if (strcmp(x.target, "/") != 0)
			setting_change(&x);
		x.setting = setting_now();
		text = arena_printf(
		    x.arena, "requests %lu hits %lu early %lu longest %lu\n", requests, hits, early, longest);
		response_send(&x, &(struct response){ 200, "", { text, strlen(text) } });
	}
	arena_free(x.arena);
	str_done(&x.in);
	close(x.client);
	return NULL;
}

static int
listener(int *ret_port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&at, n) != 0 || listen(fd, BACKLOG) != 0 ||
	    getsockname(fd, (struct sockaddr *)&at, &n) != 0) {
		perror("hostile: no port");
		exit(1);
	}
	*ret_port = ntohs(at.sin_port);
	return fd;
}

int
main(int argc, char **argv)
{
	static const char *const kinds[] = { "--to", "--file", "--git" };
	void *(*const threads[])(void *) = { serve, control };
	struct pollfd p[2] = { { .events = POLLIN }, { .events = POLLIN } };
	int ports[2];

	for (size_t i = 0; argc == 3 && i < ARRAY_SIZE(kinds); i++)
		if (strcmp(argv[1], kinds[i]) == 0)
			backend = (struct backend){ (enum backend_kind)i, argv[2] };
	if (backend.where == NULL) {
		fprintf(stderr, "hostile --to PORT | --file FILE | --git DIR\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	prctl(PR_SET_PDEATHSIG, SIGTERM); /* it ends with its test */
	for (size_t i = 0; i < 2; i++)
		p[i].fd = listener(&ports[i]);
	printf("port %d control %d\n", ports[0], ports[1]);
	fflush(stdout);
	for (;;) {
		poll(p, 2, -1);
		for (size_t i = 0; i < 2; i++) {
			int fd = p[i].revents != 0 ? accept4(p[i].fd, NULL, NULL, SOCK_CLOEXEC) : -1;
			pthread_t t;

			if (fd >= 0 && pthread_create(&t, NULL, threads[i], (void *)(intptr_t)fd) == 0)
				pthread_detach(t);
			else if (fd >= 0)
				close(fd);
		}
	}
}
