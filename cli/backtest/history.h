/* cli/backtest/history.h: queries about the past, to a Prometheus or to a file with its recorded responses. */
#pragma once
#include "analysis/compare/matrix.h"
#include "cli/cli.h"

struct history {
	struct cli *cli;
	const char *url; /* of the API; NULL: responses are replayed */
	struct transport *transport; /* NULL: the same */
	json_t *recorded; /* an object: "until", and "exchanges", a list; NULL: nothing is recorded or replayed */
	size_t recorded_bytes, next; /* the next one to be replayed is probably this one */
	const char *record; /* the file to write; NULL: none */
	int64_t until; /* wall ms: the end of the past */
	size_t requests; /* so far */
};

/* Opens the history that --prometheus, --until, --record and --replay name. Returns 0, or 1 after printing the error.
 * history_close frees it in any case. */
int history_open(struct cli *, struct history *ret);

/* Makes a call of the HTTP API, `path` after /api/v1/ and a form as its body, and waits for the response, in the arena.
 * Its err is set without one; the status is not read. */
struct response history_exchange(struct history *, struct arena *, const char *path, const char *body);

/* Makes a range query and waits for the response, in the arena. Its err is set without one; the status is not read. */
struct response history_query(struct history *, struct arena *, const char *query, const struct matrix_grid *);

/* The same for an instant query at a time (wall ms). */
struct response history_query_at(struct history *, struct arena *, const char *query, int64_t at);

/* Writes the file of --record. Returns 0, or 1 after printing the error. */
int history_write(const struct history *);

void history_close(struct history *);
