/* web/access/code.h: the single-use code that `sluice dashboard` prints, and the sessions that it opens. Pure.
 *
 * All users of a machine can connect to a port of 127.0.0.1, and the dashboard has the permissions of the user who
 * started it. Only this user sees the code. The page exchanges it for a session, which the browser sends as a cookie.
 * Callers pass the random bytes and the time.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#define CODE_BYTES 32 /* random bytes of a code, and of a session */
#define CODE_SIZE (2 * CODE_BYTES + 1) /* hexadecimal digits */
#define CODE_LIFE_MS 60000
#define CODE_SESSIONS_MAX 16 /* a new session replaces the oldest one */

/* The initial value is all zeroes: no code is valid. */
struct code_login {
	char code[CODE_SIZE]; /* "": none, or used */
	int64_t ends_at; /* mono ms, of the code */
	char sessions[CODE_SESSIONS_MAX][CODE_SIZE]; /* "": none */
	unsigned next; /* the session that is replaced next */
};

/* Replaces the code by a new one, which is valid until now + CODE_LIFE_MS. Sessions stay. */
void code_renew(struct code_login *, const unsigned char bytes[CODE_BYTES], int64_t now);

enum code_result {
	CODE_ACCEPTED,
	CODE_WRONG, /* it is not the current code, or it was used before */
	CODE_EXPIRED,
};

/* Exchanges the code for a session, whose id are the random `bytes`. The code is not valid any more. A wrong one
 * changes nothing, so that another user of the machine cannot end it. On CODE_ACCEPTED, *ret_session is the id,
 * borrowed until the session is replaced. */
enum code_result code_exchange(struct code_login *, const char *code, const unsigned char bytes[CODE_BYTES],
    int64_t now, const char **ret_session);

/* Returns whether it is the id of a session. False for NULL. */
bool code_session_is_open(const struct code_login *, const char *session);

/* Returns whether a segment of the path has this name; the path may begin with slashes, or not. All paths of the API
 * have the segment "api", however they are written. */
bool code_has_segment(const char *path, const char *name);

/* Ends a session. Does nothing for another text, or NULL. */
void code_session_end(struct code_login *, const char *session);
