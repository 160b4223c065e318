/* gitops/source/version.c: semantic versions and their ranges: parsing and comparison. */
#include "gitops/source/version.h"
#include <ctype.h>
#include <stddef.h>
#include <string.h>

static bool
version_read_number(const char **at, unsigned long long *ret)
{
	size_t n = strspn(*at, "0123456789");

	if (n == 0 || n > 18)
		return false;
	*ret = 0;
	for (size_t i = 0; i < n; i++)
		*ret = *ret * 10 + (unsigned long long)((*at)[i] - '0');
	*at += n;
	return true;
}

/* Reads a version as version_parse() does, from the text up to `end`; "x", "X" and "*" end the numbers. */
static bool
version_read(const char *s, const char *end, struct version *ret)
{
	struct version v = { .pre = "" };

	if (s < end && (*s == 'v' || *s == 'V'))
		s++;
	while (v.n_parts < 3) {
		if (s < end && (*s == 'x' || *s == 'X' || *s == '*')) {
			for (s++; s < end && *s == '.' && s[1] != '\0' && strchr("xX*", s[1]) != NULL;)
				s += 2;
			break;
		}
		if (s >= end || !version_read_number(&s, &v.part[v.n_parts]))
			return false;
		v.n_parts++;
		if (s >= end || *s != '.')
			break;
		if (v.n_parts < 3)
			s++;
	}
	if (s < end && *s == '-') {
		v.pre = ++s;
		while (s < end && (isalnum((unsigned char)*s) || *s == '.' || *s == '-'))
			s++;
		v.pre_len = (int)(s - v.pre);
		if (v.pre_len == 0)
			return false;
	}
	if (s < end && *s == '+')
		for (s++; s < end && (isalnum((unsigned char)*s) || *s == '.' || *s == '-');)
			s++;
	if (s != end)
		return false;
	*ret = v;
	return true;
}

bool
version_parse(const char *s, struct version *ret)
{
	return strpbrk(s, "*") == NULL && version_read(s, s + strlen(s), ret) && ret->n_parts > 0;
}

/* Identifiers between dots: numbers by their value, and before words. */
static int
version_compare_pre(const char *x, int nx, const char *y, int ny)
{
	while (nx > 0 && ny > 0) {
		int lx = 0, ly = 0, by;
		bool dx = true, dy = true;

		for (; lx < nx && x[lx] != '.'; lx++)
			dx &= isdigit((unsigned char)x[lx]) != 0;
		for (; ly < ny && y[ly] != '.'; ly++)
			dy &= isdigit((unsigned char)y[ly]) != 0;
		if (dx != dy)
			return dx ? -1 : 1;
		by = dx && lx != ly ? lx - ly : memcmp(x, y, (size_t)(lx < ly ? lx : ly));
		if (by != 0 || lx != ly)
			return by != 0 ? by : lx - ly;
		x += lx + 1;
		y += ly + 1;
		nx -= lx + 1;
		ny -= ly + 1;
	}
	return (nx > 0) - (ny > 0);
}

int
version_compare(const struct version *x, const struct version *y)
{
	for (int i = 0; i < 3; i++)
		if (x->part[i] != y->part[i])
			return x->part[i] < y->part[i] ? -1 : 1;
	if (x->pre_len == 0 || y->pre_len == 0)
		return (x->pre_len == 0) - (y->pre_len == 0);
	return version_compare_pre(x->pre, x->pre_len, y->pre, y->pre_len);
}

/* Returns the lowest version above all that have the first n numbers of v. */
static struct version
version_above(const struct version *v, int n)
{
	struct version up = { .pre = "" };

	for (int i = 0; i < n; i++)
		up.part[i] = v->part[i];
	if (n > 0)
		up.part[n - 1]++;
	return up;
}

/* Returns whether the version is at least `from`, and has its first n numbers. */
static bool
version_within(const struct version *v, const struct version *from, int n)
{
	struct version up = version_above(from, n);

	return version_compare(v, from) >= 0 && (n == 0 || version_compare(v, &up) < 0);
}

static bool
version_meets_one(const struct version *v, const char *op, size_t n_op, const struct version *c)
{
	int written = c->n_parts, by = version_compare(v, c);
	struct version up = version_above(c, written);
	bool partial = written < 3;

	if (v->pre_len > 0 && c->pre_len == 0)
		return false;
	if (n_op == 0 || (n_op == 1 && *op == '='))
		return partial ? version_within(v, c, written) : by == 0;
	if (n_op == 2 && strncmp(op, "!=", 2) == 0)
		return !(partial ? version_within(v, c, written) : by == 0);
	if (n_op == 2 && (strncmp(op, ">=", 2) == 0 || strncmp(op, "=>", 2) == 0))
		return by >= 0;
	if (n_op == 2 && (strncmp(op, "<=", 2) == 0 || strncmp(op, "=<", 2) == 0))
		return partial ? version_compare(v, &up) < 0 : by <= 0;
	if (n_op == 1 && *op == '>')
		return partial ? version_compare(v, &up) >= 0 : by > 0;
	if (n_op == 1 && *op == '<')
		return by < 0;
	if (*op == '~') /* "~" and "~>": the last number but one stays */
		return version_within(v, c, written > 2 ? 2 : written);
	/* "^": the first number that is not 0 stays */
	for (int i = 0; i < written; i++)
		if (c->part[i] != 0)
			return version_within(v, c, i + 1);
	return version_within(v, c, written);
}

/* Returns whether every comparison in one alternative of a range holds. *ret_well is whether it could be read. */
static bool
version_meets_all(const struct version *v, const char *s, const char *end, bool *ret_well)
{
	bool all = true;
	size_t n = 0;

	for (;;) {
		const char *op, *from;
		struct version c, to;
		size_t n_op;

		s += strspn(s, " ,");
		if (s >= end)
			break;
		op = s;
		n_op = strspn(s, "=!<>~^");
		s += n_op;
		s += strspn(s, " ");
		from = s;
		s += strcspn(s, " ,|");
		if (n_op > 2 || s > end || !version_read(from, s, &c)) {
			*ret_well = false;
			return false;
		}
		n++;
		/* "1.2 - 2.0" */
		if (n_op == 0 && strncmp(s, " - ", 3) == 0 && s + 3 < end) {
			from = s + 3;
			s = from + strcspn(from, " ,|");
			if (!version_read(from, s, &to)) {
				*ret_well = false;
				return false;
			}
			all = all && version_meets_one(v, ">=", 2, &c) && version_meets_one(v, "<=", 2, &to);
		} else {
			all = all && version_meets_one(v, op, n_op, &c);
		}
	}
	*ret_well &= n > 0;
	return all;
}

static bool
version_meets_any(const struct version *v, const char *range, bool *ret_well)
{
	bool any = false;

	*ret_well = true;
	for (const char *s = range;; s++) {
		const char *end = strstr(s, "||");

		any |= version_meets_all(v, s, end != NULL ? end : s + strlen(s), ret_well);
		if (end == NULL)
			return any && *ret_well;
		s = end + 1;
	}
}

bool
version_is_range(const char *s)
{
	struct version v = { .pre = "" };
	bool well;

	version_meets_any(&v, s, &well);
	return well && !version_parse(s, &v);
}

bool
version_in_range(const struct version *v, const char *range)
{
	bool well;

	return version_meets_any(v, range, &well);
}

const char *
version_digest(const char *text)
{
	const char *digits = text != NULL && strncmp(text, "sha256:", 7) == 0 ? text + 7 : NULL;

	return digits != NULL && strlen(digits) == 64 && strspn(digits, "0123456789abcdef") == 64 ? digits : NULL;
}
