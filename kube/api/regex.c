/* kube/api/regex.c: regular expressions of users: PCRE2, compiled for one use, with a limit of steps. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "kube/api/regex.h"
#include <string.h>
#include <pcre2.h>

#define MATCH_LIMIT 100000

enum regex_found
regex_search(const char *expression, const char *text)
{
	int error;
	PCRE2_SIZE at;
	pcre2_code *code = pcre2_compile((PCRE2_SPTR)expression, PCRE2_ZERO_TERMINATED, PCRE2_UTF, &error, &at, NULL);
	pcre2_match_context *context;
	pcre2_match_data *data;
	int found;

	if (code == NULL)
		return REGEX_UNKNOWN;
	context = pcre2_match_context_create(NULL);
	pcre2_set_match_limit(context, MATCH_LIMIT);
	data = pcre2_match_data_create(1, NULL);
	found = pcre2_match(code, (PCRE2_SPTR)text, strlen(text), 0, 0, data, context);
	pcre2_match_data_free(data);
	pcre2_match_context_free(context);
	pcre2_code_free(code);
	return found >= 0 ? REGEX_SOMETHING : found == PCRE2_ERROR_NOMATCH ? REGEX_NOTHING : REGEX_UNKNOWN;
}
