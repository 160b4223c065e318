/* cli/terminal.c: output without escape sequences of others: everything printed is made printable; standard output
 * and error are replaced by streams of our own, so that no command can forget it. */
#include "cli/terminal.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/arena.h"
#include "base/printable.h"

#define SHOWN_MAX (512u << 20) /* bytes of one write */

struct stream {
	int fd;
	bool styles; /* our own sequences are printed there */
	int error; /* errno of the first write that failed; 0: none did */
	char kept[16]; /* the beginning of a character whose other bytes are in the next write */
	size_t n_kept;
};

static struct stream streams[2] = { { .fd = STDOUT_FILENO, .styles = true }, { .fd = STDERR_FILENO } };

static bool
terminal_write(int fd, const char *at, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, at, len);

		/* Another program may have made a pipe non-blocking. */
		if (n < 0 && errno == EAGAIN)
			poll(&(struct pollfd){ .fd = fd, .events = POLLOUT }, 1, -1);
		else if (n < 0 && errno != EINTR)
			return false;
		at += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
	return true;
}

static bool
terminal_show(struct stream *s, const char *at, size_t len, bool end)
{
	struct str whole, shown;
	size_t taken;
	bool well;

	str_init(&whole, SHOWN_MAX);
	str_init(&shown, SHOWN_MAX);
	str_add(&whole, s->kept, s->n_kept);
	str_add(&whole, at, len);
	taken = printable_add(&shown, str_text(&whole), whole.len, s->styles, end);
	s->n_kept = whole.len - taken;
	memcpy(s->kept, str_text(&whole) + taken, s->n_kept);
	well = terminal_write(s->fd, str_text(&shown), shown.len);
	if (!well && s->error == 0)
		s->error = errno;
	str_done(&whole);
	str_done(&shown);
	return well;
}

static ssize_t
terminal_on_write(void *cookie, const char *at, size_t len)
{
	return terminal_show(cookie, at, len, false) ? (ssize_t)len : 0;
}

static int
terminal_on_close(void *cookie)
{
	return terminal_show(cookie, "", 0, true) ? 0 : EOF;
}

int
terminal_error(void)
{
	return streams[0].error;
}

void
terminal_keep_closed(void)
{
	static const int modes[] = { O_WRONLY, O_RDONLY, O_RDONLY };

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
			open("/dev/null", modes[fd]);
}

void
terminal_guard(void)
{
	static const cookie_io_functions_t functions = { .write = terminal_on_write, .close = terminal_on_close };
	FILE **const standard[] = { &stdout, &stderr };

	for (size_t i = 0; i < ARRAY_SIZE(streams); i++) {
		FILE *f = fopencookie(&streams[i], "w", functions);

		if (f == NULL)
			continue;
		setvbuf(f, NULL, _IOLBF, 0);
		*standard[i] = f;
	}
}
