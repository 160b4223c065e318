/* base/json_check.c: whether a text is JSON, in one pass and without a tree: the rules of jansson, which json_parse
 * uses, so that both accept the same texts (tests/fuzz/json.c compares them). */
#include <errno.h>
#include <math.h>
#include <string.h>
#include "base/json_walk.h"
#include "base/str.h"

#define KEYS_FEW 64 /* keys of the open objects that need no memory; and of one object, to be compared one by one */
#define KEY_HASHED 64 /* bytes of a key that its hash is made of */
#define REAL_SAFE 300 /* a number with fewer digits before its point is not too large for a double */

struct check_key {
	const char *at;
	uint32_t len, hash;
};

struct check_open {
	bool object; /* an object, not an array */
	size_t first; /* of its keys */
	uint64_t seen; /* a bit for each hash of its keys */
};

struct checker {
	const char *at, *end;
	size_t depth, depth_max; /* how many values are open; the limit */
	struct check_open open[JSON_DEPTH_MAX + 2]; /* from 1 */
	struct check_key few[KEYS_FEW], *keys, *more; /* of the open objects */
	size_t n_keys, capacity;
	const char *const *path; /* keys that lead to the member to leave out */
	size_t n_path; /* 0: all are checked */
	const char *from, *to; /* its value; NULL: it was not found yet */
};

static void
check_space(struct checker *c)
{
	while (c->at < c->end && (*c->at == ' ' || *c->at == '\n' || *c->at == '\t' || *c->at == '\r'))
		c->at++;
}

/* Returns the first byte that is a quote, a backslash, a control character or not ASCII: of eight bytes at once, the
 * highest bit of each such byte is set in `found`. A borrow can set it in later bytes too, but not in earlier ones. */
static const char *
check_plain_end(const char *at, const char *end)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	const uint64_t ones = 0x0101010101010101u, high = 0x8080808080808080u;

	for (; end - at >= 8; at += 8) {
		uint64_t x, quote, slash, found;

		memcpy(&x, at, 8);
		quote = x ^ (ones * '"');
		slash = x ^ (ones * '\\');
		found = (x | (x - ones * 0x20) | ((quote - ones) & ~quote) | ((slash - ones) & ~slash)) & high;
		if (found != 0)
			return at + __builtin_ctzll(found) / 8;
	}
#endif
	while (at < end && (unsigned char)*at >= 0x20 && (unsigned char)*at < 0x80 && *at != '"' && *at != '\\')
		at++;
	return at;
}

/* Returns the address after a UTF-8 character that is not ASCII, or NULL if it is invalid. */
static const char *
check_utf8(const char *at, const char *end)
{
	const unsigned char *u = (const unsigned char *)at;
	size_t n = u[0] >= 0xc2 && u[0] <= 0xdf	  ? 2
		   : u[0] >= 0xe0 && u[0] <= 0xef ? 3
		   : u[0] >= 0xf0 && u[0] <= 0xf4 ? 4
						  : 0;

	if (n == 0 || (size_t)(end - at) < n)
		return NULL;
	for (size_t i = 1; i < n; i++)
		if ((u[i] & 0xc0) != 0x80)
			return NULL;
	/* Overlong forms, surrogates, and what is beyond U+10FFFF. */
	if ((u[0] == 0xe0 && u[1] < 0xa0) || (u[0] == 0xed && u[1] > 0x9f) || (u[0] == 0xf0 && u[1] < 0x90) ||
	    (u[0] == 0xf4 && u[1] > 0x8f))
		return NULL;
	return at + n;
}

/* Returns the four hexadecimal digits of a \u escape, or -1. */
static int
check_hex(const char *at, const char *end)
{
	int n = 0;

	if (end - at < 6 || at[0] != '\\' || at[1] != 'u')
		return -1;
	for (int i = 2; i < 6; i++) {
		char c = at[i];
		int digit = c >= '0' && c <= '9'   ? c - '0'
			    : c >= 'a' && c <= 'f' ? c - 'a' + 10
			    : c >= 'A' && c <= 'F' ? c - 'A' + 10
						   : -1;

		if (digit < 0)
			return -1;
		n = n * 16 + digit;
	}
	return n;
}

/* Returns the address after an escape, or NULL if it is invalid. */
static const char *
check_escape(const char *at, const char *end, bool key)
{
	int first, second;

	if (end - at < 2)
		return NULL;
	if (at[1] != 'u')
		return at[1] != '\0' && strchr("\"\\/bfnrt", at[1]) != NULL ? at + 2 : NULL;
	first = check_hex(at, end);
	if (first < 0 || (first == 0 && key) || (first >= 0xdc00 && first <= 0xdfff))
		return NULL;
	if (first < 0xd800 || first > 0xdbff)
		return at + 6;
	second = check_hex(at + 6, end);
	return second >= 0xdc00 && second <= 0xdfff ? at + 12 : NULL;
}

/* Reads a string. *ret_escaped: it has an escape. */
static bool
check_string(struct checker *c, bool key, bool *ret_escaped)
{
	const char *at = c->at + 1;

	*ret_escaped = false;
	for (;;) {
		at = check_plain_end(at, c->end);
		if (at == c->end)
			return false;
		if (*at == '"')
			break;
		if (*at == '\\') {
			*ret_escaped = true;
			at = check_escape(at, c->end, key);
		} else {
			at = (unsigned char)*at >= 0x80 ? check_utf8(at, c->end) : NULL;
		}
		if (at == NULL)
			return false;
	}
	c->at = at + 1;
	return true;
}

static bool
check_is_digit(const char *at, const char *end)
{
	return at < end && *at >= '0' && *at <= '9';
}

static const char *
check_digits(const char *at, const char *end)
{
	while (check_is_digit(at, end))
		at++;
	return at;
}

/* Whether an integer fits into 64 bits. */
static bool
check_integer(const char *at, const char *end)
{
	bool negative = *at == '-';
	const char *digits = at + (negative ? 1 : 0), *max = negative ? "9223372036854775808" : "9223372036854775807";
	size_t n = (size_t)(end - digits);

	return n < 19 || (n == 19 && memcmp(digits, max, 19) <= 0);
}

/* Whether a number with a fraction or an exponent fits into a double. */
static bool
check_real(const char *at, const char *end)
{
	_cleanup_(freep) char *copy = NULL;
	bool exponent = memchr(at, 'e', (size_t)(end - at)) != NULL || memchr(at, 'E', (size_t)(end - at)) != NULL;

	if (!exponent && end - at < REAL_SAFE)
		return true;
	copy = mem_alloc((size_t)(end - at) + 1);
	memcpy(copy, at, (size_t)(end - at));
	return isfinite(strtod(copy, NULL));
}

static bool
check_number(struct checker *c)
{
	const char *from = c->at, *at = from + (*from == '-' ? 1 : 0);
	bool real = false;

	if (!check_is_digit(at, c->end) || (*at == '0' && check_is_digit(at + 1, c->end)))
		return false;
	at = check_digits(at, c->end);
	if (at < c->end && *at == '.') {
		real = true;
		if (!check_is_digit(++at, c->end))
			return false;
		at = check_digits(at, c->end);
	}
	if (at < c->end && (*at == 'e' || *at == 'E')) {
		real = true;
		at++;
		if (at < c->end && (*at == '+' || *at == '-'))
			at++;
		if (!check_is_digit(at, c->end))
			return false;
		at = check_digits(at, c->end);
	}
	c->at = at;
	return real ? check_real(from, at) : check_integer(from, at);
}

static bool
check_plain_value(struct checker *c)
{
	static const char *const words[] = { "true", "false", "null" };
	bool escaped;

	if (*c->at == '"')
		return check_string(c, false, &escaped);
	if (*c->at == '-' || check_is_digit(c->at, c->end))
		return check_number(c);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		size_t n = strlen(words[i]);

		if ((size_t)(c->end - c->at) >= n && memcmp(c->at, words[i], n) == 0) {
			c->at += n;
			return true;
		}
	}
	return false;
}

static int
check_compare_keys(const void *a, const void *b)
{
	const struct check_key *x = a, *y = b;
	const char *p = x->at, *q = y->at;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	if (x->len == y->len && memcmp(p, q, x->len) == 0)
		return 0;
	/* Two texts can be one key if they have escapes. */
	while (p < x->at + x->len && q < y->at + y->len) {
		char c[4], d[4];
		size_t n = json_next_char(&p, c), m = json_next_char(&q, d);

		if (n != m)
			return n < m ? -1 : 1;
		if (memcmp(c, d, n) != 0)
			return memcmp(c, d, n);
	}
	return (int)(p < x->at + x->len) - (int)(q < y->at + y->len);
}

/* Returns a hash of the beginning of a key without its escapes. */
static uint32_t
check_hash(const char *at, size_t len, bool escaped)
{
	const char *end = at + len;
	char plain[KEY_HASHED + 4];
	uint64_t h = 0;
	size_t n = 0;

	if (escaped) {
		while (at < end && n < KEY_HASHED)
			n += json_next_char(&at, plain + n);
		at = plain;
		len = n;
	}
	len = len < KEY_HASHED ? len : KEY_HASHED;
	for (; len > 0; at += n, len -= n) {
		uint64_t x = 0;

		n = len < 8 ? len : 8;
		memcpy(&x, at, n);
		h = (h ^ x) * 0x9e3779b97f4a7c15u;
		h ^= h >> 29;
	}
	return (uint32_t)(h >> 32);
}

/* Notes a key of the innermost object. Returns false if it has this key already; of an object with many keys, which
 * would have to be compared with each other, this is found at its end. */
static bool
check_note_key(struct checker *c, struct check_key k)
{
	struct check_open *o = &c->open[c->depth];
	uint64_t bit = (uint64_t)1 << (k.hash >> 26);

	if ((o->seen & bit) != 0 && c->n_keys - o->first < KEYS_FEW)
		for (size_t i = o->first; i < c->n_keys; i++)
			if (c->keys[i].hash == k.hash && check_compare_keys(&c->keys[i], &k) == 0)
				return false;
	o->seen |= bit;
	if (c->n_keys == c->capacity) {
		c->capacity *= 2;
		c->more = mem_realloc(c->more, c->capacity * sizeof(*c->more));
		if (c->keys == c->few)
			memcpy(c->more, c->few, sizeof(c->few));
		c->keys = c->more;
	}
	c->keys[c->n_keys++] = k;
	return true;
}

/* Reads a key and its colon. */
static bool
check_key(struct checker *c)
{
	const char *from;
	bool escaped;
	size_t len;

	check_space(c);
	from = c->at + 1;
	if (c->at == c->end || *c->at != '"' || !check_string(c, true, &escaped))
		return false;
	len = (size_t)(c->at - 1 - from);
	if (!check_note_key(c, (struct check_key){ from, (uint32_t)len, check_hash(from, len, escaped) }))
		return false;
	check_space(c);
	return c->at < c->end && *c->at++ == ':';
}

static bool
check_open(struct checker *c)
{
	if (c->depth == c->depth_max)
		return false;
	c->open[++c->depth] = (struct check_open){ *c->at == '{', c->n_keys, 0 };
	c->at++;
	return true;
}

/* Whether the innermost object or list ends here. */
static bool
check_is_closing(struct checker *c)
{
	check_space(c);
	return c->at < c->end && *c->at == (c->open[c->depth].object ? '}' : ']');
}

static bool
check_close(struct checker *c)
{
	const struct check_open *o = &c->open[c->depth--];
	size_t n = c->n_keys - o->first;

	c->at++;
	c->n_keys = o->first;
	if (n <= KEYS_FEW)
		return true;
	qsort(&c->keys[o->first], n, sizeof(*c->keys), check_compare_keys);
	for (size_t i = o->first + 1; i < o->first + n; i++)
		if (check_compare_keys(&c->keys[i - 1], &c->keys[i]) == 0)
			return false;
	return true;
}

/* Whether the next value is the one to leave out. The last key of each open object is that of the value that is being
 * read. */
static bool
check_is_left_out(const struct checker *c)
{
	size_t end = c->n_keys;

	if (c->n_path == 0 || c->depth != c->n_path || c->from != NULL || (*c->at != '{' && *c->at != '['))
		return false;
	for (size_t d = c->depth; d > 0; d--) {
		const struct check_key *k = &c->keys[end - 1];
		const char *name = c->path[d - 1];

		if (!c->open[d].object || strlen(name) != k->len || memcmp(name, k->at, k->len) != 0)
			return false;
		end = c->open[d].first;
	}
	return true;
}

/* Finds the end of a list or an object by its brackets and quotes. */
static bool
check_leave_out(struct checker *c)
{
	size_t depth = 0;

	c->from = c->at;
	for (const char *at = c->at; at < c->end; at++) {
		if (*at == '"') {
			for (at = check_plain_end(at + 1, c->end); at < c->end && *at != '"';)
				at = check_plain_end(at + (*at == '\\' && c->end - at > 1 ? 2 : 1), c->end);
		} else if (*at == '{' || *at == '[') {
			depth++;
		} else if ((*at == '}' || *at == ']') && --depth == 0) {
			c->to = c->at = at + 1;
			return true;
		}
	}
	return false;
}

static bool
check_text(struct checker *c)
{
	for (;;) {
		bool opened, left_out;

		check_space(c);
		if (c->at == c->end)
			return false;
		left_out = check_is_left_out(c);
		opened = !left_out && (*c->at == '{' || *c->at == '[');
		if (!(left_out ? check_leave_out(c) : opened ? check_open(c) : check_plain_value(c)))
			return false;
		if (opened && !check_is_closing(c)) {
			if (c->open[c->depth].object && !check_key(c))
				return false;
			continue;
		}
		while (c->depth > 0 && check_is_closing(c))
			if (!check_close(c))
				return false;
		check_space(c);
		if (c->depth == 0)
			return c->at == c->end;
		if (c->at == c->end || *c->at++ != ',')
			return false;
		if (c->open[c->depth].object && !check_key(c))
			return false;
	}
}

bool
json_check_except(const char *text, size_t len, size_t depth, const char *const *path, size_t n_path,
    const char **ret_from, const char **ret_to)
{
	struct checker c;
	bool ok;

	if (len > UINT32_MAX)
		return false;
	c.at = text;
	c.end = text + len;
	c.depth = 0;
	c.depth_max = depth < JSON_DEPTH_MAX + 1 ? depth : JSON_DEPTH_MAX + 1;
	c.keys = c.few;
	c.more = NULL;
	c.n_keys = 0;
	c.capacity = KEYS_FEW;
	c.path = path;
	c.n_path = n_path;
	c.from = c.to = NULL;
	ok = check_text(&c);
	free(c.more);
	if (ok) {
		*ret_from = c.from;
		*ret_to = c.to;
	}
	return ok;
}

bool
json_check(const char *text, size_t len, size_t depth)
{
	const char *from, *to;

	return json_check_except(text, len, depth, NULL, 0, &from, &to);
}
