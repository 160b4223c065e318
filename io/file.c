/* io/file.c: whole files and directories: reading with a limit, and removal. */
#include "io/file.h"
#include <ftw.h>
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <string.h>

struct err *
file_read(struct arena *a, const char *path, size_t max, struct bytes *ret)
{
	FILE *f = fopen(path, "r");
	struct err *e = NULL;
	struct str s;
	char buffer[4096];
	size_t n;

	if (f == NULL)
		return err_new(a, errno == ENOENT ? ERR_GONE : ERR_INVALID, "%s: %s", path, strerror(errno));
	str_init(&s, max);
	while ((n = fread(buffer, 1, sizeof(buffer), f)) > 0 && !s.overflow)
		str_add(&s, buffer, n);
	if (ferror(f))
		e = err_new(a, ERR_INVALID, "%s: %s", path, strerror(errno));
	else if (s.overflow)
		e = err_new(a, ERR_INVALID, "%s: longer than %zu bytes", path, max);
	else
		*ret = (struct bytes){ arena_strndup(a, str_text(&s), s.len), s.len };
	fclose(f);
	str_done(&s);
	return e;
}

static int
file_remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

void
file_remove_all(const char *dir)
{
	nftw(dir, file_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
