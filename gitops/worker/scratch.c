/* gitops/worker/scratch.c: temporary directories for git, helm and gpg: creates, fills and removes them. */
#include "gitops/worker/scratch.h"
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "io/file.h"

struct err *
scratch_begin(struct arena *a, const char *cache, const char *what, const char **ret)
{
	char *dir = arena_printf(a, "%s/%s-XXXXXX", cache, what);

	mkdir(cache, 0700);
	if (mkdtemp(dir) == NULL)
		return err_new(a, ERR_AGAIN, "%s: no directory can be made there: %s", cache, strerror(errno));
	*ret = dir;
	return NULL;
}

void
scratch_end(const char *dir)
{
	if (dir != NULL)
		file_remove_all(dir);
}

static bool
scratch_write_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno != EINTR)
			return false;
		text += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
	return true;
}

struct err *
scratch_write(struct arena *a, const char *dir, const char *path, const char *text, size_t len)
{
	char *whole = arena_printf(a, "%s/%s", dir, path);
	bool well;
	int fd;

	for (char *slash = strchr(whole + strlen(dir) + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(whole, 0700);
		*slash = '/';
	}
	fd = open(whole, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	well = fd >= 0 && scratch_write_all(fd, text, len);
	if (fd >= 0 && close(fd) != 0)
		well = false;
	return well ? NULL : err_new(a, ERR_AGAIN, "%s: cannot be written: %s", path, strerror(errno));
}
