/* tests/unit/machinery/transport.c: the number of concurrent requests, and their tenants. The server here accepts
 * connections, and responds when the test requests it. */
#include <dlfcn.h>
#include <netdb.h>
#include <netinet/in.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>
#include "kube/transport_curl.h"

#define CALLS 40
#define CALLS_MOST 80
#define AT_ONCE 12 /* of one namespace, as docs/architecture.md says */
#define AT_ONCE_OF_ALL 16
#define REQUESTED_AT_ONCE 32 /* requests to the outside, for one namespace */
#define REQUESTED_OF_ONE_HOST 16
#define RESOLVER_S 20 /* how long the slow name servers take when nothing ends their wait */
#define TURN_MS 20 /* a time without an arrival; it is checked again instead of waited for */
#define TURNS 10

/* A name of the tenant's, whose name servers take their time: until the test lets them respond. curl and the loop
 * call this one. */
static sem_t requested_slow, responds_slow, responded_slow;
static bool waited_for_slow;

int
getaddrinfo(const char *host, const char *service, const struct addrinfo *hints, struct addrinfo **ret)
{
	int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
	struct timespec pause = { .tv_nsec = 10000000 };

	if (host == NULL || strcmp(host, "slow.example") != 0) {
		*(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
		return real(host, service, hints, ret);
	}
	sem_post(&requested_slow);
	for (int i = 0; i < RESOLVER_S * 100 && !waited_for_slow; i++) {
		nanosleep(&pause, NULL);
		waited_for_slow = sem_trywait(&responds_slow) == 0;
	}
	sem_post(&responded_slow);
	return EAI_AGAIN;
}

struct server {
	struct loop *loop;
	struct loop_io io;
	int connections[CALLS_MOST + 1];
	size_t n, done, late, refused;
};

static void
server_on_connection(struct loop_io *io, int events, void *arg)
{
	struct server *s = arg;

	(void)events;
	assert_true(s->n < CALLS_MOST + 1);
	s->connections[s->n++] = accept(io->fd, NULL, NULL);
	loop_stop(s->loop);
}

static void
server_on_turn(struct timer *t, void *arg)
{
	(void)t;
	loop_stop(((struct server *)arg)->loop);
}

/* Listens on a free port of the loopback address; its URL is in `url`. */
static void
server_start(struct server *s, struct loop *loop, char *url, size_t size)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);

	*s = (struct server){ .loop = loop };
	s->io = (struct loop_io){
		.fd = socket(AF_INET, SOCK_STREAM, 0), .events = LOOP_READ, .ready = server_on_connection, .arg = s
	};
	assert_int_equal(bind(s->io.fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(s->io.fd, CALLS_MOST), 0);
	assert_int_equal(getsockname(s->io.fd, (struct sockaddr *)&at, &len), 0);
	snprintf(url, size, "http://127.0.0.1:%d", ntohs(at.sin_port));
	loop_io_start(loop, &s->io);
}

static void
server_stop(struct server *s)
{
	loop_io_stop(s->loop, &s->io);
	close(s->io.fd);
	for (size_t i = 0; i < s->n; i++)
		close(s->connections[i]);
}

/* Runs until n connections have come, and for some turns more, in which one too many would come. */
static void
server_await(struct server *s, size_t n)
{
	struct timer turn = { .fire = server_on_turn, .arg = s };

	while (s->n < n) {
		s->loop->stopped = false;
		loop_run(s->loop);
	}
	for (int i = 0; i < TURNS; i++) {
		s->loop->stopped = false;
		loop_timer(s->loop, &turn, TURN_MS);
		loop_run(s->loop);
	}
	loop_timer_stop(s->loop, &turn);
}

static void
server_response(struct server *s, size_t i)
{
	static const char response[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}";

	assert_int_equal(write(s->connections[i], response, strlen(response)), strlen(response));
}

/* Responds to the request of a connection that stays open, as servers do. Returns false if it has no request. */
static bool
server_serve(struct server *s, size_t i)
{
	static const char response[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
	char request[4096];

	if (recv(s->connections[i], request, sizeof(request), MSG_DONTWAIT) <= 0)
		return false;
	assert_int_equal(write(s->connections[i], response, strlen(response)), strlen(response));
	return true;
}

/* Serves all requests until n have a response. */
static void
server_serve_until(struct server *s, size_t n)
{
	while (s->done < n) {
		for (size_t i = 0; i < s->n; i++)
			server_serve(s, i);
		server_await(s, 0);
	}
}

static void
on_data(void *arg, const char *at, size_t len)
{
	(void)arg, (void)at, (void)len;
}

static void
on_done(void *arg, const struct err *e, const struct reply *reply)
{
	struct server *s = arg;

	assert_null(e);
	assert_int_equal(reply->status, 200);
	s->done++;
}

static void
on_late(void *arg, const struct err *e, const struct reply *reply)
{
	struct server *s = arg;

	assert_non_null(e);
	assert_int_equal(reply->status, 0);
	s->late++;
}

static void
on_refused(void *arg, const struct err *e, const struct reply *reply)
{
	struct server *s = arg;

	assert_null(e);
	assert_int_equal(reply->status, 401);
	s->refused++;
}

static void
on_error(void *arg, const struct err *e, const struct reply *reply)
{
	struct server *s = arg;

	(void)reply;
	assert_non_null(e);
	s->refused++;
}

static const struct receiver receiver = { .data = on_data, .done = on_done },
			     receiver_of_late = { .data = on_data, .done = on_late },
			     receiver_of_refused = { .data = on_data, .done = on_refused },
			     receiver_of_error = { .data = on_data, .done = on_error };

static void
calls_beyond_twelve_of_a_namespace_wait_for_the_end_of_one_and_a_watch_does_not(void **state)
{
	struct loop *loop = loop_ev_new();
	struct server s;
	char url[64];
	struct config config = { .server = url };
	struct transport *t;
	struct request call = { .method = "GET", .url = "/api/v1/pods/x", .timeout_ms = 600000, .response_max = 1024 },
		       watch = call;

	(void)state;
	server_start(&s, loop, url, sizeof(url));
	t = transport_curl_new(loop, &config);
	for (size_t i = 0; i < CALLS; i++)
		transport_start(t, &call, &receiver, &s);
	server_await(&s, AT_ONCE);
	assert_int_equal(s.n, AT_ONCE);

	server_response(&s, 0);
	server_await(&s, AT_ONCE + 1);
	assert_int_equal(s.done, 1);
	assert_int_equal(s.n, AT_ONCE + 1);

	watch.stream = true;
	transport_start(t, &watch, &receiver, &s);
	server_await(&s, AT_ONCE + 2);
	assert_int_equal(s.n, AT_ONCE + 2);

	transport_free(t);
	server_stop(&s);
	loop_free(loop);
}

static void
a_call_about_the_lease_does_not_wait(void **state)
{
	struct loop *loop = loop_ev_new();
	struct server s;
	char url[64];
	struct config config = { .server = url };
	struct transport *t;
	struct request call = { .method = "GET", .url = "/api/v1/pods/x", .timeout_ms = 600000, .response_max = 1024 },
		       other = call, lease = call;

	(void)state;
	other.url = "/api/v1/namespaces/other/pods/x";
	lease.urgency = URGENCY_LEASE;
	server_start(&s, loop, url, sizeof(url));
	t = transport_curl_new(loop, &config);
	for (size_t i = 0; i < CALLS; i++) {
		transport_start(t, &call, &receiver, &s);
		transport_start(t, &other, &receiver, &s);
	}
	server_await(&s, AT_ONCE_OF_ALL);
	assert_int_equal(s.n, AT_ONCE_OF_ALL);
	transport_start(t, &lease, &receiver, &s);
	server_await(&s, AT_ONCE_OF_ALL + 1);
	assert_int_equal(s.n, AT_ONCE_OF_ALL + 1);

	transport_free(t);
	server_stop(&s);
	loop_free(loop);
}

/* An admission webhook of one namespace is slow. */
static void
slow_calls_of_one_namespace_leave_places_to_others(void **state)
{
	struct loop *loop = loop_ev_new();
	struct server s;
	char url[64];
	struct config config = { .server = url };
	struct transport *t;
	struct request slow = { .method = "PATCH",
		.url = "/apis/apps/v1/namespaces/slow/replicasets/x",
		.timeout_ms = 600000,
		.response_max = 1024 },
		       other = { .method = "PATCH",
			       .url = "/apis/apps/v1/namespaces/other/replicasets/x/scale",
			       .timeout_ms = 600000,
			       .response_max = 1024 };

	(void)state;
	server_start(&s, loop, url, sizeof(url));
	t = transport_curl_new(loop, &config);
	for (size_t i = 0; i < CALLS; i++)
		transport_start(t, &slow, &receiver, &s);
	server_await(&s, AT_ONCE);
	assert_int_equal(s.n, AT_ONCE);
	for (size_t i = 0; i < CALLS; i++)
		transport_start(t, &other, &receiver, &s);
	server_await(&s, AT_ONCE_OF_ALL);
	assert_int_equal(s.n, AT_ONCE_OF_ALL);
	/* The place of one that ends is the other namespace's, which holds fewer. */
	server_response(&s, 0);
	server_await(&s, AT_ONCE_OF_ALL + 1);
	assert_int_equal(s.n, AT_ONCE_OF_ALL + 1);
	server_response(&s, AT_ONCE_OF_ALL);
	server_await(&s, AT_ONCE_OF_ALL + 2);
	assert_int_equal(s.done, 2);

	transport_free(t);
	server_stop(&s);
	loop_free(loop);
}

/* A service of one tenant's that takes its time. */
static void
slow_metrics_of_one_namespace_leave_places_to_others_and_to_the_api_server(void **state)
{
	struct loop *loop = loop_ev_new();
	struct server s, fast;
	char url[64], other_url[64], fast_url[64];
	struct config config = { .server = fast_url };
	struct transport *t;
	struct request slow = { .method = "GET",
		.url = url,
		.timeout_ms = 600000,
		.response_max = 1024,
		.tenant = "slow" },
		       other = slow,
		       call = { .method = "GET", .url = "/api/v1/pods/x", .timeout_ms = 600000, .response_max = 1024 };

	(void)state;
	server_start(&s, loop, url, sizeof(url));
	server_start(&fast, loop, fast_url, sizeof(fast_url));
	snprintf(other_url, sizeof(other_url), "http://localhost:%s", strrchr(url, ':') + 1);
	t = transport_curl_new(loop, &config);
	for (size_t i = 0; i < CALLS; i++)
		transport_start(t, &slow, &receiver, &s);
	server_await(&s, REQUESTED_OF_ONE_HOST);
	assert_int_equal(s.n, REQUESTED_OF_ONE_HOST);
	slow.url = other_url;
	for (size_t i = 0; i < CALLS; i++)
		transport_start(t, &slow, &receiver, &s);
	server_await(&s, REQUESTED_AT_ONCE);
	assert_int_equal(s.n, REQUESTED_AT_ONCE);
	other.tenant = "other";
	transport_start(t, &other, &receiver, &s);
	server_await(&s, REQUESTED_AT_ONCE + 1);
	transport_start(t, &call, &receiver, &fast);
	server_await(&fast, 1);
	/* A host's next request comes when one of its own has its response. */
	server_response(&s, 0);
	server_await(&s, REQUESTED_AT_ONCE + 2);
	assert_int_equal(s.n, REQUESTED_AT_ONCE + 2);
	assert_int_equal(s.done, 1);

	transport_free(t);
	server_stop(&s);
	server_stop(&fast);
	loop_free(loop);
}

static void
a_request_that_waits_has_its_whole_time_out_left(void **state)
{
	struct loop *loop = loop_ev_new();
	struct server s;
	char url[64];
	struct transport *t;
	struct request first = { .method = "GET",
		.url = url,
		.timeout_ms = 600000,
		.response_max = 1024,
		.tenant = "a" },
		       brief = first;

	(void)state;
	server_start(&s, loop, url, sizeof(url));
	t = transport_curl_new(loop, NULL);
	for (size_t i = 0; i < REQUESTED_OF_ONE_HOST; i++)
		transport_start(t, &first, &receiver, &s);
	brief.timeout_ms = TURN_MS;
	transport_start(t, &brief, &receiver_of_late, &s);
	server_await(&s, REQUESTED_OF_ONE_HOST);
	assert_int_equal(s.late, 0);
	server_response(&s, 0);
	server_await(&s, REQUESTED_OF_ONE_HOST + 1);
	assert_int_equal(s.late, 1);
	transport_free(t);
	server_stop(&s);
	loop_free(loop);
}

/* A time-out that ends a request while its host's name is being resolved. */
static void
a_name_that_resolves_slowly_does_not_hold_up_the_loop(void **state)
{
	struct loop *loop = loop_ev_new();
	struct server s = { .loop = loop };
	struct transport *t = transport_curl_new(loop, NULL);
	struct request r = { .method = "GET", .url = "http://slow.example/", .timeout_ms = 100, .response_max = 1024 };

	(void)state;
	sem_init(&requested_slow, 0, 0);
	sem_init(&responds_slow, 0, 0);
	sem_init(&responded_slow, 0, 0);
	transport_start(t, &r, &receiver_of_late, &s);
	while (s.late == 0)
		server_await(&s, 0);
	assert_int_equal(sem_trywait(&requested_slow), 0);
	assert_int_equal(sem_trywait(&responded_slow), -1);
	sem_post(&responds_slow);
	assert_int_equal(sem_wait(&responded_slow), 0);
	assert_true(waited_for_slow);
	transport_free(t);
	loop_free(loop);
}

static void
calls_that_wait_can_be_canceled(void **state)
{
	struct loop *loop = loop_ev_new();
	struct server s;
	char url[64];
	struct config config = { .server = url };
	struct transport *t;
	struct request call = { .method = "GET", .url = "/api/v1/pods/x", .timeout_ms = 600000, .response_max = 1024 };
	struct exchange *waiting[3];

	(void)state;
	server_start(&s, loop, url, sizeof(url));
	t = transport_curl_new(loop, &config);
	for (size_t i = 0; i < AT_ONCE; i++)
		transport_start(t, &call, &receiver, &s);
	for (size_t i = 0; i < 3; i++)
		waiting[i] = transport_start(t, &call, &receiver, &s);
	transport_cancel(t, waiting[1]);
	transport_cancel(t, waiting[0]);
	server_await(&s, AT_ONCE);
	server_response(&s, 0);
	server_response(&s, 1);
	server_await(&s, AT_ONCE + 1);
	assert_int_equal(s.n, AT_ONCE + 1);

	transport_free(t);
	server_stop(&s);
	loop_free(loop);
}

static void
a_call_that_waits_ends_with_its_time_out(void **state)
{
	struct loop *loop = loop_ev_new();
	struct server s;
	char url[64];
	struct config config = { .server = url };
	struct transport *t;
	struct request call = { .method = "GET", .url = "/api/v1/pods/x", .timeout_ms = 600000, .response_max = 1024 },
		       brief = call;

	(void)state;
	server_start(&s, loop, url, sizeof(url));
	t = transport_curl_new(loop, &config);
	for (size_t i = 0; i < AT_ONCE; i++)
		transport_start(t, &call, &receiver, &s);
	brief.timeout_ms = TURN_MS;
	transport_start(t, &brief, &receiver_of_late, &s);
	server_await(&s, AT_ONCE);
	assert_int_equal(s.late, 1);
	assert_int_equal(s.n, AT_ONCE);

	/* Its place in the queue is free again. */
	transport_start(t, &call, &receiver, &s);
	server_response(&s, 0);
	server_await(&s, AT_ONCE + 1);
	assert_int_equal(s.done, 1);

	transport_free(t);
	server_stop(&s);
	loop_free(loop);
}

/* A watch neither takes the connection of a call nor closes one. */
static void
calls_are_made_over_the_connections_of_their_pool(void **state)
{
	struct loop *loop = loop_ev_new();
	struct server s;
	char url[64];
	struct config config = { .server = url };
	struct transport *t;
	struct request call = { .method = "GET", .url = "/api/v1/pods/x", .timeout_ms = 600000, .response_max = 1024 },
		       watch = call;
	struct exchange *watches[AT_ONCE];

	(void)state;
	watch.stream = true;
	server_start(&s, loop, url, sizeof(url));
	t = transport_curl_new(loop, &config);
	for (size_t i = 0; i < CALLS; i++)
		transport_start(t, &call, &receiver, &s);
	server_await(&s, AT_ONCE);
	server_serve_until(&s, CALLS);
	assert_int_equal(s.n, AT_ONCE);
	for (size_t i = 0; i < AT_ONCE; i++)
		watches[i] = transport_start(t, &watch, &receiver, &s);
	server_await(&s, 2 * AT_ONCE);
	assert_int_equal(s.n, 2 * AT_ONCE);
	for (size_t i = 0; i < AT_ONCE; i++)
		transport_cancel(t, watches[i]);
	for (size_t i = 0; i < CALLS; i++)
		transport_start(t, &call, &receiver, &s);
	server_await(&s, 0);
	server_serve_until(&s, 2 * CALLS);
	assert_int_equal(s.n, 2 * AT_ONCE);
	assert_int_equal(t->counts.connections, 2 * AT_ONCE);
	assert_int_equal(t->counts.handshakes, 0);

	transport_free(t);
	server_stop(&s);
	loop_free(loop);
}

/* Runs a call over the first connection, and returns its request. */
static void
server_run_call_with(struct server *s, struct transport *t, const struct request *call, const struct receiver *to,
    const char *response, char *ret, size_t size)
{
	size_t ended = s->done + s->refused;
	ssize_t n;

	transport_start(t, call, to, s);
	server_await(s, 1);
	n = recv(s->connections[0], ret, size - 1, MSG_DONTWAIT);
	assert_true(n > 0);
	ret[n] = '\0';
	assert_int_equal(write(s->connections[0], response, strlen(response)), strlen(response));
	server_await(s, 1);
	assert_int_equal(s->done + s->refused, ended + 1);
}

static void
server_run_call(struct server *s, struct transport *t, const struct request *call, char *ret, size_t size)
{
	server_run_call_with(s, t, call, &receiver, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", ret, size);
}

/* Its handle is that of the call before it. */
static void
a_call_sends_nothing_of_the_call_before_it(void **state)
{
	struct loop *loop = loop_ev_new();
	struct server s, second;
	char url[64], got[4096], want[4096];
	struct config config = { .server = url, .token = "secret", .as.user = "alice" };
	struct transport *t;
	struct request patch = { .method = "PATCH",
		.url = "/api/v1/namespaces/a/pods/x",
		.content_type = "application/json-patch+json",
		.headers = &(struct header){ "X-Secret", "1" },
		.n_headers = 1,
		.body = "[{}]",
		.timeout_ms = 600000,
		.response_max = 1024 },
		       get = { .method = "GET", .url = "/api/v1/pods/y", .timeout_ms = 600000, .response_max = 1024 };

	(void)state;
	server_start(&s, loop, url, sizeof(url));
	t = transport_curl_new(loop, &config);
	server_run_call(&s, t, &patch, got, sizeof(got));
	snprintf(want, sizeof(want),
	    "PATCH /api/v1/namespaces/a/pods/x HTTP/1.1\r\nHost: %s\r\nUser-Agent: sluice\r\n"
	    "Content-Type: application/json-patch+json\r\nX-Secret: 1\r\nAccept: application/json\r\n"
	    "Authorization: Bearer secret\r\nImpersonate-User: alice\r\nContent-Length: 4\r\n\r\n[{}]",
	    url + strlen("http://"));
	assert_string_equal(got, want);

	config.token = NULL;
	config.as.user = NULL;
	second = s;
	server_run_call(&second, t, &get, got, sizeof(got));
	snprintf(want, sizeof(want),
	    "GET /api/v1/pods/y HTTP/1.1\r\nHost: %s\r\nUser-Agent: sluice\r\nAccept: application/json\r\n\r\n",
	    url + strlen("http://"));
	assert_string_equal(got, want);
	/* Nor is its response passed to the call before it. */
	assert_int_equal(s.done, 1);
	assert_int_equal(s.n, 1);

	transport_free(t);
	server_stop(&s);
	loop_free(loop);
}

/* A "." or ".." in a name must not change the path, and what is encoded stays so. */
static void
paths_are_sent_as_they_are(void **state)
{
	static const char *const paths[] = { "/api/v1/pods/x", "/api/v1/namespaces/../pods/./x",
		"/api/v1/pods/a%2Fb?labelSelector=a%3Db&limit=5", "/api/v1/pods/x?watch=1" };
	struct loop *loop = loop_ev_new();
	struct server s;
	char url[64], server[80], got[4096], want[256];
	struct config config = { .server = server };
	struct transport *t;

	(void)state;
	server_start(&s, loop, url, sizeof(url));
	snprintf(server, sizeof(server), "%s/clusters/one", url);
	t = transport_curl_new(loop, &config);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		struct request get = { .method = "GET", .url = paths[i], .timeout_ms = 600000, .response_max = 1024 };
		struct server again = s; /* the connection of the first call */

		server_run_call(i == 0 ? &s : &again, t, &get, got, sizeof(got));
		snprintf(want, sizeof(want), "GET /clusters/one%s HTTP/1.1\r\nHost: %s\r\n", paths[i],
		    url + strlen("http://"));
		assert_memory_equal(got, want, strlen(want));
	}
	transport_free(t);
	server_stop(&s);
	loop_free(loop);
}

static void
a_path_with_a_line_break_is_refused(void **state)
{
	struct loop *loop = loop_ev_new();
	struct server s;
	char url[64];
	struct config config = { .server = url };
	struct request get = {
		.method = "GET", .url = "/api/v1/pods/x HTTP/1.1\r\nX: 1", .timeout_ms = 600000, .response_max = 1024
	};
	struct transport *t;

	(void)state;
	server_start(&s, loop, url, sizeof(url));
	t = transport_curl_new(loop, &config);
	transport_start(t, &get, &receiver_of_error, &s);
	while (s.refused == 0)
		server_await(&s, 0);
	assert_int_equal(s.n, 0);
	transport_free(t);
	server_stop(&s);
	loop_free(loop);
}

static void
write_token(const char *file, const char *token)
{
	FILE *f = fopen(file, "w");

	assert_non_null(f);
	fputs(token, f);
	fclose(f);
}

/* It is also read again after a while, which the test does not wait for. */
static void
a_refused_token_is_read_again_from_its_file(void **state)
{
	struct loop *loop = loop_ev_new();
	struct server s;
	char url[64], got[4096], file[] = "/tmp/sluice-token-XXXXXX";
	int fd = mkstemp(file);
	struct config config = { .server = url, .token_file = file, .token = "old" };
	struct request get = { .method = "GET", .url = "/api/v1/pods/y", .timeout_ms = 600000, .response_max = 1024 };
	struct transport *t;

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	server_start(&s, loop, url, sizeof(url));
	t = transport_curl_new(loop, &config);
	write_token(file, "first\n");
	server_run_call_with(&s, t, &get, &receiver_of_refused,
	    "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n", got, sizeof(got));
	assert_non_null(strstr(got, "\r\nAuthorization: Bearer first\r\n"));
	write_token(file, "second\n");
	server_run_call(&s, t, &get, got, sizeof(got));
	assert_non_null(strstr(got, "\r\nAuthorization: Bearer second\r\n"));

	transport_free(t);
	server_stop(&s);
	unlink(file);
	loop_free(loop);
}

/* tests/wait.sh decides in the same way, for the tests that count connections. */
static void
http2_is_used_from_the_version_on_that_was_tested(void **state)
{
	(void)state;
	assert_false(transport_curl_multiplexes(0x075801, true)); /* Debian 12 */
	assert_false(transport_curl_multiplexes(0x0816ff, true));
	assert_true(transport_curl_multiplexes(0x081700, true));
	assert_true(transport_curl_multiplexes(0x090000, true));
	assert_false(transport_curl_multiplexes(0x090000, false));
}

static void
the_most_urgent_call_that_waits_is_made_first(void **state)
{
	static const enum urgency order[] = { URGENCY_SAFETY, URGENCY_STATUS, URGENCY_PROGRESS, URGENCY_EVENT };
	struct loop *loop = loop_ev_new();
	struct server s;
	char url[64], path[32], got[4096];
	struct config config = { .server = url };
	struct transport *t;
	struct request call = { .method = "GET", .url = "/api/v1/pods/x", .timeout_ms = 600000, .response_max = 1024 };

	(void)state;
	server_start(&s, loop, url, sizeof(url));
	t = transport_curl_new(loop, &config);
	for (size_t i = 0; i < AT_ONCE; i++)
		transport_start(t, &call, &receiver, &s);
	for (size_t i = ARRAY_SIZE(order); i > 0; i--) {
		snprintf(path, sizeof(path), "/api/v1/pods/%zu", i - 1);
		call.url = path;
		call.urgency = order[i - 1];
		transport_start(t, &call, &receiver, &s);
	}
	server_await(&s, AT_ONCE);
	for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
		server_response(&s, i);
		server_await(&s, AT_ONCE + i + 1);
		memset(got, 0, sizeof(got));
		assert_true(recv(s.connections[AT_ONCE + i], got, sizeof(got) - 1, MSG_DONTWAIT) > 0);
		snprintf(path, sizeof(path), "GET /api/v1/pods/%zu ", i);
		assert_memory_equal(got, path, strlen(path));
	}

	transport_free(t);
	server_stop(&s);
	loop_free(loop);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls_beyond_twelve_of_a_namespace_wait_for_the_end_of_one_and_a_watch_does_not),
		cmocka_unit_test(calls_are_made_over_the_connections_of_their_pool),
		cmocka_unit_test(a_call_sends_nothing_of_the_call_before_it),
		cmocka_unit_test(paths_are_sent_as_they_are),
		cmocka_unit_test(a_path_with_a_line_break_is_refused),
		cmocka_unit_test(a_refused_token_is_read_again_from_its_file),
		cmocka_unit_test(http2_is_used_from_the_version_on_that_was_tested),
		cmocka_unit_test(the_most_urgent_call_that_waits_is_made_first),
		cmocka_unit_test(a_call_about_the_lease_does_not_wait),
		cmocka_unit_test(slow_calls_of_one_namespace_leave_places_to_others),
		cmocka_unit_test(slow_metrics_of_one_namespace_leave_places_to_others_and_to_the_api_server),
		cmocka_unit_test(a_request_that_waits_has_its_whole_time_out_left),
		cmocka_unit_test(a_name_that_resolves_slowly_does_not_hold_up_the_loop),
		cmocka_unit_test(calls_that_wait_can_be_canceled),
		cmocka_unit_test(a_call_that_waits_ends_with_its_time_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
