/* io/child.h: child processes on the loop. How one is started is io/spawn.h's. */
#pragma once
#include <sys/types.h>
#include "io/loop.h"
#include "io/spawn.h"

struct child;

/* Starts one, and calls `exited` when it ends (status as of waitpid); the owner then calls child_stop. NULL when it
 * cannot be started; errno says why. */
struct child *child_start(struct loop *, const struct spawn *, void (*exited)(void *arg, int status), void *arg);

/* A server of the laptop cluster, or this program again: standard output and error are appended to `log`, and it has
 * no limits. */
struct child *child_serve(
    struct loop *, const char *const *argv, const char *log, void (*exited)(void *arg, int status), void *arg);

pid_t child_pid(const struct child *);

/* Sends SIGTERM to it and what it has started, SIGKILL after `grace_ms`, waits for the end, kills what it has left,
 * and frees; `exited` is not called. Takes NULL; returns NULL. */
struct child *child_stop(struct child *, int grace_ms);
