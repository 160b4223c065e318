/* gitops/argocd/cron.c: cron schedules of sync windows, in UTC: fields as sets of bits, days as numbers. */
#include "gitops/argocd/cron.h"
#include <string.h>
#include <strings.h>
#include "base/arena.h"
#include "base/str.h"

#define MINUTE_MS 60000LL
#define DAY_MS (24 * 60 * MINUTE_MS)

static const char *const month_names[] = { "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov",
	"dec" };
static const char *const day_names[] = { "sun", "mon", "tue", "wed", "thu", "fri", "sat" };

/* Reads a number or a name, and moves the text past it. Below 0: neither. */
static int
cron_take_number(const char **at, int from, const char *const *names, size_t n_names)
{
	int n = 0;
	size_t digits = strspn(*at, "0123456789");

	if (digits > 0 && digits < 4) {
		for (; digits > 0; digits--, (*at)++)
			n = n * 10 + (**at - '0');
		return n;
	}
	for (size_t i = 0; i < n_names; i++)
		if (strncasecmp(*at, names[i], 3) == 0) {
			*at += 3;
			return (int)i + from;
		}
	return -1;
}

/* Reads one of the parts between commas: "*", "5", "1-5", each with "/STEP". */
static bool
cron_parse_part(const char *at, int from, int to, const char *const *names, size_t n_names, uint64_t *set)
{
	int first = from, last = to, step = 1;

	if (*at == '*' || *at == '?') {
		at++;
	} else {
		if ((first = cron_take_number(&at, from, names, n_names)) < 0)
			return false;
		last = *at == '/' ? to : first;
		if (*at == '-') {
			at++;
			last = cron_take_number(&at, from, names, n_names);
		}
	}
	if (*at == '/') {
		at++;
		step = cron_take_number(&at, 0, NULL, 0);
	}
	if (*at != '\0' || first < from || last > to || last < first || step < 1)
		return false;
	for (int i = first; i <= last; i += step)
		*set |= 1ULL << i;
	return true;
}

static bool
cron_parse_field(char *text, int from, int to, const char *const *names, size_t n_names, uint64_t *ret)
{
	char *save = NULL;
	bool well = text[0] != ',' && text[strlen(text) - 1] != ',' && strstr(text, ",,") == NULL;

	*ret = 0;
	for (char *part = strtok_r(text, ",", &save); part != NULL && well; part = strtok_r(NULL, ",", &save))
		well = cron_parse_part(part, from, to, names, n_names, ret);
	return well && *ret != 0;
}

bool
cron_parse(const char *text, struct schedule *ret)
{
	static const struct {
		const char *word, *means;
	} words[] = { { "@yearly", "0 0 1 1 *" }, { "@annually", "0 0 1 1 *" }, { "@monthly", "0 0 1 * *" },
		{ "@weekly", "0 0 * * 0" }, { "@daily", "0 0 * * *" }, { "@midnight", "0 0 * * *" },
		{ "@hourly", "0 * * * *" } };
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct schedule s = { 0 };
	char *fields[6], *save = NULL;
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcmp(text, words[i].word) == 0)
			text = words[i].means;
	for (char *f = strtok_r(arena_strdup(a, text), " \t", &save); f != NULL && n < 6;
	     f = strtok_r(NULL, " \t", &save))
		fields[n++] = f;
	if (n != 5)
		return false;
	s.any_day = fields[2][0] == '*' || fields[2][0] == '?';
	s.any_weekday = fields[4][0] == '*' || fields[4][0] == '?';
	if (!cron_parse_field(fields[0], 0, 59, NULL, 0, &s.minutes) ||
	    !cron_parse_field(fields[1], 0, 23, NULL, 0, &s.hours) ||
	    !cron_parse_field(fields[2], 1, 31, NULL, 0, &s.days) ||
	    !cron_parse_field(fields[3], 1, 12, month_names, ARRAY_SIZE(month_names), &s.months) ||
	    !cron_parse_field(fields[4], 0, 7, day_names, ARRAY_SIZE(day_names), &s.weekdays))
		return false;
	/* Sunday is 0 and 7. */
	s.weekdays |= s.weekdays >> 7 & 1;
	*ret = s;
	return true;
}

/* The month (1 …) and its day (1 …) of a day since 1970-01-01. Source: the usual arithmetic of the proleptic
 * Gregorian calendar, with years that begin in March. */
static void
cron_date_of(int64_t day, int *ret_month, int *ret_day)
{
	int64_t z = day + 719468, era = (z >= 0 ? z : z - 146096) / 146097, of_era = z - era * 146097,
		year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365,
		of_year = of_era - (365 * year + year / 4 - year / 100), month = (5 * of_year + 2) / 153;

	*ret_day = (int)(of_year - (153 * month + 2) / 5 + 1);
	*ret_month = (int)(month < 10 ? month + 3 : month - 9);
}

static bool
cron_has_day(const struct schedule *s, int64_t day)
{
	int month, of_month;
	bool by_day, by_weekday;

	cron_date_of(day, &month, &of_month);
	by_day = (s->days >> of_month & 1) != 0;
	by_weekday = (s->weekdays >> ((day % 7 + 11) % 7) & 1) != 0; /* 1970-01-01 was a Thursday */
	if ((s->months >> month & 1) == 0)
		return false;
	return s->any_day || s->any_weekday ? by_day && by_weekday : by_day || by_weekday;
}

static bool
cron_has_minute(const struct schedule *s, int64_t of_day)
{
	return (s->hours >> (of_day / 60) & 1) != 0 && (s->minutes >> (of_day % 60) & 1) != 0;
}

int64_t
cron_last(const struct schedule *s, int64_t now, int64_t within_ms)
{
	int64_t minute = now / MINUTE_MS;

	within_ms = within_ms < CRON_MAX_MS ? within_ms : CRON_MAX_MS;
	while (minute * MINUTE_MS > now - within_ms && minute > 0) {
		if (!cron_has_day(s, minute / 1440))
			/* first minute of the day: minute-- then enters the day before */
			minute = minute / 1440 * 1440;
		else if (cron_has_minute(s, minute % 1440))
			return minute * MINUTE_MS;
		minute--;
	}
	return 0;
}

int64_t
cron_next(const struct schedule *s, int64_t now)
{
	int64_t minute = now / MINUTE_MS + 1, end = (now + CRON_MAX_MS) / MINUTE_MS;

	while (minute < end) {
		if (!cron_has_day(s, minute / 1440)) {
			minute = (minute / 1440 + 1) * 1440;
			continue;
		}
		if (cron_has_minute(s, minute % 1440))
			return minute * MINUTE_MS;
		minute++;
	}
	return 0;
}
