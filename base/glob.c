/* base/glob.c: globs of Argo CD: matches byte by byte, with the set of all positions in the glob that the text can
 * have reached.
 *
 * Each position is examined once for each byte. The time is therefore bounded for every glob and text: a project
 * that denies by a glob depends on that.
 */
#include "base/glob.h"
#include <stddef.h>
#include <string.h>
#include "base/arena.h"

/* The meaning of a position in the glob. */
enum place {
	PLACE_BYTE, /* a byte, also one after "\", or a class */
	PLACE_STAR,
	PLACE_OPEN, /* the opening brace, if it is closed */
	PLACE_NEXT, /* the end of an alternative: continues after the braces */
};

struct glob {
	const char *text;
	size_t len;
	char separator;
	unsigned char *places; /* enum place of each position */
	size_t *next; /* of OPEN and NEXT: the next NEXT of the same braces, the closing brace last */
	size_t *end; /* of OPEN and NEXT: the closing brace */
	size_t *width; /* bytes of the glob that match one byte of the text */
	size_t *todo; /* positions to add; during parsing, the open braces */
};

/* Reads the class "[a-z]" at `g`, and sets *ret_in if c is in it. Returns the end of the class, or NULL if it is not
 * closed. */
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

/* Returns the number of bytes of the glob that match one byte of the text at `at`. Called once for each position,
 * because an unclosed class is read to the end of the glob. */
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

/* Links the braces from `open` to `close`: each comma gets the position of the next comma and of the closing brace.
 * Inner braces are linked already and are skipped. */
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

/* Adds a position, and the positions that follow without a byte of the text. */
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

/* Adds to *then the positions that follow `at` after byte c. */
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
