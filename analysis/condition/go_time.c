/* analysis/condition/go_time.c: dates and durations of conditions, as in Go's package time: parsing, printing and
 * calendar arithmetic, without a clock or zone files. */
#include "analysis/condition/go_time.h"
#include <ctype.h>
#include <string.h>
#include <strings.h>
#include "base/str.h"
#include "base/time.h"

#define DAY 86400
#define YEAR_ONE INT64_C(62135596800) /* seconds from 0001-01-01, the zero time of Go, to 1970 */
#define TEXT_MAX 4096 /* bytes of a formatted time */

const char *const go_time_months[12] = { "January", "February", "March", "April", "May", "June", "July", "August",
	"September", "October", "November", "December" };
const char *const go_time_weekdays[7] = { "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday",
	"Saturday" };

/* The pieces of a layout: the reference time of Go, Monday January 2 15:04:05 2006 in the zone -0700. */
enum piece {
	PIECE_TEXT,
	PIECE_MONTH_LONG,
	PIECE_MONTH_SHORT,
	PIECE_MONTH_2,
	PIECE_MONTH,
	PIECE_WEEKDAY_LONG,
	PIECE_WEEKDAY_SHORT,
	PIECE_DAY_2,
	PIECE_DAY_SPACE,
	PIECE_DAY,
	PIECE_YEAR_DAY,
	PIECE_HOUR_24,
	PIECE_HOUR_12_2,
	PIECE_HOUR_12,
	PIECE_MINUTE_2,
	PIECE_MINUTE,
	PIECE_SECOND_2,
	PIECE_SECOND,
	PIECE_YEAR,
	PIECE_YEAR_2,
	PIECE_PM,
	PIECE_PM_LOW,
	PIECE_ZONE_NAME,
	PIECE_ZONE_Z_COLON,
	PIECE_ZONE_Z,
	PIECE_ZONE_COLON,
	PIECE_ZONE,
	PIECE_ZONE_HOUR,
	PIECE_ZONE_Z_HOUR,
	PIECE_FRACTION, /* .000: this number of digits */
	PIECE_FRACTION_CUT, /* .999: without trailing zeros */
};

static const struct {
	const char *text;
	enum piece piece;
} go_time_pieces[] = { { "January", PIECE_MONTH_LONG }, { "Jan", PIECE_MONTH_SHORT }, { "Monday", PIECE_WEEKDAY_LONG },
	{ "Mon", PIECE_WEEKDAY_SHORT }, { "MST", PIECE_ZONE_NAME }, { "2006", PIECE_YEAR }, { "002", PIECE_YEAR_DAY },
	{ "01", PIECE_MONTH_2 }, { "02", PIECE_DAY_2 }, { "03", PIECE_HOUR_12_2 }, { "04", PIECE_MINUTE_2 },
	{ "05", PIECE_SECOND_2 }, { "06", PIECE_YEAR_2 }, { "15", PIECE_HOUR_24 }, { "1", PIECE_MONTH },
	{ "_2006", PIECE_TEXT }, { "_2", PIECE_DAY_SPACE }, { "2", PIECE_DAY }, { "3", PIECE_HOUR_12 },
	{ "4", PIECE_MINUTE }, { "5", PIECE_SECOND }, { "PM", PIECE_PM }, { "pm", PIECE_PM_LOW },
	{ "Z07:00", PIECE_ZONE_Z_COLON }, { "Z0700", PIECE_ZONE_Z }, { "Z07", PIECE_ZONE_Z_HOUR },
	{ "-07:00", PIECE_ZONE_COLON }, { "-0700", PIECE_ZONE }, { "-07", PIECE_ZONE_HOUR } };

struct go_time
go_time_from_ms(int64_t ms)
{
	int64_t rest = ms % 1000, s = ms / 1000;

	if (rest < 0) {
		rest += 1000;
		s--;
	}
	return (struct go_time){ .s = s, .ns = (int32_t)(rest * 1000000) };
}

int64_t
go_time_ms(struct go_time m)
{
	__int128 ms = (__int128)m.s * 1000 + m.ns / 1000000;

	return ms > TIME_MAX ? TIME_MAX : ms < -TIME_MAX ? -TIME_MAX : (int64_t)ms;
}

struct go_time_parts
go_time_parts(struct go_time m)
{
	int64_t local = m.s + m.zone, days = local / DAY, rest = local % DAY, y, mo, d;

	if (rest < 0) {
		rest += DAY;
		days--;
	}
	time_civil(days, &y, &mo, &d);
	return (struct go_time_parts){ .year = y,
		.month = (int)mo,
		.day = (int)d,
		.hour = (int)(rest / 3600),
		.minute = (int)(rest / 60 % 60),
		.second = (int)(rest % 60),
		.weekday = (int)(((days + 4) % 7 + 7) % 7),
		.year_day = (int)(days - time_days(y, 1, 1)) + 1 };
}

struct go_time
go_time_from_parts(const struct go_time_parts *p, int32_t ns, int32_t zone)
{
	int64_t month = (int64_t)p->month - 1, year = p->year;

	year += month / 12;
	month %= 12;
	if (month < 0) {
		month += 12;
		year--;
	}
	return (struct go_time){ .s = (time_days(year, month + 1, 1) + p->day - 1) * DAY + (int64_t)p->hour * 3600 +
				      (int64_t)p->minute * 60 + p->second - zone,
		.ns = ns,
		.zone = zone };
}

int64_t
go_time_sub(struct go_time a, struct go_time b)
{
	__int128 ns = ((__int128)a.s - b.s) * GO_TIME_SECOND + (a.ns - b.ns);

	return ns > INT64_MAX ? INT64_MAX : ns < INT64_MIN ? INT64_MIN : (int64_t)ns;
}

struct go_time
go_time_add(struct go_time m, int64_t ns)
{
	int64_t rest = m.ns + ns % GO_TIME_SECOND;

	m.s += ns / GO_TIME_SECOND;
	if (rest < 0) {
		rest += GO_TIME_SECOND;
		m.s--;
	} else if (rest >= GO_TIME_SECOND) {
		rest -= GO_TIME_SECOND;
		m.s++;
	}
	m.ns = (int32_t)rest;
	return m;
}

int
go_time_compare(struct go_time a, struct go_time b)
{
	if (a.s != b.s)
		return a.s < b.s ? -1 : 1;
	return a.ns < b.ns ? -1 : a.ns > b.ns;
}

/* Returns how many ns the moment is past a multiple of `ns` since the zero time of Go. */
static int64_t
go_time_past(struct go_time m, int64_t ns)
{
	__int128 rest = (((__int128)m.s + YEAR_ONE) * GO_TIME_SECOND + m.ns) % ns;

	return (int64_t)(rest < 0 ? rest + ns : rest);
}

struct go_time
go_time_truncate(struct go_time m, int64_t ns)
{
	return ns <= 0 ? m : go_time_add(m, -go_time_past(m, ns));
}

struct go_time
go_time_round(struct go_time m, int64_t ns)
{
	int64_t past;

	if (ns <= 0)
		return m;
	past = go_time_past(m, ns);
	return past < ns - past ? go_time_add(m, -past) : go_time_add(m, ns - past);
}

/* Returns the first piece of the layout, and its length; PIECE_TEXT is one character. */
static enum piece
go_time_piece(const char *layout, size_t *ret_len)
{
	enum piece found = PIECE_TEXT;
	size_t best = 0;

	/* A fraction is a point or comma and zeros or nines, without a digit after them. */
	if ((layout[0] == '.' || layout[0] == ',') && (layout[1] == '0' || layout[1] == '9')) {
		size_t n = 1 + strspn(layout + 1, layout[1] == '0' ? "0" : "9");

		if (!isdigit((unsigned char)layout[n])) {
			*ret_len = n;
			return layout[1] == '0' ? PIECE_FRACTION : PIECE_FRACTION_CUT;
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(go_time_pieces); i++) {
		size_t n = strlen(go_time_pieces[i].text);

		if (n > best && strncmp(layout, go_time_pieces[i].text, n) == 0) {
			/* The longest piece is taken: "January" before "Jan". A short name that continues with
			 * lower-case letters is text: the "Mon" of "Monster". */
			if (go_time_pieces[i].piece == PIECE_WEEKDAY_SHORT && islower((unsigned char)layout[n]))
				continue;
			if (go_time_pieces[i].piece == PIECE_MONTH_SHORT && islower((unsigned char)layout[n]))
				continue;
			found = go_time_pieces[i].piece;
			best = n;
		}
	}
	*ret_len = best > 0 ? best : 1;
	if (strncmp(layout, "_2006", 5) == 0)
		*ret_len = 1;
	return found;
}

static void
go_time_format_zone(struct str *out, enum piece piece, int32_t zone)
{
	int minutes = zone / 60;
	bool z = piece == PIECE_ZONE_Z_COLON || piece == PIECE_ZONE_Z || piece == PIECE_ZONE_Z_HOUR;

	if (z && zone == 0) {
		str_addc(out, 'Z');
		return;
	}
	str_addc(out, minutes < 0 ? '-' : '+');
	minutes = minutes < 0 ? -minutes : minutes;
	str_addf(out, "%02d", minutes / 60);
	if (piece == PIECE_ZONE_HOUR || piece == PIECE_ZONE_Z_HOUR)
		return;
	str_addf(out, "%s%02d", piece == PIECE_ZONE_Z_COLON || piece == PIECE_ZONE_COLON ? ":" : "", minutes % 60);
}

static void
go_time_format_fraction(struct str *out, const char *piece, size_t len, int32_t ns, bool cut)
{
	char digits[16];
	size_t n = len - 1 > 9 ? 9 : len - 1;

	snprintf(digits, sizeof(digits), "%09d", (int)ns);
	while (cut && n > 0 && digits[n - 1] == '0')
		n--;
	if (cut && n == 0)
		return;
	str_addc(out, piece[0]);
	str_add(out, digits, n);
}

const char *
go_time_format(struct arena *a, struct go_time m, const char *layout)
{
	struct go_time_parts p = go_time_parts(m);
	int hour = p.hour % 12 == 0 ? 12 : p.hour % 12;
	struct str out;
	const char *text;
	size_t len;

	str_init(&out, TEXT_MAX);
	for (; *layout != '\0'; layout += len) {
		enum piece piece = go_time_piece(layout, &len);

		switch (piece) {
		case PIECE_TEXT: str_add(&out, layout, len); break;
		case PIECE_MONTH_LONG: str_adds(&out, go_time_months[p.month - 1]); break;
		case PIECE_MONTH_SHORT: str_add(&out, go_time_months[p.month - 1], 3); break;
		case PIECE_MONTH_2: str_addf(&out, "%02d", p.month); break;
		case PIECE_MONTH: str_addf(&out, "%d", p.month); break;
		case PIECE_WEEKDAY_LONG: str_adds(&out, go_time_weekdays[p.weekday]); break;
		case PIECE_WEEKDAY_SHORT: str_add(&out, go_time_weekdays[p.weekday], 3); break;
		case PIECE_DAY_2: str_addf(&out, "%02d", p.day); break;
		case PIECE_DAY_SPACE: str_addf(&out, "%2d", p.day); break;
		case PIECE_DAY: str_addf(&out, "%d", p.day); break;
		case PIECE_YEAR_DAY: str_addf(&out, "%03d", p.year_day); break;
		case PIECE_HOUR_24: str_addf(&out, "%02d", p.hour); break;
		case PIECE_HOUR_12_2: str_addf(&out, "%02d", hour); break;
		case PIECE_HOUR_12: str_addf(&out, "%d", hour); break;
		case PIECE_MINUTE_2: str_addf(&out, "%02d", p.minute); break;
		case PIECE_MINUTE: str_addf(&out, "%d", p.minute); break;
		case PIECE_SECOND_2: str_addf(&out, "%02d", p.second); break;
		case PIECE_SECOND: str_addf(&out, "%d", p.second); break;
		case PIECE_YEAR:
			str_addf(&out, p.year < 0 ? "-%04lld" : "%04lld", (long long)(p.year < 0 ? -p.year : p.year));
			break;
		case PIECE_YEAR_2: str_addf(&out, "%02d", (int)((p.year % 100 + 100) % 100)); break;
		case PIECE_PM: str_adds(&out, p.hour >= 12 ? "PM" : "AM"); break;
		case PIECE_PM_LOW: str_adds(&out, p.hour >= 12 ? "pm" : "am"); break;
		case PIECE_ZONE_NAME:
			if (m.zone == 0)
				str_adds(&out, "UTC");
			else
				go_time_format_zone(&out, PIECE_ZONE, m.zone);
			break;
		case PIECE_FRACTION:
		case PIECE_FRACTION_CUT:
			go_time_format_fraction(&out, layout, len, m.ns, piece == PIECE_FRACTION_CUT);
			break;
		default: go_time_format_zone(&out, piece, m.zone); break;
		}
	}
	text = arena_strdup(a, str_text(&out));
	str_done(&out);
	return text;
}

/* Reads between min and max decimal digits; -1: there are fewer. */
static int64_t
go_time_read_number(const char **s, int min, int max)
{
	int64_t v = 0;
	int n = 0;

	for (; n < max && isdigit((unsigned char)**s); n++)
		v = v * 10 + (*(*s)++ - '0');
	return n >= min ? v : -1;
}

/* Returns the index of the name at the start of the text, or -1. */
static int
go_time_read_name(const char **s, const char *const *names, int n, bool whole)
{
	for (int i = 0; i < n; i++) {
		size_t len = whole ? strlen(names[i]) : 3;

		if (strncasecmp(*s, names[i], len) == 0) {
			*s += len;
			return i;
		}
	}
	return -1;
}

static bool
go_time_read_zone(const char **s, enum piece piece, int32_t *ret)
{
	bool z = piece == PIECE_ZONE_Z_COLON || piece == PIECE_ZONE_Z || piece == PIECE_ZONE_Z_HOUR;
	bool colon = piece == PIECE_ZONE_Z_COLON || piece == PIECE_ZONE_COLON;
	int64_t hours, minutes = 0;
	int sign;

	if (z && **s == 'Z') {
		(*s)++;
		*ret = 0;
		return true;
	}
	if (**s != '+' && **s != '-')
		return false;
	sign = *(*s)++ == '-' ? -1 : 1;
	if ((hours = go_time_read_number(s, 2, 2)) < 0 || hours > 24)
		return false;
	if (piece != PIECE_ZONE_HOUR && piece != PIECE_ZONE_Z_HOUR) {
		if (colon && *(*s)++ != ':')
			return false;
		if ((minutes = go_time_read_number(s, 2, 2)) < 0 || minutes > 60)
			return false;
	}
	*ret = (int32_t)(sign * (hours * 3600 + minutes * 60));
	return true;
}

static bool
go_time_read_fraction(const char **s, int32_t *ret)
{
	int32_t scale = 100000000;

	if ((**s != '.' && **s != ',') || !isdigit((unsigned char)(*s)[1]))
		return false;
	for ((*s)++, *ret = 0; isdigit((unsigned char)**s); (*s)++, scale /= 10)
		*ret += (**s - '0') * scale;
	return true;
}

bool
go_time_parse(const char *layout, const char *s, int32_t zone, struct go_time *ret)
{
	static const int days[12] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	struct go_time_parts p = { .month = 1, .day = 1 };
	int64_t v = 0, year_day = -1;
	int32_t ns = 0;
	int pm = -1;
	size_t len;

	for (; *layout != '\0'; layout += len) {
		enum piece piece = go_time_piece(layout, &len);

		switch (piece) {
		case PIECE_TEXT:
			if (*layout == ' ') {
				/* A space matches any number of spaces. */
				if (*s != ' ' && *s != '\0')
					return false;
				while (*s == ' ')
					s++;
				break;
			}
			if (*s++ != *layout)
				return false;
			break;
		case PIECE_MONTH_LONG: v = p.month = go_time_read_name(&s, go_time_months, 12, true) + 1; break;
		case PIECE_MONTH_SHORT: v = p.month = go_time_read_name(&s, go_time_months, 12, false) + 1; break;
		case PIECE_MONTH_2:
		case PIECE_MONTH:
			v = p.month = (int)go_time_read_number(&s, piece == PIECE_MONTH_2 ? 2 : 1, 2);
			if (v < 1 || v > 12)
				return false;
			break;
		case PIECE_WEEKDAY_LONG: v = go_time_read_name(&s, go_time_weekdays, 7, true) + 1; break;
		case PIECE_WEEKDAY_SHORT: v = go_time_read_name(&s, go_time_weekdays, 7, false) + 1; break;
		case PIECE_DAY_SPACE:
		case PIECE_DAY:
		case PIECE_DAY_2:
			if (piece == PIECE_DAY_SPACE && *s == ' ')
				s++;
			v = p.day = (int)go_time_read_number(&s, piece == PIECE_DAY_2 ? 2 : 1, 2);
			break;
		case PIECE_YEAR_DAY: v = year_day = go_time_read_number(&s, 3, 3); break;
		case PIECE_HOUR_24:
			v = p.hour = (int)go_time_read_number(&s, 1, 2);
			if (v > 23)
				return false;
			break;
		case PIECE_HOUR_12_2:
		case PIECE_HOUR_12:
			v = p.hour = (int)go_time_read_number(&s, piece == PIECE_HOUR_12_2 ? 2 : 1, 2);
			if (v > 12)
				return false;
			break;
		case PIECE_MINUTE_2:
		case PIECE_MINUTE:
			v = p.minute = (int)go_time_read_number(&s, piece == PIECE_MINUTE_2 ? 2 : 1, 2);
			if (v > 59)
				return false;
			break;
		case PIECE_SECOND_2:
		case PIECE_SECOND:
			v = p.second = (int)go_time_read_number(&s, piece == PIECE_SECOND_2 ? 2 : 1, 2);
			if (v > 59)
				return false;
			/* A fraction is read even if the layout does not have it. */
			if (layout[len] != '.' && layout[len] != ',')
				go_time_read_fraction(&s, &ns);
			break;
		case PIECE_YEAR: v = p.year = go_time_read_number(&s, 4, 4); break;
		case PIECE_YEAR_2:
			v = go_time_read_number(&s, 2, 2);
			p.year = v >= 69 ? v + 1900 : v + 2000;
			break;
		case PIECE_PM:
		case PIECE_PM_LOW:
			if (strncmp(s, piece == PIECE_PM ? "PM" : "pm", 2) == 0)
				pm = 1;
			else if (strncmp(s, piece == PIECE_PM ? "AM" : "am", 2) == 0)
				pm = 0;
			else
				return false;
			s += 2;
			break;
		case PIECE_ZONE_NAME:
			/* The offset of a short zone name other than UTC is not known: it is 0, as in Go. */
			len = 3;
			v = (int64_t)strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
			if (v < 3 || v > 5)
				return false;
			s += v;
			zone = 0;
			break;
		case PIECE_FRACTION:
			if (!go_time_read_fraction(&s, &ns))
				return false;
			break;
		case PIECE_FRACTION_CUT: go_time_read_fraction(&s, &ns); break;
		default:
			if (!go_time_read_zone(&s, piece, &zone))
				return false;
			break;
		}
		if (piece != PIECE_TEXT && v < (piece == PIECE_MONTH_LONG || piece == PIECE_MONTH_SHORT ||
							   piece == PIECE_WEEKDAY_LONG || piece == PIECE_WEEKDAY_SHORT
						       ? 1
						       : 0))
			return false;
		v = 0;
	}
	if (*s != '\0')
		return false;
	if (pm == 1 && p.hour < 12)
		p.hour += 12;
	else if (pm == 0 && p.hour == 12)
		p.hour = 0;
	if (year_day >= 0) {
		p.month = 1;
		p.day = (int)year_day;
	} else if (p.day < 1 || p.day > days[p.month - 1] ||
		   (p.month == 2 && p.day == 29 && (p.year % 4 != 0 || (p.year % 100 == 0 && p.year % 400 != 0)))) {
		return false;
	}
	*ret = go_time_from_parts(&p, ns, zone);
	return true;
}

const char *
go_time_text(struct arena *a, struct go_time m)
{
	return go_time_format(a, m, "2006-01-02 15:04:05.999999999 -0700 MST");
}

/* The duration in units of `unit` ns, with a fraction without trailing zeros. */
static const char *
go_time_fraction_text(struct arena *a, uint64_t ns, uint64_t unit, int digits)
{
	char text[32];
	size_t n;

	if (ns % unit == 0)
		return arena_printf(a, "%llu", (unsigned long long)(ns / unit));
	snprintf(text, sizeof(text), "%llu.%0*llu", (unsigned long long)(ns / unit), digits,
	    (unsigned long long)(ns % unit));
	for (n = strlen(text); text[n - 1] == '0'; n--)
		text[n - 1] = '\0';
	return arena_strdup(a, text);
}

const char *
go_time_duration_text(struct arena *a, int64_t ns)
{
	uint64_t u = ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns, s;
	const char *sign = ns < 0 ? "-" : "";

	if (u == 0)
		return "0s";
	if (u < 1000)
		return arena_printf(a, "%s%lluns", sign, (unsigned long long)u);
	if (u < 1000000)
		return arena_printf(a, "%s%s\xc2\xb5s", sign, go_time_fraction_text(a, u, 1000, 3));
	if (u < 1000000000)
		return arena_printf(a, "%s%sms", sign, go_time_fraction_text(a, u, 1000000, 6));
	s = u / 1000000000;
	if (s < 60)
		return arena_printf(a, "%s%ss", sign, go_time_fraction_text(a, u, 1000000000, 9));
	if (s < 3600)
		return arena_printf(a, "%s%llum%ss", sign, (unsigned long long)(s / 60),
		    go_time_fraction_text(a, u % 60000000000, 1000000000, 9));
	return arena_printf(a, "%s%lluh%llum%ss", sign, (unsigned long long)(s / 3600),
	    (unsigned long long)(s / 60 % 60), go_time_fraction_text(a, u % 60000000000, 1000000000, 9));
}
