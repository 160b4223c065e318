/* tests/simulation/shrink.c: drops what a failure does not need.
 *
 * A document is a tree of lists, objects and scalars. Each round tries to drop parts of every list (halves first),
 * then every member of every object, then to make every number and duration small; rounds go on until one changes
 * nothing.
 */
#include "tests/simulation/shrink.h"
#include <ctype.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/str.h"
#include "tests/simulation/scenario.h"

struct shrinking {
	json_t *doc; /* the shortest so far; changed in place, and back when it does not fail the same way */
	char kind[FAILURE_MAX];
	unsigned tries;
	bool changed;
};

void
life_limit(unsigned seconds)
{
	const struct itimerval limit = { .it_value.tv_sec = (time_t)seconds };

	setitimer(ITIMER_PROF, &limit, NULL);
}

bool
life_fails(const json_t *doc, char text[FAILURE_MAX])
{
	int ends[2], status = 0;
	size_t len = 0;
	ssize_t n;
	pid_t child;

	text[0] = '\0';
	fflush(stdout);
	if (pipe(ends) != 0 || (child = fork()) < 0) {
		perror("a child process for a life");
		exit(1);
	}
	if (child == 0) {
		char wrong[FAILURE_MAX];

		close(ends[0]);
		life_limit(LIFE_SECONDS);
		scenario_judge(doc, false, wrong, sizeof(wrong));
		_exit(write(ends[1], wrong, strlen(wrong)) < 0);
	}
	close(ends[1]);
	while (len < FAILURE_MAX - 1 && (n = read(ends[0], text + len, FAILURE_MAX - 1 - len)) > 0)
		len += (size_t)n;
	text[len] = '\0';
	close(ends[0]);
	waitpid(child, &status, 0);
	if (WIFSIGNALED(status))
		snprintf(text, FAILURE_MAX, "%s",
		    WTERMSIG(status) == SIGPROF ? "the life does not end" : strsignal(WTERMSIG(status)));
	else if (WEXITSTATUS(status) != 0)
		snprintf(text, FAILURE_MAX, "the process ended with code %d", WEXITSTATUS(status));
	return text[0] != '\0';
}

/* Returns the failure without time, numbers and hashes: two failures of one kind are equal then. */
static void
shrink_kind(const char *text, char ret[FAILURE_MAX])
{
	const char *from = str_starts(text, "at ") ? strstr(text, ": ") : NULL;
	size_t n = 0;

	for (const char *s = from != NULL ? from : text; *s != '\0' && n < FAILURE_MAX - 1;) {
		size_t word = 0;
		bool digits = false;

		while (isalnum((unsigned char)s[word]))
			digits |= isdigit((unsigned char)s[word++]) != 0;
		if (word == 0 || !digits) {
			size_t take = word == 0 ? 1 : word;

			for (size_t i = 0; i < take && n < FAILURE_MAX - 1; i++)
				ret[n++] = s[i];
			s += take;
		} else {
			ret[n++] = '#';
			s += word;
		}
	}
	ret[n] = '\0';
}

static bool
shrink_still_fails(struct shrinking *s)
{
	char text[FAILURE_MAX], kind[FAILURE_MAX];

	if (s->tries == 0)
		return false;
	s->tries--;
	if (!life_fails(s->doc, text))
		return false;
	shrink_kind(text, kind);
	return strcmp(kind, s->kind) == 0;
}

static void shrink_value(struct shrinking *, json_t *);

/* n of a list's elements from `at` on. */
static bool
shrink_drop(struct shrinking *s, json_t *list, size_t at, size_t n)
{
	_cleanup_(json_decrefp) json_t *copy = json_copy(list);

	for (size_t i = 0; i < n; i++)
		json_array_remove(list, at);
	if (shrink_still_fails(s)) {
		s->changed = true;
		return true;
	}
	json_array_clear(list);
	json_array_extend(list, copy);
	return false;
}

static void
shrink_list(struct shrinking *s, json_t *list)
{
	for (size_t n = json_array_size(list); n > 0; n = n > 1 ? (n + 1) / 2 : 0)
		for (size_t at = 0; at + n <= json_array_size(list);)
			if (!shrink_drop(s, list, at, n))
				at += n;
	for (size_t i = 0; i < json_array_size(list); i++)
		shrink_value(s, json_array_get(list, i));
}

static bool
shrink_set(struct shrinking *s, json_t *object, const char *key, json_t *value)
{
	_cleanup_(json_decrefp) json_t *was = json_incref(json_object_get(object, key));

	if (json_equal(was, value)) {
		json_decref(value);
		return false;
	}
	json_object_set_new(object, key, value);
	if (shrink_still_fails(s)) {
		s->changed = true;
		return true;
	}
	json_object_set(object, key, was);
	return false;
}

/* "17s" → "1s", 40 → 1: the smallest of a few that still fails. */
static void
shrink_scalar(struct shrinking *s, json_t *object, const char *key)
{
	const json_t *v = json_object_get(object, key);
	long long n = json_is_integer(v) ? json_integer_value(v) : 0;
	const long long smaller[] = { 0, 1, 2, n / 4, n / 2, n - 1 };
	const char *text = json_string_value(v);
	char *unit = NULL;

	if (text != NULL && isdigit((unsigned char)text[0])) {
		n = strtoll(text, &unit, 10);
		if (n > 1 && (strcmp(unit, "s") == 0 || strcmp(unit, "ms") == 0)) {
			_cleanup_(freep) char *kept = mem_strdup(unit);

			if (!shrink_set(s, object, key, json_sprintf("1%s", kept)) &&
			    !shrink_set(s, object, key, json_sprintf("%lld%s", n / 4, kept)))
				shrink_set(s, object, key, json_sprintf("%lld%s", n / 2, kept));
		}
		return;
	}
	for (size_t i = 0; json_is_integer(v) && i < ARRAY_SIZE(smaller); i++)
		if (smaller[i] >= 0 && smaller[i] < n && shrink_set(s, object, key, json_integer(smaller[i])))
			return;
}

/* Fields that an object must have: without them the scenario would be shorter, but invalid. */
static bool
shrink_is_needed(const char *key)
{
	static const char *const kept[] = { "apiVersion", "kind", "name", "image", "hosts", "host", "port", "command" };

	for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
		if (strcmp(kept[i], key) == 0)
			return true;
	return false;
}

static void
shrink_object(struct shrinking *s, json_t *object)
{
	_cleanup_(json_decrefp) json_t *keys = json_array();
	const char *key;
	json_t *v;
	size_t i;

	json_object_foreach (object, key, v)
		json_array_append_new(keys, json_string(key));
	json_array_foreach (keys, i, v) {
		_cleanup_(json_decrefp) json_t *was = json_incref(json_object_get(object, json_string_value(v)));

		key = json_string_value(v);
		if (shrink_is_needed(key))
			continue;
		json_object_del(object, key);
		if (shrink_still_fails(s)) {
			s->changed = true;
			continue;
		}
		json_object_set(object, key, was);
		if (json_is_object(was) || json_is_array(was))
			shrink_value(s, was);
		else
			shrink_scalar(s, object, key);
	}
}

static void
shrink_value(struct shrinking *s, json_t *v)
{
	if (json_is_array(v))
		shrink_list(s, v);
	else if (json_is_object(v))
		shrink_object(s, v);
}

json_t *
shrink(const json_t *doc, const char *text, unsigned tries)
{
	struct shrinking s = { .doc = json_deep_copy(doc), .tries = tries };

	shrink_kind(text, s.kind);
	do {
		s.changed = false;
		/* Actions of users are removed first, because they take time. The expected end stays, or the failure
		 * would be another. */
		shrink_list(&s, json_object_get(s.doc, "when"));
		shrink_list(&s, json_object_get(s.doc, "given"));
	} while (s.changed && s.tries > 0);
	return s.doc;
}
