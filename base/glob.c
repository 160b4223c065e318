/* base/glob.c: matching by trying, with a bound on how often. */
#include "base/glob.h"
#include <stddef.h>
#include <string.h>

/* Where matching goes on behind an alternative; NULL: nowhere. */
struct behind {
	const char *glob;
	const struct behind *next;
};

/* One try. */
struct run {
	unsigned steps;
	char separator;
};

static bool match(const char *g, const char *t, const struct behind *, int depth, struct run *);

/* The end of the braces that begin at `g`, or NULL. */
static const char *
closing(const char *g)
{
	int depth = 0;

	for (; *g != '\0'; g++) {
		if (*g == '\\' && g[1] != '\0')
			g++;
		else if (*g == '{')
			depth++;
		else if (*g == '}' && --depth == 0)
			return g;
	}
	return NULL;
}

/* A class "[a-z]" at `g`: *ret_in says whether c is in it. What stands behind it, or NULL: it is not closed. */
static const char *class(const char *g, char c, bool *ret_in)
{
	bool negated = g[1] == '!' || g[1] == '^', in = false;

	for (g += negated ? 2 : 1; *g != '\0' && *g != ']'; g++) {
		char from = *g == '\\' && g[1] != '\0' ? *++g : *g, to = from;

		if (g[1] == '-' && g[2] != '\0' && g[2] != ']')
			to = *(g += 2);
		in |= c >= from && c <= to;
	}
	*ret_in = in != negated;
	return *g == ']' ? g + 1 : NULL;
}

/* One of the alternatives in the braces at `g`, and then what stands behind them. Each is tried as a piece of the glob. */
static bool
alternatives(const char *g, const char *end, const char *t, const struct behind *up, int depth, struct run *run)
{
	const struct behind behind = { end + 1, up };
	char piece[512];
	int inside = 0;

	for (const char *from = ++g;; g++) {
		if (*g == '\\' && g < end) {
			g++;
			continue;
		}
		inside += *g == '{' ? 1 : *g == '}' ? -1 : 0;
		if (g != end && (*g != ',' || inside > 0))
			continue;
		if ((size_t)(g - from) >= sizeof(piece))
			return false;
		memcpy(piece, from, (size_t)(g - from));
		piece[g - from] = '\0';
		if (match(piece, t, &behind, depth + 1, run))
			return true;
		if (g == end)
			return false;
		from = g + 1;
	}
}

static bool
match(const char *g, const char *t, const struct behind *up, int depth, struct run *run)
{
	const char *after;
	bool in;

	if (depth > 16)
		return false;
	for (;; g++, t++) {
		if (++run->steps > GLOB_STEPS_MAX)
			return false;
		if (*g == '\0')
			return up != NULL ? match(up->glob, t, up->next, depth + 1, run) : *t == '\0';
		if (*g == '*') {
			bool all = run->separator == '\0' || g[1] == '*';

			while (*g == '*')
				g++;
			for (;; t++) {
				if (match(g, t, up, depth + 1, run))
					return true;
				if (*t == '\0' || (!all && *t == run->separator) || run->steps > GLOB_STEPS_MAX)
					return false;
			}
		}
		if (*g == '{' && (after = closing(g)) != NULL)
			return alternatives(g, after, t, up, depth, run);
		if (*t == '\0' || (*g == '?' && run->separator != '\0' && *t == run->separator))
			return false;
		if (*g == '[' && (after = class(g, *t, &in)) != NULL) {
			if (!in)
				return false;
			g = after - 1;
		} else if (*g != '?') {
			if (*g == '\\' && g[1] != '\0')
				g++;
			if (*g != *t)
				return false;
		}
	}
}

bool
glob_match_between(const char *glob, const char *text, char separator)
{
	struct run run = { 0, separator };

	return match(glob, text, NULL, 0, &run);
}

bool
glob_match(const char *glob, const char *text)
{
	return glob_match_between(glob, text, '\0');
}
