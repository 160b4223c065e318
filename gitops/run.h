/* gitops/run.h: another program, run to its end, with limits. Blocks: for processes that do nothing else. */
#pragma once
#include <stdint.h>
#include "base/err.h"
#include "base/str.h"

struct run {
	const char *const *argv; /* argv[0] is looked up in PATH */
	const char *const *env; /* "NAME=VALUE", ended by NULL: all of its environment but PATH */
	int64_t timeout_ms; /* then it is killed, and what it has started */
	size_t output_max; /* bytes of its standard output; a longer one is an error */
	size_t file_max; /* bytes of a file that it may write */
};

/* Its standard output, in the arena, with a NUL behind it. The error says how it ended, with the end of what it wrote to standard error:
 * ERR_AGAIN, also for the time-out; ERR_INVALID where its output, or a file, would be too long. */
struct err *run_program(struct arena *, const struct run *, struct bytes *ret);

/* Limits this process, for good; `what`: RLIMIT_CORE, … */
void run_limit(int what, uint64_t to);

/* This process may map so many bytes besides what it has; programs that it starts are not limited so. (With an address sanitizer, whose memory
 * would count too, nothing is limited.) */
void run_limit_memory(uint64_t bytes);

/* A program that stays, and answers on its standard output to what is written to its standard input. */
struct companion {
	int pid, in, out;
};

/* Starts it, with the same limits but for time, which the caller minds. */
struct err *companion_start(struct arena *, const struct run *, struct companion *ret);
void companion_stop(struct companion *);
