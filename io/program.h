/* io/program.h: another program, run to its end, with limits. Blocks: for processes that do nothing else. */
#pragma once
#include <stdint.h>
#include "base/err.h"
#include "base/str.h"
#include "io/spawn.h"

#define RUN_MEMORY_MAX (2ull << 30) /* bytes of its own that a program may have where nothing else is said */

struct run {
	const char *const *argv; /* argv[0] is looked up in PATH */
	const char *const *env; /* "NAME=VALUE", ended by NULL: all of its environment but PATH */
	const char *keep; /* variables of ours that it has besides (io/spawn.h); NULL: none */
	enum spawn_reach reach; /* how far it gets: SPAWN_NETWORK, SPAWN_LOCAL; SPAWN_USER: a command of the user's */
	int64_t timeout_ms; /* then it is killed, and what it has started */
	uint64_t memory_max; /* bytes of its own; 0: RUN_MEMORY_MAX */
	size_t output_max; /* bytes of its standard output; a longer one is an error */
	size_t file_max; /* bytes of a file that it may write; 0: as many as there is room for */
};

/* Its standard output, in the arena, with a NUL behind it. The error says how it ended, with the end of what it wrote to standard error:
 * ERR_AGAIN, also for the time-out; ERR_INVALID where its output, or a file, would be too long. */
struct err *run_program(struct arena *, const struct run *, struct bytes *ret);

/* A program that stays, and answers on its standard output to what is written to its standard input. */
struct companion {
	int pid, in, out;
};

/* Starts it, with the same limits but for time, which the caller minds. */
struct err *companion_start(struct arena *, const struct run *, struct companion *ret);
void companion_stop(struct companion *);
