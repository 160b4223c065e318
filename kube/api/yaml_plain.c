/* kube/api/yaml_plain.c: values of plain YAML scalars (true, 012, 1e3). The rules are those of the readers of
 * Kubernetes (go-yaml 2) and kustomize (go-yaml 3), which read YAML 1.1 with some of 1.2, and no numbers of base 60. */
#include <errno.h>
#include <math.h>
#include <string.h>
#include "base/str.h"
#include "kube/api/yaml.h"

static bool
plain_is_one_of(const char *s, const char *const *words)
{
	for (; *words != NULL; words++)
		if (strcmp(s, *words) == 0)
			return true;
	return false;
}

/* Reads a number of one or two digits and moves *s after it. Returns false if there is no digit or the number exceeds
 * `max`. */
static bool
plain_digits(const char **s, int max, int *ret)
{
	int n = 0, v = 0;

	for (; n < 2 && (*s)[0] >= '0' && (*s)[0] <= '9'; n++)
		v = v * 10 + *(*s)++ - '0';
	*ret = v;
	return n > 0 && v <= max;
}

static bool
plain_is(const char **s, char c)
{
	if (**s != c)
		return false;
	(*s)++;
	return true;
}

static int
plain_days(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : days[month - 1];
}

/* Returns a date, or a date with a time, as RFC 3339, in the arena; or NULL. */
static const char *
plain_time(struct arena *a, const char *s)
{
	int year, month, day, hour = 0, minute = 0, second = 0, h = 0, m = 0;
	const char *zone = "Z", *fraction = "", *from = s;
	size_t digits = 0;
	char mark;

	if (strspn(s, "0123456789") != 4)
		return NULL;
	year = (s[0] - '0') * 1000 + (s[1] - '0') * 100 + (s[2] - '0') * 10 + s[3] - '0';
	s += 4;
	if (!plain_is(&s, '-') || !plain_digits(&s, 12, &month) || !plain_is(&s, '-') || !plain_digits(&s, 31, &day) ||
	    month == 0 || day == 0 || day > plain_days(year, month))
		return NULL;
	mark = *s;
	if (mark != '\0' && (strchr("Tt ", mark) == NULL || (s++, !plain_digits(&s, 23, &hour)) || !plain_is(&s, ':') ||
				!plain_digits(&s, 59, &minute) || !plain_is(&s, ':') || !plain_digits(&s, 59, &second)))
		return NULL;
	if (mark != '\0' && *s == '.') {
		fraction = s++;
		digits = strspn(s, "0123456789");
		s += digits;
		if (digits == 0)
			return NULL;
		digits = digits > 9 ? 9 : digits;
		while (digits > 0 && fraction[digits] == '0')
			digits--;
	}
	if ((mark == 'T' || mark == 't') && !plain_is(&s, 'Z')) {
		const char *sign = s;

		if ((*s != '+' && *s != '-') || strlen(s) != 6 || (s++, !plain_digits(&s, 24, &h)) ||
		    !plain_is(&s, ':') || !plain_digits(&s, 59, &m))
			return NULL;
		zone = h == 0 && m == 0 ? "Z" : sign;
	}
	if (*s != '\0')
		return NULL;
	return arena_printf(a, "%.4s-%02d-%02dT%02d:%02d:%02d%.*s%s", from, month, day, hour, minute, second,
	    digits > 0 ? (int)digits + 1 : 0, fraction, zone);
}

/* Reads a number as Go's strconv.ParseInt with base 0, without the underscores that YAML 1.1 allows; false if it is
 * not a number or does not fit. */
static bool
plain_int(const char *s, json_int_t *ret)
{
	const char *digits = *s == '-' || *s == '+' ? s + 1 : s;
	int base = 10;
	unsigned long long v;
	char *end;

	if (digits[0] == '0' && digits[1] != '\0') {
		char c = digits[1];

		base = c == 'x' || c == 'X' ? 16 : c == 'b' || c == 'B' ? 2 : 8;
		digits += base == 8 && c != 'o' && c != 'O' ? 1 : 2;
	}
	if (*digits == '\0' || strspn(digits, base == 16 ? "0123456789abcdefABCDEF" : "0123456789") != strlen(digits))
		return false;
	errno = 0;
	v = strtoull(digits, &end, base);
	if (errno != 0 || *end != '\0' || v > (unsigned long long)INT64_MAX + (*s == '-'))
		return false;
	*ret = *s == '-' ? (json_int_t)(0 - v) : (json_int_t)v;
	return true;
}

/* Returns whether the text matches [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)? */
static bool
plain_float(const char *s, double *ret)
{
	const char *at = s + (*s == '-' || *s == '+');
	size_t whole = strspn(at, "0123456789");

	at += whole;
	if (*at == '.') {
		size_t fraction = strspn(++at, "0123456789");

		if (whole + fraction == 0)
			return false;
		at += fraction;
	} else if (whole == 0) {
		return false;
	}
	if (*at == 'e' || *at == 'E') {
		size_t exponent;

		at += at[1] == '-' || at[1] == '+' ? 2 : 1;
		if ((exponent = strspn(at, "0123456789")) == 0)
			return false;
		at += exponent;
	}
	*ret = *at == '\0' ? strtod(s, NULL) : INFINITY;
	return isfinite(*ret);
}

static json_t *
plain_number(struct arena *a, const char *s)
{
	const char *bare = str_replace(a, s, "_", "");
	json_int_t i;
	double d;

	/* Underscores after the point are allowed only between digits. */
	for (const char *at = s[0] == '.' ? strchr(s, '_') : NULL; at != NULL; at = strchr(at + 1, '_'))
		if (at[-1] < '0' || at[-1] > '9' || at[1] < '0' || at[1] > '9')
			return NULL;
	if (strchr("+-0123456789", s[0]) != NULL && plain_int(bare, &i))
		return json_integer(i);
	if (!plain_float(bare, &d))
		return NULL;
	return fabs(d) < 9.2e18 && d == (double)(json_int_t)d ? json_integer((json_int_t)d) : json_real(d);
}

json_t *
yaml_plain(struct arena *a, const char *s, enum yaml_words words)
{
	static const char *const nulls[] = { "", "~", "null", "Null", "NULL", NULL };
	static const char *const trues[] = { "true", "True", "TRUE", NULL }, *const falses[] = { "false", "False",
		"FALSE", NULL };
	static const char *const yes_words[] = { "yes", "Yes", "YES", "on", "On", "ON", NULL };
	static const char *const no_words[] = { "no", "No", "NO", "off", "Off", "OFF", NULL };
	const char *time;

	if (plain_is_one_of(s, nulls))
		return json_null();
	if (plain_is_one_of(s, trues) || (words != YAML_KUSTOMIZE && plain_is_one_of(s, yes_words)))
		return json_true();
	if (plain_is_one_of(s, falses) || (words != YAML_KUSTOMIZE && plain_is_one_of(s, no_words)))
		return json_false();
	if (words == YAML_KUBERNETES && strlen(s) == 1 && strchr("yYnN", s[0]) != NULL)
		return json_boolean(s[0] == 'y' || s[0] == 'Y');
	if (strchr("+-.0123456789", s[0]) == NULL)
		return NULL;
	if ((time = plain_time(a, s)) != NULL)
		return json_string(words == YAML_KUSTOMIZE ? time : s);
	return plain_number(a, s);
}
