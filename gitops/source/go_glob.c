/* gitops/source/go_glob.c: globs of Go's package path: matches piece by piece between the stars. Other globs are in
 * base/glob.h. */
#include "gitops/source/go_glob.h"
#include <string.h>
#include "base/utf8.h"

/* Reads a character of a class, which may follow a backslash; false: the pattern is wrong. */
static bool
go_glob_class_character(const char **glob, uint32_t *ret)
{
	if (**glob == '\0' || **glob == '-' || **glob == ']')
		return false;
	if (**glob == '\\' && *++*glob == '\0')
		return false;
	*ret = utf8_next(glob);
	return **glob != '\0';
}

/* Returns whether a class ("a-z]", after its bracket) has the character, and moves *glob after it; -1: the pattern is
 * wrong. */
static int
go_glob_class_match(const char **glob, uint32_t c)
{
	bool negated = **glob == '^', found = false;
	uint32_t low, high;

	*glob += negated;
	for (int n = 0; **glob != ']' || n == 0; n++) {
		if (!go_glob_class_character(glob, &low))
			return -1;
		high = low;
		if (**glob == '-' && (++*glob, !go_glob_class_character(glob, &high)))
			return -1;
		found |= low <= c && c <= high;
	}
	++*glob;
	return found != negated;
}

/* Returns 1 if a piece of a pattern without stars matches the beginning, and moves *text after it; 0 if not; -1 if
 * the pattern is wrong. */
static int
go_glob_piece_match(const char *piece, const char **text)
{
	const char *t = *text;
	int match;

	while (*piece != '\0') {
		if (*t == '\0')
			return 0;
		if (*piece == '[') {
			piece++;
			if ((match = go_glob_class_match(&piece, utf8_next(&t))) != 1)
				return match;
		} else if (*piece == '?') {
			utf8_next(&t);
			piece++;
		} else {
			if (*piece == '\\' && *++piece == '\0')
				return -1;
			if (*piece++ != *t++)
				return 0;
		}
	}
	*text = t;
	return 1;
}

/* Returns the number of bytes up to the next star that is not in a class. */
static size_t
go_glob_piece_length(const char *glob)
{
	bool in_class = false;
	size_t n = 0;

	for (; glob[n] != '\0' && (glob[n] != '*' || in_class); n++)
		if (glob[n] == '\\' && glob[n + 1] != '\0')
			n++;
		else if (glob[n] == '[' || glob[n] == ']')
			in_class = glob[n] == '[';
	return n;
}

int
go_glob_match(struct arena *a, const char *glob, const char *text)
{
	while (*glob != '\0') {
		bool star = *glob == '*';
		const char *piece, *rest = text;
		size_t n;
		int match;

		glob += strspn(glob, "*");
		n = go_glob_piece_length(glob);
		if (star && n == 0)
			return 1;
		piece = arena_strndup(a, glob, n);
		glob += n;
		match = go_glob_piece_match(piece, &rest);
		if (match == 1 && (*rest == '\0' || *glob != '\0')) {
			text = rest;
			continue;
		}
		if (match < 0 || !star)
			return match < 0 ? -1 : 0;
		/* After a star: the piece may begin at each later byte; as the last piece it must end the text. */
		for (match = 0; match == 0 && *text != '\0';) {
			rest = ++text;
			match = go_glob_piece_match(piece, &rest);
			if (match == 1 && *glob == '\0' && *rest != '\0')
				match = 0;
		}
		if (match != 1)
			return match;
		text = rest;
	}
	return *text == '\0';
}
