/* io/program.h: another program, run to its end, with limits: on a loop, or blocking.
 *
 * Its output is kept up to a limit. It ends when it has exited and closed its output. One that takes too long or
 * writes too much is killed; whatever it has started is killed with it in every case.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"
#include "base/str.h"
#include "io/spawn.h"

#define PROGRAM_MEMORY_MAX (2ull << 30) /* bytes of its own, where memory_max is 0 */
#define PROGRAM_MEMORY_UNLIMITED UINT64_MAX

struct loop;

/* Where standard error goes. */
enum program_errors {
	PROGRAM_ERRORS_KEPT, /* the first 4 KiB are kept, for the error of program_run */
	PROGRAM_ERRORS_OURS, /* to our own */
	PROGRAM_ERRORS_OUTPUT, /* a part of its output */
};

/* A program and its limits. Everything that it points at is needed until program_start or program_run returns. */
struct program {
	const char *const *argv; /* ended by NULL; argv[0] is found as spawn_find does */
	const char *const *env; /* "NAME=VALUE", ended by NULL: all of its environment but PATH */
	const char *keep; /* variables that are taken over from ours (io/spawn.h); NULL: none */
	const char *input; /* its standard input; NULL: empty */
	enum spawn_reach reach;
	enum program_errors errors;
	int64_t timeout_ms; /* > 0 */
	int64_t cpu_s; /* 0: twice the time-out */
	/* Bytes of its own; 0: PROGRAM_MEMORY_MAX, or none for SPAWN_USER; PROGRAM_MEMORY_UNLIMITED: none. */
	uint64_t memory_max;
	size_t output_max; /* bytes of its output; more is an error */
	size_t file_max; /* bytes of a file that it writes; 0: no limit */
	unsigned files_max; /* descriptors; 0: SPAWN_FILES */
};

/* How it ended: `err` (a time-out or signal: ERR_AGAIN; too much output or too long a file: ERR_INVALID; without its
 * name), or an exit code. Output and kept errors end with a NUL; borrowed for the call. */
struct program_end {
	const struct err *err;
	int exit_code;
	struct bytes output;
	struct bytes errors;
};

struct program_process;

/* Starts it, and calls `done` from the loop when it has ended; the process is freed then. Returns an error, without its
 * name and in the arena, when it cannot be started: ERR_AGAIN. */
struct err *program_start(struct loop *, struct arena *, const struct program *,
    void (*done)(void *arg, const struct program_end *), void *arg, struct program_process **ret_process);

/* Kills it, without a call of `done`. Takes NULL; returns NULL. */
struct program_process *program_cancel(struct program_process *);

/* Runs it and waits for its end; for processes that have nothing else to do. *ret_output is in the arena, with a NUL
 * behind it. An exit code other than 0 is ERR_AGAIN, with the text of standard error. */
struct err *program_run(struct arena *, const struct program *, struct bytes *ret_output);

/* A program that stays, and responds on its standard output to what is written to its standard input. */
struct coprocess {
	pid_t pid;
	int in, out; /* blocking pipes to and from it */
};

/* Starts it, with the same limits except for time. */
struct err *coprocess_start(struct arena *, const struct program *, struct coprocess *ret);

/* Kills it, waits, and closes the pipes. */
void coprocess_stop(struct coprocess *);
