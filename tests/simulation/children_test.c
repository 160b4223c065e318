/* tests/simulation/children_test.c: the limits of child processes of each reach (io/spawn.h). */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "io/spawn.h"
#include "tests/simulation/cluster.h"

#define SECRET "CHILDREN_TEST_SECRET"

/* A failed check ends the child with its line. */
#define MUST(condition)                                                                                                \
	do {                                                                                                           \
		if (!(condition))                                                                                      \
			return __LINE__ & 255;                                                                         \
	} while (0)

static int
has_nothing(void *arg)
{
	const char *copy = arg;

	MUST(getenv(SECRET) == NULL);
	MUST(getenv("PATH") != NULL);
	MUST(getenv("ADDED") != NULL && strcmp(getenv("ADDED"), "yes") == 0);
	MUST(memcmp(copy, "\0\0\0\0\0\0\0\0", 8) == 0); /* not in the memory of before either */
	for (int fd = 3; fd < 64; fd++)
		MUST(fcntl(fd, F_GETFD) < 0);
	return 0;
}

static int
is_sealed(void *arg)
{
	struct rlimit r;
	char *room;

	MUST(has_nothing(arg) == 0);
	MUST(getrlimit(RLIMIT_NOFILE, &r) != 0 || r.rlim_max == 3);
	MUST(socket(AF_INET, SOCK_STREAM, 0) < 0);
	MUST(socket(AF_INET6, SOCK_DGRAM, 0) < 0);
	MUST(socket(AF_UNIX, SOCK_STREAM, 0) < 0);
	MUST(open("/etc/passwd", O_RDONLY) < 0);
	MUST(access("/etc/passwd", R_OK) < 0);
	MUST(fork() < 0);
	MUST(kill(getppid(), 0) < 0);
	MUST(setuid(0) < 0 || getuid() == 0);
	MUST(mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
	room = malloc(1 << 20);
	MUST(room != NULL);
	memset(room, 1, 1 << 20);
	free(room);
	return 0;
}

static int
is_local(void *arg)
{
	struct rlimit r;
	int fd;

	MUST(has_nothing(arg) == 0);
	MUST(socket(AF_INET, SOCK_STREAM, 0) < 0 && errno == EPERM);
	MUST(socket(AF_INET6, SOCK_STREAM, 0) < 0 && errno == EPERM);
	MUST(socket(AF_NETLINK, SOCK_RAW, 0) < 0 && errno == EPERM);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	MUST(fd == 3);
	MUST(getrlimit(RLIMIT_CORE, &r) == 0 && r.rlim_max == 0);
	MUST(getrlimit(RLIMIT_NOFILE, &r) == 0 && r.rlim_max == 17);
	MUST(getrlimit(RLIMIT_FSIZE, &r) == 0 && r.rlim_max == 1000);
	MUST(getrlimit(RLIMIT_CPU, &r) == 0 && r.rlim_max == 9);
	return 0;
}

static bool
plays(const char *name, const struct spawn *s)
{
	int status = 0;
	pid_t pid = spawn(s);

	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
		printf("not ok %s: status %x, line %d\n", name, (unsigned)status, WEXITSTATUS(status));
		return false;
	}
	printf("ok %s\n", name);
	return true;
}

bool
children_run(void)
{
	const char *const env[] = { "ADDED=yes", NULL };
	char *secret;
	int leaked = open("/dev/null", O_RDONLY); /* without close-on-exec, as a library may leave one */
	bool ok;

	setenv(SECRET, "hunter2hunter2", 1);
	secret = getenv(SECRET);
	ok = plays("a child has no variable, and no descriptor, that is not named",
	    &(struct spawn){
		.run = has_nothing, .arg = secret, .env = env, .in = -1, .out = -1, .err = 2, .reach = SPAWN_NETWORK });
	ok &= plays("a sealed one has no socket, no file and no process", &(struct spawn){ .run = is_sealed,
									      .arg = secret,
									      .env = env,
									      .in = -1,
									      .out = -1,
									      .err = 2,
									      .reach = SPAWN_SEALED,
									      .files_max = 3,
									      .file_max = UINT64_MAX,
									      .memory_max = 64 << 20 });
	ok &= plays("a local one has local sockets only, and its limits", &(struct spawn){ .run = is_local,
									      .arg = secret,
									      .env = env,
									      .in = -1,
									      .out = -1,
									      .err = 2,
									      .reach = SPAWN_LOCAL,
									      .files_max = 17,
									      .file_max = 1000,
									      .cpu_s = 9 });
	unsetenv(SECRET);
	close(leaked);
	return ok;
}
