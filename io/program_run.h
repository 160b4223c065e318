/* io/program_run.h: runs a program to its end, on a loop or blocking: its input, time limit, output and exit code.
 *
 * The output is kept up to a limit. A run ends when the program has exited and its output is closed. A program that
 * takes too long or writes too much is killed. Its children are killed with it in every case. io/spawn.h starts it: the
 * environment, the file descriptors, the other limits and the confinement of a child are set there.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"
#include "base/str.h"
#include "io/spawn.h"

#define PROGRAM_MEMORY_MAX (2ull << 30) /* bytes, if memory_max is 0 */
#define PROGRAM_MEMORY_UNLIMITED UINT64_MAX

struct loop;

/* The destination of standard error. */
enum program_errors {
	PROGRAM_ERRORS_KEPT, /* the first 4 KiB are kept, for the error of program_run */
	PROGRAM_ERRORS_OURS, /* the same standard error as this process */
};

/* A program and its limits. All pointers must be valid until program_start or program_run returns. */
struct program {
	const char *const *argv; /* ended by NULL; argv[0] as in spawn_find */
	const char *const
	    *env; /* "NAME=VALUE", ended by NULL: its environment. PATH is that of this process, unless given */
	const char *env_names; /* variables of our environment that it gets (SPAWN_ENV …); NULL: only PATH */
	const char *input; /* standard input; NULL: empty */
	enum spawn_reach reach;
	enum program_errors errors;
	int64_t timeout_ms; /* > 0; 0 for a coprocess */
	int64_t cpu_s; /* seconds of processor time; 0: twice the timeout, and one second */
	/* Bytes; 0: PROGRAM_MEMORY_MAX, or no limit for SPAWN_USER; PROGRAM_MEMORY_UNLIMITED: no limit. */
	uint64_t memory_max;
	size_t output_max; /* bytes of output; more is an error */
	size_t file_max; /* bytes of a file that it writes; 0: no limit */
	unsigned files_max; /* file descriptors; 0: SPAWN_FILES */
};

/* The result: an error without the name of the program (timeout or signal: ERR_AGAIN; too much output or too long a
 * file: ERR_INVALID), or an exit code. Output and errors end with a NUL and are borrowed for the call. */
struct program_end {
	const struct err *err;
	int exit_code;
	struct bytes output;
	struct bytes errors;
};

struct program_process;

/* Starts a program. Calls `done` from the loop when it has ended, and then frees the process. Returns ERR_AGAIN, in the
 * arena and without the name of the program, if it cannot be started. */
struct err *program_start(struct loop *, struct arena *, const struct program *,
    void (*done)(void *arg, const struct program_end *), void *arg, struct program_process **ret_process);

/* Kills the process without calling `done`. Takes NULL; returns NULL. */
struct program_process *program_cancel(struct program_process *);

/* Runs a program and waits for its end, for processes that have nothing else to do. *ret_output is in the arena,
 * followed by a NUL. An exit code other than 0 is ERR_AGAIN with the text of standard error. */
struct err *program_run(struct arena *, const struct program *, struct bytes *ret_output);

/* A program that keeps running, and responds on its standard output to its standard input. */
struct coprocess {
	pid_t pid;
	int in, out; /* blocking pipes to and from the program */
};

/* Starts a program with its limits of memory, files and processor time (cpu_s; 0: none). timeout_ms must be 0. input,
 * errors and output_max have no effect: its standard error is discarded. */
struct err *coprocess_start(struct arena *, const struct program *, struct coprocess *ret);

/* Closes the pipes, kills the program and its children, and waits for its end. */
void coprocess_stop(struct coprocess *);
