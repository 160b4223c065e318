/* io/child_process.h: child processes on the loop, started by io/spawn.h. */
#pragma once
#include <sys/types.h>
#include "io/loop.h"
#include "io/spawn.h"

struct child;

/* Starts a child, and calls `exited` when it ends, with the status of waitpid. The owner then calls child_stop.
 * Returns NULL with errno if it cannot be started. */
struct child *child_start(struct loop *, const struct spawn *, void (*exited)(void *arg, int status), void *arg);

/* Starts a server of the laptop cluster, or this program again, without limits. Its standard output and standard
 * error are appended to `log`. */
struct child *child_serve(
    struct loop *, const char *const *argv, const char *log, void (*exited)(void *arg, int status), void *arg);

/* Returns the process id of the child. */
pid_t child_pid(const struct child *);

/* Sends SIGTERM to the process group of the child, and SIGKILL after `grace_ms`. Waits for its end, kills the rest
 * of the group, and frees it. `exited` is not called. Takes NULL; returns NULL. */
struct child *child_stop(struct child *, int grace_ms);

/* Stops the child without a grace period: SIGKILL follows SIGTERM at once. Takes NULL; returns NULL. */
static inline struct child *
child_kill(struct child *c)
{
	return child_stop(c, 0);
}
