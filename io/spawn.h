/* io/spawn.h: the one way to start a child process.
 *
 * A child gets what its owner names and nothing else: an environment of named variables, three descriptors, limits,
 * and as much of the network as it needs. It leads a process group, so that what it starts can be ended with it, and
 * it dies with its parent, however that ends. io/child.h waits for one on the loop; io/program.h also reads its
 * output.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "base/arena.h"

/* Names of variables, space-separated; one that ends with "*" is a beginning. Every program may know these. */
#define SPAWN_ENV "PATH HOME TMPDIR TZ LANG LC_*"
/* Of programs that speak to a network. */
#define SPAWN_ENV_NETWORK                                                                                              \
	" http_proxy https_proxy all_proxy no_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY SSL_CERT_FILE "          \
	"SSL_CERT_DIR"
/* Of programs that say who we are to a cluster: what the clouds' own ones read. */
#define SPAWN_ENV_CLOUDS                                                                                               \
	" USER LOGNAME SHELL XDG_* AWS_* AZURE_* AAD_* MSI_* IDENTITY_* GOOGLE_* CLOUDSDK_* GCE_METADATA_HOST "        \
	"USE_GKE_GCLOUD_AUTH_PLUGIN OCI_* DIGITALOCEAN_* TSH_* TELEPORT_* KRB5* SSH_AUTH_SOCK DISPLAY "                \
	"WAYLAND_DISPLAY BROWSER DBUS_SESSION_BUS_ADDRESS"
/* Of this program, started again. */
#define SPAWN_ENV_SLUICE                                                                                               \
	" KUBECONFIG KUBERNETES_SERVICE_HOST KUBERNETES_SERVICE_PORT POD_NAMESPACE ARGO_ROLLOUTS_* NO_COLOR TERM "     \
	"ASAN_OPTIONS LSAN_OPTIONS UBSAN_OPTIONS"

#define SPAWN_FILES 256 /* descriptors, where nothing else is set */
#define SPAWN_PROCESSES                                                                                                \
	4096 /* of our user, threads included, where nothing else is set: the kernel counts those of others too */

enum spawn_reach {
	SPAWN_USER, /* a program of the user's own machine: it may also gain privileges, as sudo does */
	SPAWN_NETWORK,
	SPAWN_LOCAL, /* no socket but a local one */
	SPAWN_SEALED, /* its descriptors and its memory: no socket, no file, no process (a function, never a program) */
};

struct spawn {
	/* A program, found as spawn_find does, and its arguments; ended by NULL. Or NULL, and */
	const char *const *argv;
	/* a function, run in a copy of this process; what it returns is the exit code. */
	int (*run)(void *arg);
	void *arg;
	const char *keep; /* variables that are taken over from ours; NULL: none but PATH */
	const char *const *env; /* "NAME=VALUE", ended by NULL: these too; NULL: none */
	int in, out,
	    err; /* its standard streams; -1: /dev/null. They stay the caller's, and it has no other descriptors */
	enum spawn_reach reach;
	/* Limits; 0: none of ours, but for files and processes. */
	int64_t cpu_s;
	uint64_t memory_max; /* bytes of its own */
	uint64_t file_max; /* bytes of a file that it writes; UINT64_MAX: it may write none */
	unsigned files_max, processes_max;
	bool unlimited; /* a server of the laptop cluster: none of these but the environment and the descriptors */
};

/* Starts it. -1: it cannot be; errno says why. */
pid_t spawn(const struct spawn *);

/* Sends a signal to a child and to what it has started. */
void spawn_signal(pid_t, int signal);

/* Sends a signal to it (0: none), waits for its end, and kills what it has left. Returns its status, as of waitpid. */
int spawn_end(pid_t, int signal);

/* Where a program is: in PATH, or where daemons are (/usr/sbin, /sbin), which users' PATH often lacks. In the arena;
 * NULL: nowhere. */
const char *spawn_find(struct arena *, const char *name);

/* This process, from now on and for good. */
void spawn_limit(int what, uint64_t to); /* RLIMIT_CORE, … */

/* It may map this many bytes more than it has; this limit is not that of programs that it starts. (With an address
 * sanitizer, whose memory would count too, nothing is limited.) */
void spawn_limit_memory(uint64_t bytes);
