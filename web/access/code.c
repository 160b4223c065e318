/* web/access/code.c: codes of `sluice dashboard` and the sessions that they open. */
#include "web/access/code.h"
#include <string.h>
#include "base/str.h"

static void
code_write(char ret[CODE_SIZE], const unsigned char bytes[CODE_BYTES])
{
	static const char digits[] = "0123456789abcdef";

	for (int i = 0; i < CODE_BYTES; i++) {
		ret[2 * i] = digits[bytes[i] >> 4];
		ret[2 * i + 1] = digits[bytes[i] & 15];
	}
	ret[CODE_SIZE - 1] = '\0';
}

/* Without a code or session nothing is the same, not even an empty guess. */
static bool
code_is(const char *secret, const char *guess)
{
	return guess != NULL && secret[0] != '\0' && str_same_secret(secret, guess);
}

void
code_renew(struct code_login *l, const unsigned char bytes[CODE_BYTES], int64_t now)
{
	code_write(l->code, bytes);
	l->ends_at = now + CODE_LIFE_MS;
}

enum code_result
code_exchange(struct code_login *l, const char *code, const unsigned char bytes[CODE_BYTES], int64_t now,
    const char **ret_session)
{
	char *session = l->sessions[l->next];

	if (!code_is(l->code, code))
		return CODE_WRONG;
	l->code[0] = '\0';
	if (now >= l->ends_at)
		return CODE_EXPIRED;
	code_write(session, bytes);
	l->next = (l->next + 1) % CODE_SESSIONS_MAX;
	*ret_session = session;
	return CODE_ACCEPTED;
}

/* Returns the number of the session, or CODE_SESSIONS_MAX. Compares with all, so that the time depends on none. */
static unsigned
code_find_session(const struct code_login *l, const char *session)
{
	unsigned found = CODE_SESSIONS_MAX;

	for (unsigned i = 0; i < CODE_SESSIONS_MAX; i++)
		if (code_is(l->sessions[i], session))
			found = i;
	return found;
}

bool
code_session_is_open(const struct code_login *l, const char *session)
{
	return code_find_session(l, session) < CODE_SESSIONS_MAX;
}

bool
code_has_segment(const char *path, const char *name)
{
	for (const char *at = path + strspn(path, "/"); *at != '\0'; at += strspn(at, "/")) {
		size_t n = strcspn(at, "/");

		if (n == strlen(name) && strncmp(at, name, n) == 0)
			return true;
		at += n;
	}
	return false;
}

void
code_session_end(struct code_login *l, const char *session)
{
	unsigned i = code_find_session(l, session);

	if (i < CODE_SESSIONS_MAX)
		l->sessions[i][0] = '\0';
}
