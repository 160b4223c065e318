/* gitops/worker/session_response.h: the response of a session. */
#pragma once

struct session;

/* Returns the response as JSON, in the session's arena. */
const char *session_response_text(struct session *);
