/* web/log_limit.h: limits the log lines that any client can cause, so that they neither fill a disk nor hide other
 * lines. */
#pragma once
#include "io/loop.h"
#include "web/oidc/rate_limit.h"

#define LOG_LIMIT_MAX 20 /* lines at once */
#define LOG_LIMIT_MS 3000 /* time for one more */
#define LOG_LIMIT_REPORT_MS 60000 /* from the first line that is left out until their number is logged */

struct log_limit {
	struct loop *loop;
	const char *of; /* the lines, for the report: "logins that are refused"; borrowed */
	struct rate_limit rate;
	int64_t omitted; /* lines since the last report */
	struct timer timer; /* of the report */
};

void log_limit_init(struct log_limit *, struct loop *, const char *of);

/* Returns whether a line may be logged now. If not, it is counted, and the log has the number of those that were left
 * out within a minute. */
bool log_limit_take(struct log_limit *);

/* Stops the timer; a report that is due is made at once. */
void log_limit_done(struct log_limit *);
