/* kube/curl_handles.c: a stack of idle handles. Those at its bottom are freed when no call needed them for a while. */
#include "kube/curl_handles.h"
#include <string.h>

static void
curl_handles_on_rest(struct timer *t, void *arg)
{
	struct curl_handles *h = arg;

	for (size_t i = 0; i < h->unused; i++)
		curl_easy_cleanup(h->idle[i]);
	h->n -= h->unused;
	memmove(h->idle, h->idle + h->unused, h->n * sizeof(*h->idle));
	h->unused = h->n;
	if (h->n > 0)
		loop_timer(h->loop, t, CURL_HANDLES_REST_MS);
}

void
curl_handles_init(struct curl_handles *h, struct loop *l)
{
	*h = (struct curl_handles){ .loop = l, .timer = { .fire = curl_handles_on_rest, .arg = h } };
}

void
curl_handles_done(struct curl_handles *h)
{
	loop_timer_stop(h->loop, &h->timer);
	while (h->n > 0)
		curl_easy_cleanup(h->idle[--h->n]);
}

CURL *
curl_handles_take(struct curl_handles *h)
{
	if (h->n == 0)
		return curl_easy_init();
	if (--h->n < h->unused)
		h->unused = h->n;
	return h->idle[h->n];
}

void
curl_handles_give(struct curl_handles *h, CURL *handle)
{
	if (h->n == CURL_HANDLES_MAX) {
		curl_easy_cleanup(handle);
		return;
	}
	/* Here and not when it is taken: nothing points to the ended call while the handle is idle. */
	curl_easy_reset(handle);
	h->idle[h->n++] = handle;
	if (!timer_armed(&h->timer))
		loop_timer(h->loop, &h->timer, CURL_HANDLES_REST_MS);
}
