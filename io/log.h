/* io/log.h: structured log lines on standard error, as text or JSON.
 *
 * A line has a level, a message and pairs of key and value. Text: `2026-11-23T16:48:07Z info scaled rs=myapp-697df5b887
 * to=4`; JSON: one object per line with time, level, msg and the pairs. Pure folders do not log: they add reasons to
 * the plan.
 */
#pragma once
#include <stdbool.h>

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR };

/* Sets the minimum level and the format. The default is INFO and text. */
void log_setup(enum log_level min, bool json);

/* Reads "debug", "info", "warn" or "error" in any case. Returns false for other texts. */
bool log_level_parse(const char *, enum log_level *ret);

/* Writes a line. The pairs are (const char *key, const char *value), ended by NULL. A pair with a NULL value is
 * omitted. */
void log_line(enum log_level, const char *msg, ...) __attribute__((sentinel));

#define log_debug(...) log_line(LOG_LEVEL_DEBUG, __VA_ARGS__, NULL)
#define log_info(...) log_line(LOG_LEVEL_INFO, __VA_ARGS__, NULL)
#define log_warn(...) log_line(LOG_LEVEL_WARN, __VA_ARGS__, NULL)
#define log_error(...) log_line(LOG_LEVEL_ERROR, __VA_ARGS__, NULL)
