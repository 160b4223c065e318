/* base/time.c: times (RFC 3339) and Go durations, parsed and printed: calendar arithmetic without the time zone
 * state of libc. */
#include "base/time.h"
#include <stdio.h>
#include <string.h>

int64_t
time_days(int64_t y, int64_t m, int64_t d)
{
	int64_t era, yoe, doy;

	y -= m <= 2;
	era = (y >= 0 ? y : y - 399) / 400;
	yoe = y - era * 400;
	doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

void
time_civil(int64_t z, int64_t *y, int64_t *m, int64_t *d)
{
	int64_t era, doe, yoe, doy, mp;

	z += 719468;
	era = (z >= 0 ? z : z - 146096) / 146097;
	doe = z - era * 146097;
	yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	mp = (5 * doy + 2) / 153;
	*d = doy - (153 * mp + 2) / 5 + 1;
	*m = mp < 10 ? mp + 3 : mp - 9;
	*y = yoe + era * 400 + (*m <= 2);
}

/* Reads n digits at *s. Returns -1 if there are fewer. */
static int
time_read_digits(const char **s, int n)
{
	int v = 0;

	while (n-- > 0) {
		if (**s < '0' || **s > '9')
			return -1;
		v = v * 10 + (*(*s)++ - '0');
	}
	return v;
}

bool
time_parse(const char *s, int64_t *ret)
{
	int64_t ms = 0, scale = 100, offset = 0;
	int y, mo, d, h, mi, se;

	if (s == NULL || (y = time_read_digits(&s, 4)) < 0 || *s++ != '-' || (mo = time_read_digits(&s, 2)) < 1 ||
	    mo > 12 || *s++ != '-' || (d = time_read_digits(&s, 2)) < 1 || d > 31 ||
	    (*s != 'T' && *s != 't' && *s != ' '))
		return false;
	s++;
	if ((h = time_read_digits(&s, 2)) < 0 || h > 23 || *s++ != ':' || (mi = time_read_digits(&s, 2)) < 0 ||
	    mi > 59 || *s++ != ':' || (se = time_read_digits(&s, 2)) < 0 || se > 60)
		return false;
	if (*s == '.') {
		if (*++s < '0' || *s > '9')
			return false;
		for (; *s >= '0' && *s <= '9'; s++, scale /= 10)
			ms += (*s - '0') * scale;
	}
	if (*s == '+' || *s == '-') {
		int sign = *s++ == '+' ? 1 : -1, oh, om;

		if ((oh = time_read_digits(&s, 2)) < 0 || *s++ != ':' || (om = time_read_digits(&s, 2)) < 0)
			return false;
		offset = sign * (oh * 3600 + om * 60);
	} else if (*s == 'Z' || *s == 'z') {
		s++;
	} else {
		return false;
	}
	if (*s != '\0')
		return false;
	*ret = (time_days(y, mo, d) * 86400 + h * 3600 + mi * 60 + se - offset) * 1000 + ms;
	return true;
}

int64_t
time_stored(int64_t ms)
{
	return ms - (ms % 1000 + 1000) % 1000;
}

/* Writes a number as n decimal digits. */
static void
time_set_digits(char *at, int n, int64_t v)
{
	for (; n > 0; v /= 10)
		at[--n] = (char)('0' + v % 10);
}

char *
time_print(char *ret, int64_t ms)
{
	int64_t s = time_stored(ms) / 1000, days = s / 86400, rest = s % 86400, y, m, d;

	if (rest < 0) {
		rest += 86400;
		days--;
	}
	time_civil(days, &y, &m, &d);
	if (y < 0 || y > 9999) {
		snprintf(ret, TIME_TEXT_SIZE, "%04d-%02d-%02dT%02d:%02d:%02dZ", (int)y, (int)m, (int)d,
		    (int)(rest / 3600), (int)(rest / 60 % 60), (int)(rest % 60));
		return ret;
	}
	memcpy(ret, "0000-00-00T00:00:00Z", sizeof("0000-00-00T00:00:00Z"));
	time_set_digits(ret, 4, y);
	time_set_digits(ret + 5, 2, m);
	time_set_digits(ret + 8, 2, d);
	time_set_digits(ret + 11, 2, rest / 3600);
	time_set_digits(ret + 14, 2, rest / 60 % 60);
	time_set_digits(ret + 17, 2, rest % 60);
	return ret;
}

char *
time_format(struct arena *a, int64_t ms)
{
	char text[TIME_TEXT_SIZE];

	return arena_strdup(a, time_print(text, ms));
}

int64_t
time_add(int64_t a, int64_t b)
{
	int64_t sum;

	if (__builtin_add_overflow(a, b, &sum))
		return b > 0 ? TIME_MAX : -TIME_MAX;
	return sum > TIME_MAX ? TIME_MAX : sum < -TIME_MAX ? -TIME_MAX : sum;
}

/* Reads a duration in nanoseconds. Returns false if it is invalid, or too long for an int64_t of milliseconds. */
static bool
duration_read(const char *s, __int128 *ret)
{
	static const struct {
		const char *name;
		int64_t ns;
	} units[] = { { "ns", 1 }, { "us", 1000 }, { "\xc2\xb5s", 1000 }, { "\xce\xbcs", 1000 }, { "ms", 1000000 },
		{ "s", 1000000000 }, { "m", 60000000000 }, { "h", 3600000000000 } };
	const __int128 most = (__int128)INT64_MAX * 1000000;
	__int128 total = 0;
	bool negative = false;

	if (s == NULL)
		return false;
	if (*s == '-' || *s == '+')
		negative = *s++ == '-';
	if (*s == '\0')
		return false;
	if (strcmp(s, "0") == 0)
		s++;
	while (*s != '\0') {
		__int128 whole = 0, part = 0, scale = 1;
		bool any = false;
		size_t best = 0, best_len = 0;

		for (; *s >= '0' && *s <= '9'; s++, any = true)
			if (whole <= INT64_MAX)
				whole = whole * 10 + (*s - '0');
		if (*s == '.')
			for (s++; *s >= '0' && *s <= '9'; s++, any = true)
				if (scale < INT64_MAX / 10) {
					part = part * 10 + (*s - '0');
					scale *= 10;
				}
		for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
			size_t n = strlen(units[i].name);

			if (n > best_len && strncmp(s, units[i].name, n) == 0)
				best = i, best_len = n;
		}
		if (!any || best_len == 0)
			return false;
		s += best_len;
		total += whole * units[best].ns + part * units[best].ns / scale;
		total = total > most ? most : total;
	}
	*ret = negative ? -total : total;
	return true;
}

bool
duration_parse(const char *s, int64_t *ret_ms)
{
	__int128 ns;

	if (!duration_read(s, &ns))
		return false;
	ns /= 1000000;
	*ret_ms = ns > TIME_MAX ? TIME_MAX : ns < -TIME_MAX ? -TIME_MAX : (int64_t)ns;
	return true;
}

bool
duration_parse_ns(const char *s, int64_t *ret_ns)
{
	__int128 ns;

	if (!duration_read(s, &ns) || ns > INT64_MAX || ns < INT64_MIN)
		return false;
	*ret_ns = (int64_t)ns;
	return true;
}

char *
duration_human(struct arena *a, int64_t ms)
{
	long long s = ms < 0 ? 0 : ms / 1000;

	if (s < 120)
		return arena_printf(a, "%llds", s);
	if (s < 600)
		return s % 60 ? arena_printf(a, "%lldm%llds", s / 60, s % 60) : arena_printf(a, "%lldm", s / 60);
	if (s < 3 * 3600)
		return arena_printf(a, "%lldm", s / 60);
	if (s < 8 * 3600)
		return s / 60 % 60 ? arena_printf(a, "%lldh%lldm", s / 3600, s / 60 % 60)
				   : arena_printf(a, "%lldh", s / 3600);
	if (s < 48 * 3600)
		return arena_printf(a, "%lldh", s / 3600);
	if (s < 8 * 86400 && s / 3600 % 24)
		return arena_printf(a, "%lldd%lldh", s / 86400, s / 3600 % 24);
	return arena_printf(a, "%lldd", s / 86400);
}
