/* io/spawn.h: the one way to start a child process: a program, or a function in a copy of this process.
 *
 * A child gets only what its owner lists: variables of the environment (io/spawn_environment.h makes it), three file
 * descriptors, limits, and the access to the network that it needs (io/confine.h denies the rest). It leads a process
 * group, so that its children can be killed with it, and it is killed when its parent ends. io/child_process.h waits
 * for a child on the loop. io/program_run.h runs a program to its end: it sets default limits, limits its time, and
 * reads its output.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "base/arena.h"
#include "io/spawn_environment.h"

#define SPAWN_FILES 256 /* default limit of file descriptors */
#define SPAWN_PROCESSES 4096 /* default limit of processes and threads; the kernel counts all of the same user */

/* The resources that a child can reach; io/confine.h denies it the others. */
enum spawn_reach {
	SPAWN_USER, /* everything: a program on the machine of a user. It can also gain privileges, as sudo does */
	SPAWN_NETWORK, /* the network and files; it cannot gain privileges, nor can those below */
	SPAWN_LOCAL, /* files and local sockets only */
	SPAWN_SEALED, /* open descriptors and memory only: no socket, file or process. For functions, not programs */
};

struct spawn {
	/* A program (see spawn_find) and its arguments, ended by NULL. NULL: `run` */
	const char *const *argv;
	/* A function to run in a copy of this process. It returns the exit code. */
	int (*run)(void *arg);
	void *arg;
	const char *env_names; /* variables of our environment that it gets (SPAWN_ENV …), and PATH; NULL: only PATH */
	const char *const *env; /* variables that it gets in addition: "NAME=VALUE", ended by NULL; NULL: none */
	/* Its standard streams, -1: /dev/null. The caller keeps and closes them. It has no other descriptors. */
	int in, out, err;
	enum spawn_reach reach;
	/* Limits. 0: no limit, except for files and processes. */
	int64_t cpu_s;
	uint64_t memory_max; /* bytes */
	uint64_t file_max; /* bytes of a file that it writes; UINT64_MAX: it must not write files */
	unsigned files_max, processes_max;
	bool unlimited; /* for servers of the laptop cluster: no limits, only the environment and the descriptors */
};

/* Starts a child. Returns its process ID, or -1 with errno. */
pid_t spawn(const struct spawn *);

/* Sends a signal to the process group of a child. */
void spawn_signal(pid_t, int signal);

/* Sends a signal to the process group of a child (0: none), waits for the child's end, and kills the group. Returns
 * the status of waitpid. */
int spawn_end(pid_t, int signal);

/* Returns the path of a program, in the arena: from PATH, or from /usr/sbin and /sbin, which are often not in PATH.
 * NULL if it does not exist. */
const char *spawn_find(struct arena *, const char *name);

/* Lowers a limit (RLIMIT_CORE, …) of this process. It cannot be raised again. */
void spawn_limit(int what, uint64_t to);

/* Limits the memory that this process maps in addition to its current memory. Programs that it starts have their own
 * limit. No effect with the address sanitizer, whose memory would count too. */
void spawn_limit_memory(uint64_t bytes);

/* Returns the limit of the memory (struct spawn's memory_max) of a program that starts this program: `bytes`, or with
 * the address sanitizer UINT64_MAX, no limit. */
uint64_t spawn_memory_with_self(uint64_t bytes);
