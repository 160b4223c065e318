/* base/glob.c: all positions of the glob that the text so far may have come to, byte by byte: each is tried once a byte, so that no glob and no
 * text is too much to decide, which what forbids by a glob rests on. */
#include "base/glob.h"
#include <stddef.h>
#include <string.h>
#include "base/arena.h"

/* What stands at a position of the glob that is no byte of its own. */
enum place {
	PLACE_BYTE, /* a byte, or what "\" or a class takes for one */
	PLACE_STAR,
	PLACE_OPEN, /* of braces that are closed */
	PLACE_NEXT, /* between two alternatives, and at the end of the last: on to what stands behind the braces */
};

struct glob {
	const char *text;
	size_t len;
	char separator;
	unsigned char *places; /* enum place, of each position */
	size_t *next; /* of OPEN and NEXT: the next one of the same braces, the closing one last */
	size_t *end; /* of OPEN and NEXT: the closing one */
	size_t *width; /* bytes of the glob that stand for one of the text, where there is one */
	size_t *todo; /* positions to add; while the glob is read, its open braces */
};

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

/* How many bytes of the glob stand for the one of the text at `at`. Asked once for each position: what a class that is not closed would
 * begin is read to the end. */
static size_t
glob_width(const struct glob *g, size_t at)
{
	const char *behind;
	bool in;

	if (g->text[at] == '\\' && g->text[at + 1] != '\0')
		return 2;
	if (g->text[at] == '[' && (behind = class(g->text + at, '\0', &in)) != NULL)
		return (size_t)(behind - g->text) - at;
	return 1;
}

/* Braces that close at `close`, from the one at `open` on: each comma is linked to the next, and knows where they end. Braces within are
 * closed already, and are passed over. */
static void
glob_close(struct glob *g, size_t open, size_t close)
{
	size_t last = open;

	g->places[open] = PLACE_OPEN;
	g->end[open] = close;
	for (size_t i = open + 1; i <= close; i += g->width[i]) {
		if (g->places[i] == PLACE_OPEN) {
			i = g->end[i];
		} else if (i == close || g->text[i] == ',') {
			g->places[i] = PLACE_NEXT;
			g->end[i] = close;
			g->next[last] = i;
			last = i;
		}
	}
}

static void
glob_read(struct glob *g)
{
	size_t n_open = 0;

	for (size_t i = 0; i < g->len; i += g->width[i]) {
		g->width[i] = glob_width(g, i);
		if (g->text[i] == '*')
			g->places[i] = PLACE_STAR;
		else if (g->text[i] == '{')
			g->todo[n_open++] = i;
		else if (g->text[i] == '}' && n_open > 0)
			glob_close(g, g->todo[--n_open], i);
	}
}

/* Adds a position, and those that it leads to without a byte of the text. */
static void
glob_add(const struct glob *g, unsigned char *set, size_t at)
{
	size_t n = 0;

#define GLOB_TODO(position)                                                                                            \
	do {                                                                                                           \
		size_t p_ = (position);                                                                                \
		if (!set[p_]) {                                                                                        \
			set[p_] = 1;                                                                                   \
			g->todo[n++] = p_;                                                                             \
		}                                                                                                      \
	} while (0)
	GLOB_TODO(at);
	while (n > 0) {
		at = g->todo[--n];
		switch (at < g->len ? g->places[at] : PLACE_BYTE) {
		case PLACE_STAR: GLOB_TODO(at + strspn(g->text + at, "*")); break;
		case PLACE_NEXT: GLOB_TODO(g->end[at] + 1); break;
		case PLACE_OPEN:
			for (size_t from = at, to = g->next[at];; from = to, to = g->next[to]) {
				GLOB_TODO(from + 1);
				if (g->end[to] == to)
					break;
			}
			break;
		}
	}
#undef GLOB_TODO
}

/* Adds to *then where byte c leads from `at`. */
static void
glob_step(const struct glob *g, size_t at, char c, unsigned char *then)
{
	const char *p = g->text + at;
	bool parts = g->separator != '\0' && c == g->separator, in;

	if (g->places[at] == PLACE_STAR) {
		if (!parts || p[1] == '*')
			glob_add(g, then, at);
	} else if (g->places[at] == PLACE_BYTE) {
		size_t width = g->width[at];

		in = *p == '?' ? !parts : c == p[width == 2 && *p == '\\'];
		if (*p == '[' && width > 1)
			class(p, c, &in);
		if (in)
			glob_add(g, then, at + width);
	}
}

bool
glob_match_between(const char *glob, const char *text, char separator)
{
	_cleanup_(arena_freep) struct arena *a = NULL;
	struct glob g = { .text = glob, .len = strlen(glob), .separator = separator };
	unsigned char *now, *then;

	if (strpbrk(glob, "*?[{\\") == NULL)
		return strcmp(glob, text) == 0;
	if (separator == '\0' && strcmp(glob, "*") == 0)
		return true;
	a = arena_new();
	g.places = arena_new_array(a, unsigned char, g.len + 1);
	g.next = arena_new_array(a, size_t, g.len + 1);
	g.end = arena_new_array(a, size_t, g.len + 1);
	g.width = arena_new_array(a, size_t, g.len + 1);
	g.todo = arena_new_array(a, size_t, g.len + 1);
	now = arena_new_array(a, unsigned char, g.len + 1);
	then = arena_new_array(a, unsigned char, g.len + 1);
	glob_read(&g);
	glob_add(&g, now, 0);
	for (; *text != '\0'; text++) {
		unsigned char *before = now;

		for (size_t i = 0; i < g.len; i++)
			if (now[i])
				glob_step(&g, i, *text, then);
		now = then;
		then = before;
		memset(then, 0, g.len + 1);
	}
	return now[g.len];
}

bool
glob_match(const char *glob, const char *text)
{
	return glob_match_between(glob, text, '\0');
}
