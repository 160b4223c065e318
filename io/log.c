/* io/log.c: log lines, text or JSON: one write for each line, so that lines of several processes do not mix. */
#include "io/log.h"
#include <jansson.h>
#include <stdarg.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include "base/utf8.h"
#include "base/printable.h"
#include "base/str.h"
#include "base/time.h"
#include "io/loop.h"

#define LOG_VALUE_MAX 4096 /* bytes of a value; longer ones are truncated */
#define LOG_LINE_MAX (256u << 10) /* bytes: several values, whose bytes take up to six each in JSON */

static enum log_level min_level = LOG_LEVEL_INFO;
static bool as_json;

static const char *const level_names[] = { "debug", "info", "warn", "error" };

void
log_setup(enum log_level min, bool json)
{
	min_level = min;
	as_json = json;
}

bool
log_level_parse(const char *s, enum log_level *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(level_names); i++)
		if (strcasecmp(s, level_names[i]) == 0) {
			*ret = (enum log_level)i;
			return true;
		}
	return false;
}

static void
log_add_json(struct str *s, const char *text)
{
	json_t *j = json_string(text);
	char *quoted = j != NULL ? json_dumps(j, JSON_ENCODE_ANY) : NULL;

	str_adds(s, quoted != NULL ? quoted : "\"?\"");
	free(quoted);
	json_decref(j);
}

static void
log_add_text(struct str *s, const char *text)
{
	if (text[0] != '\0' && strpbrk(text, " \"\n\t=") == NULL)
		str_adds(s, text);
	else
		log_add_json(s, text);
}

void
log_line(enum log_level level, const char *msg, ...)
{
	_cleanup_(arena_freep) struct arena *a = NULL;
	const char *key, *value, *time, *text;
	struct str s, shown;
	va_list ap;

	if (level < min_level)
		return;
	a = arena_new();
	time = time_format(a, loop_ev_wall());
	text = utf8_shown(a, msg, LOG_VALUE_MAX);
	str_init(&s, LOG_LINE_MAX);
	if (as_json) {
		str_addf(&s, "{\"time\":\"%s\",\"level\":\"%s\",\"msg\":", time, level_names[level]);
		log_add_json(&s, text);
	} else {
		str_addf(&s, "%s %-5s %s", time, level_names[level], text);
	}
	va_start(ap, msg);
	while ((key = va_arg(ap, const char *)) != NULL) {
		value = va_arg(ap, const char *);
		if (value == NULL)
			continue;
		value = utf8_shown(a, value, LOG_VALUE_MAX);
		if (as_json) {
			str_addf(&s, ",\"%s\":", key);
			log_add_json(&s, value);
		} else {
			str_addf(&s, " %s=", key);
			log_add_text(&s, value);
		}
	}
	va_end(ap);
	/* Values must not add lines, or commands of a terminal. */
	str_init(&shown, 2 * LOG_LINE_MAX);
	printable_add(&shown, str_text(&s), s.len, false, true);
	str_adds(&shown, as_json ? "}\n" : "\n");
	if (write(STDERR_FILENO, str_text(&shown), shown.len) < 0) {
		/* A failure to write the log cannot be logged. */
	}
	str_done(&shown);
	str_done(&s);
}
