/* gitops/argocd/schedule.h: cron's schedules, in UTC. Pure. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

/* The five fields "minute hour day-of-month month day-of-week" ("*", "1-5", "8,20", "0-59/15", names of months and days), or one of "@hourly",
 * "@daily", "@midnight", "@weekly", "@monthly", "@yearly", "@annually". A day counts that either of its two fields names, as in cron, if
 * neither is "*". */
struct schedule {
	uint64_t minutes, hours, days, months, weekdays; /* bit n: the number n */
	bool any_day, any_weekday;
};

/* False: it is none. */
bool schedule_parse(const char *, struct schedule *ret);

/* The last of its beginnings in (now - within_ms, now], wall ms; 0: there is none. Looks no further back than SCHEDULE_MAX_MS. */
int64_t schedule_last(const struct schedule *, int64_t now, int64_t within_ms);

/* The next after now, looking as far; 0: there is none. */
int64_t schedule_next(const struct schedule *, int64_t now);

#define SCHEDULE_MAX_MS (366LL * 24 * 3600 * 1000)
