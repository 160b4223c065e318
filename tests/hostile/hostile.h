/* tests/hostile/hostile.h: an HTTP server that misbehaves when a test requests it.
 *
 * It is a proxy of another server, responds with the content of a file, or serves Git repositories. Each connection
 * has a thread, which plays the fault that is set when the request arrives. A fault without an end ends, with its
 * connection, when the test sets another one or none.
 */
#pragma once
#include "base/str.h"

#define TEXT_MAX (64u << 20) /* bytes of a request or a response that is read whole */
#define TICK_MS 50 /* how soon a thread notices that its fault has ended */

/* The fault that the test has set, for which requests, until it sets another one. */
struct setting {
	const struct fault *fault; /* NULL: all responses are the true ones */
	const char *match; /* requests whose first line contains it; "": all. Never freed */
	long long numbers[2]; /* arguments of the fault; 0: not given */
	const char *text; /* the same, "" when not given; never freed */
	unsigned generation; /* the number of the setting: another one has another number */
};

struct exchange {
	struct arena *arena; /* of the request */
	int client; /* the socket */
	struct str in; /* bytes that were read from it, and are not yet used */
	const char *line, *head; /* the request's first line, and the header lines after it, each with its \r\n */
	const char *method, *target;
	struct bytes body;
	struct setting setting; /* that was in force when the request arrived */
	unsigned long sent; /* bytes of the response so far */
};

struct response {
	int status;
	const char *head; /* lines as above, without those that say how long the body is */
	struct bytes body;
};

struct fault {
	const char *name;
	void (*play)(struct exchange *); /* sends what it likes; NULL: the true response is sent after `spoil` */
	/* Returns the text of a body, or of a line of a watch, with the fault in it; NULL if `play` is set */
	const char *(*spoil)(struct exchange *, const char *text);
};

/* main.c */
/* Returns the setting in force. */
struct setting setting_now(void);
/* Returns whether the test has changed the setting since the request arrived. A thread that waits or sends checks it
 * every TICK_MS. */
bool setting_is_over(const struct exchange *);
/* Returns whether the setting has a fault, and it concerns this request. */
bool setting_concerns(const struct setting *, const struct exchange *);
/* Sets the ms for which the client must not send the same request again; requests before that time are
 * counted. */
void retry_after_note(const struct exchange *, int64_t ms);

/* Counts bytes of a response. */
void sent_note(struct exchange *, size_t n);

/* http.c */
/* Waits until the descriptor can be read. Returns false if the setting of the exchange has ended; with NULL it is never
 * over. */
bool wait_readable(int fd, const struct exchange *x);
/* Sends bytes of the response. Returns false if the client is disconnected, or the setting over. */
bool client_send(struct exchange *, const char *at, size_t len);
bool client_sendf(struct exchange *, const char *format, ...) printf_like(2, 3);
/* Reads the next request; false at the end of the connection. */
bool request_read(struct exchange *);
/* Returns whether the request is a watch of the Kubernetes API. */
bool is_watch(const struct exchange *);
/* Returns the value of a header line, in the arena; NULL: there is no such header. */
const char *header_value(struct arena *, const char *head, const char *name);
/* Returns header lines without those about the length of the body and about the connection. */
const char *header_without_length(struct arena *, const char *head);
/* Sends a whole response as it should be. */
void response_send(struct exchange *, const struct response *);

/* backend.c */
enum backend_kind { BACKEND_SERVER, BACKEND_FILE, BACKEND_GIT };
struct backend {
	enum backend_kind kind;
	const char *where; /* a port of loopback, a file, a folder of repositories */
};
extern struct backend backend;
/* Returns the true response, whole; of a watch, one bookmark. */
struct response response_get(struct exchange *);
/* Relays a watch, line by line, until it ends or a fault that concerns it begins. */
void watch_relay(struct exchange *);

/* faults.c: returns the fault of this name, or NULL. */
const struct fault *fault_find(const char *name);
