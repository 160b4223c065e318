/* kube/curl_handles.h: handles of curl that are kept from one call to the next one.
 *
 * A handle has some kilobytes of state and two buffers of 16 KiB. Allocating and freeing as much for each call makes
 * malloc consolidate its free memory each time. A kept handle has nothing of its last call: all options have their
 * default values. Handles that were not needed for a while are freed.
 */
#pragma once
#include <curl/curl.h>
#include "io/loop.h"

#define CURL_HANDLES_MAX 16 /* kept: as many as there are concurrent calls */
#define CURL_HANDLES_REST_MS 5000 /* a handle that was idle for this time, and at most twice this time, is freed */

struct curl_handles {
	struct loop *loop;
	CURL *idle[CURL_HANDLES_MAX]; /* the one that was used last is the last */
	size_t n;
	size_t unused; /* since the timer was started: the first ones of them */
	struct timer timer;
};

void curl_handles_init(struct curl_handles *, struct loop *);

/* Frees all that are kept. */
void curl_handles_done(struct curl_handles *);

/* Returns a handle whose options have their default values, except CURLOPT_SHARE. The caller owns it. */
CURL *curl_handles_take(struct curl_handles *);

/* Takes a handle that is in no multi handle: keeps it, or frees it. All handles of one pool have the same share. */
void curl_handles_give(struct curl_handles *, CURL *);
