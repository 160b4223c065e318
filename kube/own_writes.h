/* kube/own_writes.h: responses to own writes whose watch events are still to come.
 *
 * An API server sends the object of a write twice: in the response, and in an event of the watch. An event that has
 * exactly the bytes of such a response contains nothing new, so that it is neither checked nor decoded. Every other
 * event is read: of a write of another client, of a deletion, of a version that has another text for any reason.
 */
#pragma once
#include "base/str.h"

#define ECHOES_MAX 64 /* of a type; the oldest is forgotten, and its event is read */
#define ECHO_TEXT_MAX 65536 /* bytes of a response that is kept */

struct echo {
	char *text, *version; /* owned; NULL: empty */
	size_t len;
};

/* Zero is an empty one. echoes_done forgets all responses. */
struct echoes {
	struct echo at[ECHOES_MAX];
	size_t next; /* the place of the next response */
};

void echoes_done(struct echoes *);

/* Keeps a copy of a response, an accepted JSON text (json_check) of this resourceVersion. A longer text is not kept. */
void echoes_add(struct echoes *, struct bytes response, const char *resource_version);

/* Returns the resourceVersion of the response that the event of a watch repeats, and forgets the response. Returns NULL
 * if it repeats none. The caller frees the text. */
char *echoes_take(struct echoes *, const char *event, size_t len);
