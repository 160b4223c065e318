/* tests/fuzz/scalars.c: times, durations, quantities, numbers, pointers. A quantity that was canonical twice stays
 * what it is: as in Kubernetes, a binary one that is no multiple of 1024 is written without a suffix ("62.5Ki" is
 * "64000"), and read as a decimal one then.
 */
#include <stdlib.h>
#include <string.h>
#include "base/quantity.h"
#include "base/str.h"
#include "base/time.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	_cleanup_(json_decrefp) json_t *doc = json_pack("{s:[i,{s:s}]}", "a", 1, "b/c", "d");
	const char *text = arena_strndup(a, (const char *)data, size), *twice, *again;
	long long n;
	int64_t ms;

	if (time_parse(text, &ms))
		time_format(a, ms);
	if (duration_parse(text, &ms))
		duration_human(a, ms);
	if ((twice = quantity_canonical(a, text)) != NULL &&
	    ((twice = quantity_canonical(a, twice)) == NULL || (again = quantity_canonical(a, twice)) == NULL ||
		strcmp(twice, again) != 0))
		abort();
	str_int(text, INT64_MIN, INT64_MAX, &n);
	json_at(doc, text);
	json_pointer_escape(a, text);
	str_url_escape(a, text);
	return 0;
}
