/* kube/api/regex.h: regular expressions that users write where only yes or no is asked. PCRE2's, with a bound on trying. */
#pragma once
#include <stdbool.h>

/* The expression finds something in the text. One that is wrong, or takes too many tries, finds nothing. */
bool regex_finds(const char *expression, const char *text);
