/* io/spawn.c: starts a child process: forks; the child then sets its descriptors, limits and confinement, in this
 * order, and starts the program with its environment. */
#include "io/spawn.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "io/confine.h"

#define BELOW 16 /* descriptors are moved above this number while 0, 1 and 2 are set */

void
spawn_limit(int what, uint64_t to)
{
	struct rlimit r = { to, to }, now;

	/* A lower limit remains. */
	if (getrlimit((__rlimit_resource_t)what, &now) == 0 && now.rlim_max < r.rlim_max)
		r.rlim_cur = r.rlim_max = now.rlim_max;
	setrlimit((__rlimit_resource_t)what, &r);
}

#ifndef __SANITIZE_ADDRESS__
/* Returns the size of the address space in use, in bytes. */
static rlim_t
spawn_mapped(void)
{
	unsigned long pages = 0;
	FILE *f = fopen("/proc/self/statm", "re");

	if (f != NULL) {
		if (fscanf(f, "%lu", &pages) != 1)
			pages = 0;
		fclose(f);
	}
	return (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
}
#endif

void
spawn_limit_memory(uint64_t bytes)
{
#ifndef __SANITIZE_ADDRESS__
	struct rlimit r;

	if (getrlimit(RLIMIT_AS, &r) != 0)
		return;
	bytes += spawn_mapped();
	r.rlim_cur = bytes < r.rlim_max ? (rlim_t)bytes : r.rlim_max;
	setrlimit(RLIMIT_AS, &r);
#else
	(void)bytes;
#endif
}

uint64_t
spawn_memory_with_self(uint64_t bytes)
{
#ifdef __SANITIZE_ADDRESS__
	bytes = UINT64_MAX;
#endif
	return bytes;
}

static void
spawn_set_limits(const struct spawn *s)
{
	struct rlimit memory;

	spawn_limit(RLIMIT_CORE, 0);
	spawn_limit(RLIMIT_NOFILE, s->files_max > 0 ? s->files_max : SPAWN_FILES);
	if (s->cpu_s > 0)
		spawn_limit(RLIMIT_CPU, (uint64_t)s->cpu_s);
	if (s->file_max > 0)
		spawn_limit(RLIMIT_FSIZE, s->file_max == UINT64_MAX ? 0 : s->file_max);
	/* The address space limit of this process (spawn_limit_memory) does not apply to another program. */
	if (s->argv != NULL && getrlimit(RLIMIT_AS, &memory) == 0) {
		memory.rlim_cur = memory.rlim_max;
		setrlimit(RLIMIT_AS, &memory);
	}
	if (s->memory_max > 0 && s->argv != NULL)
		spawn_limit(RLIMIT_DATA, s->memory_max);
	else if (s->memory_max > 0)
		spawn_limit_memory(s->memory_max);
	/* On the machine of a user, all programs of that user count. */
	spawn_limit(RLIMIT_NPROC, s->reach == SPAWN_SEALED ? 0
				  : s->reach == SPAWN_USER ? 4 * SPAWN_PROCESSES
				  : s->processes_max > 0   ? s->processes_max
							   : SPAWN_PROCESSES);
}

const char *
spawn_find(struct arena *a, const char *name)
{
	const char *path = getenv("PATH"),
		   *at = arena_printf(a, "%s:/usr/sbin:/sbin", path != NULL ? path : "/usr/local/bin:/usr/bin:/bin");

	if (strchr(name, '/') != NULL)
		return access(name, X_OK) == 0 ? arena_strdup(a, name) : NULL;
	for (size_t n; *at != '\0'; at += n + (at[n] == ':')) {
		const char *file;

		n = strcspn(at, ":");
		file = arena_printf(a, "%.*s/%s", (int)n, at, name);
		if (n > 0 && access(file, X_OK) == 0)
			return file;
	}
	return NULL;
}

/* Keeps exactly three descriptors. Those of the owner can be 0, 1 or 2 in any order, so that all are moved up first. */
static bool
spawn_set_descriptors(const struct spawn *s)
{
	const int from[3] = { s->in, s->out, s->err };
	int moved[3];

	for (int i = 0; i < 3; i++) {
		int fd = from[i] >= 0 ? from[i] : open("/dev/null", i == 0 ? O_RDONLY : O_WRONLY);

		if (fd < 0 || (moved[i] = fcntl(fd, F_DUPFD, BELOW)) < 0)
			return false;
	}
	for (int i = 0; i < 3; i++)
		if (dup2(moved[i], i) < 0)
			return false;
	/* The descriptors of the parent may be non-blocking; programs expect blocking ones. */
	for (int i = 0; i < 2; i++)
		if (from[i] >= 0)
			fcntl(i, F_SETFL, fcntl(i, F_GETFL) & ~O_NONBLOCK);
	closefrom(3);
	return true;
}

static void
spawn_become(const struct spawn *s, const char *program, char **env, pid_t parent)
{
	sigset_t none;

	setpgid(0, 0); /* Ctrl-C goes to the parent only, which stops its children in order */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	if (!spawn_set_descriptors(s))
		_exit(127);
	if (!s->unlimited)
		spawn_set_limits(s);
	if (s->reach != SPAWN_USER && !s->unlimited)
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (s->reach == SPAWN_LOCAL)
		confine_local();
	if (program != NULL) {
		execve(program, (char *const *)s->argv, env);
		_exit(127);
	}
	spawn_environment_replace(env, s->env_names, s->env);
	tzset(); /* reads a file that cannot be opened later */
	if (s->reach == SPAWN_SEALED)
		confine_sealed();
	_exit(s->run(s->arg));
}

pid_t
spawn(const struct spawn *s)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const char *program = s->argv != NULL ? spawn_find(a, s->argv[0]) : NULL;
	char **env = spawn_environment(a, s->env_names, s->env);
	pid_t parent = getpid(), pid;

	if (s->argv != NULL && program == NULL) {
		errno = ENOENT;
		return -1;
	}
	if ((pid = fork()) == 0)
		spawn_become(s, program, env, parent);
	return pid;
}

/* A child leads a process group after setpgid. */
void
spawn_signal(pid_t pid, int signal)
{
	if (kill(-pid, signal) != 0)
		kill(pid, signal);
}

/* Kills the group before its leader is reaped: until then no other process can get its number. */
int
spawn_end(pid_t pid, int signal)
{
	siginfo_t end;
	int status = 0;

	if (signal != 0)
		spawn_signal(pid, signal);
	while (waitid(P_PID, (id_t)pid, &end, WEXITED | WNOWAIT) != 0 && errno == EINTR)
		;
	kill(-pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}
