/* base/child.h: child processes on the loop.
 *
 * A child dies with its parent, however that ends (PR_SET_PDEATHSIG), so that Ctrl-C or a crash leaves no process behind.
 */
#pragma once
#include <sys/types.h>
#include "base/arena.h"
#include "base/loop.h"

struct child;

/* Where a program is: in PATH, or where daemons are (/usr/sbin, /sbin), which people's PATH often lacks. In the arena; NULL:
 * nowhere. */
const char *child_find(struct arena *, const char *name);

/* Starts argv[0] (a path, or looked up as child_find does), with standard output and error appended to `log` (NULL: /dev/null), and tells
 * `exited` when it ends (status as of waitpid). NULL when it cannot be started; errno says why. */
struct child *child_start(
    struct loop *, const char *const *argv, const char *log, void (*exited)(void *arg, int status), void *arg);

/* The same, with standard input read from a descriptor (-1: /dev/null) and standard output written to one (a pipe's end), which both stay
 * the caller's, standard error left to ours, and variables ("NAME=VALUE", ended by NULL; NULL: none) added to the environment. */
struct child *child_start_piped(struct loop *, const char *const *argv, const char *const *env, int in, int out,
    void (*exited)(void *arg, int status), void *arg);

pid_t child_pid(const struct child *);

/* Sends SIGTERM to it and what it has started, SIGKILL after `grace_ms`, waits for the end and frees; `exited` is not told. Takes NULL. */
struct child *child_stop(struct child *, int grace_ms);
