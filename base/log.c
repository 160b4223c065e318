/* base/log.c: one write a line, so that lines of several processes do not mix. */
#include "base/log.h"
#include <jansson.h>
#include <stdarg.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include "base/loop.h"
#include "base/str.h"
#include "base/time.h"

#define LOG_LINE_MAX (64u << 10)

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
add_json(struct str *s, const char *text)
{
	json_t *j = json_string(text);
	char *quoted = j != NULL ? json_dumps(j, JSON_ENCODE_ANY) : NULL;

	str_adds(s, quoted != NULL ? quoted : "\"?\"");
	free(quoted);
	json_decref(j);
}

static void
add_text(struct str *s, const char *text)
{
	if (text[0] != '\0' && strpbrk(text, " \"\n\t=") == NULL)
		str_adds(s, text);
	else
		add_json(s, text);
}

void
log_line(enum log_level level, const char *msg, ...)
{
	_cleanup_(arena_freep) struct arena *a = NULL;
	const char *key, *value, *time;
	struct str s;
	va_list ap;

	if (level < min_level)
		return;
	a = arena_new();
	time = time_format(a, loop_ev_wall());
	str_init(&s, LOG_LINE_MAX);
	if (as_json) {
		str_addf(&s, "{\"time\":\"%s\",\"level\":\"%s\",\"msg\":", time, level_names[level]);
		add_json(&s, msg);
	} else {
		str_addf(&s, "%s %-5s %s", time, level_names[level], msg);
	}
	va_start(ap, msg);
	while ((key = va_arg(ap, const char *)) != NULL) {
		value = va_arg(ap, const char *);
		if (value == NULL)
			continue;
		if (as_json) {
			str_addf(&s, ",\"%s\":", key);
			add_json(&s, value);
		} else {
			str_addf(&s, " %s=", key);
			add_text(&s, value);
		}
	}
	va_end(ap);
	str_adds(&s, as_json ? "}\n" : "\n");
	if (write(STDERR_FILENO, str_text(&s), s.len) < 0) {
		/* Nothing is left to say it with. */
	}
	str_done(&s);
}
