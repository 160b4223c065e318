/* kube/api/secret.c: values of a Secret: base64 decoded to text. */
#include "kube/api/secret.h"
#include <string.h>
#include "base/base64.h"

/* Returns a copy, which the caller may change; NULL if the value is not text. */
static char *
secret_decoded(struct arena *a, const json_t *data, const char *key)
{
	const char *text = json_str(data, key);
	size_t n;
	char *value = text != NULL ? base64_decode(a, text, &n) : NULL;

	return value != NULL && strlen(value) == n ? value : NULL;
}

const char *
secret_text(struct arena *a, const json_t *data, const char *key)
{
	return secret_decoded(a, data, key);
}

const char *
secret_line(struct arena *a, const json_t *data, const char *key)
{
	char *value = secret_decoded(a, data, key);
	size_t n = value != NULL ? strlen(value) : 0;

	while (n > 0 && (value[n - 1] == '\n' || value[n - 1] == '\r'))
		value[--n] = '\0';
	return value;
}
