/* web/log_limit.c: a rate limit, and a report of the lines that it leaves out. */
#include "web/log_limit.h"
#include <stdio.h>
#include "io/log.h"

static void
log_limit_report(struct log_limit *l)
{
	char n[32];

	if (l->omitted == 0)
		return;
	snprintf(n, sizeof(n), "%lld", (long long)l->omitted);
	l->omitted = 0;
	log_warn("log lines were left out, as there were too many", "of", l->of, "lines", n);
}

static void
log_limit_on_timer(struct timer *t, void *arg)
{
	(void)t;
	log_limit_report(arg);
}

bool
log_limit_take(struct log_limit *l)
{
	if (rate_limit_take(&l->rate, loop_mono(l->loop)))
		return true;
	l->omitted++;
	if (!timer_armed(&l->timer))
		loop_timer(l->loop, &l->timer, LOG_LIMIT_REPORT_MS);
	return false;
}

void
log_limit_init(struct log_limit *l, struct loop *loop, const char *of)
{
	*l = (struct log_limit){ .loop = loop,
		.of = of,
		.rate = { .burst = LOG_LIMIT_MAX, .token_ms = LOG_LIMIT_MS, .empty_at = INT64_MIN } };
	l->timer = (struct timer){ .fire = log_limit_on_timer, .arg = l };
}

void
log_limit_done(struct log_limit *l)
{
	loop_timer_stop(l->loop, &l->timer);
	log_limit_report(l);
}
