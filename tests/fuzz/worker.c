/* tests/fuzz/worker.c: texts between a controller and its worker. A text that is decoded is the same after it is encoded
 * and decoded again. */
#include <string.h>
#include "gitops/protocol.h"
#include "tests/fuzz/fuzz.h"

static void
decode_twice(const struct type *t, const uint8_t *data, size_t size)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	void *first = arena_alloc(a, t->size), *second = arena_alloc(a, t->size);
	const char *text;

	if (worker_decode(a, t, (const char *)data, size, first) != NULL)
		return;
	text = worker_encode(a, t, first);
	if (worker_decode(a, t, text, strlen(text), second) != NULL || strcmp(worker_encode(a, t, second), text) != 0)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	decode_twice(&worker_request_type, data, size);
	decode_twice(&worker_response_type, data, size);
	return 0;
}
