/* tests/fuzz/cbor.c: CBOR from anywhere. The encoded value reads back as the same. */
#include <assert.h>
#include "base/cbor.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	_cleanup_(json_decrefp) json_t *once = NULL, *twice = NULL;
	struct bytes text;

	if (cbor_decode(a, (struct bytes){ (const char *)data, size }, &once) != NULL)
		return 0;
	text = cbor_encode(a, once);
	if (cbor_decode(a, text, &twice) == NULL)
		assert(twice != NULL);
	return 0;
}
