/* gitops/argocd/cron.h: cron schedules of sync windows, in UTC. Pure. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

/* The five fields "minute hour day-of-month month day-of-week" ("*", "1-5", "8,20", "0-59/15", names of months and
 * days), or one of "@hourly", "@daily", "@midnight", "@weekly", "@monthly", "@yearly", "@annually". As in cron, a
 * day counts if either of its two fields names it, unless one of them is "*". */
struct schedule {
	uint64_t minutes, hours, days, months, weekdays; /* bit n: the number n */
	bool any_day, any_weekday; /* the field begins with "*" or "?" */
};

/* Returns false if the text is not a schedule. */
bool cron_parse(const char *, struct schedule *ret);

/* The last start in (now - within_ms, now], wall ms; 0: there was no start. At most CRON_MAX_MS back. */
int64_t cron_last(const struct schedule *, int64_t now, int64_t within_ms);

/* The next start after now, at most CRON_MAX_MS ahead; 0: there is no start. */
int64_t cron_next(const struct schedule *, int64_t now);

#define CRON_MAX_MS (366LL * 24 * 3600 * 1000)
