/* base/banned.h: functions that do not compile here; the compiler reads this before every source (Makefile).
 *
 * Those without a bound, those that hide a failure, those with state of their own. The headers that declare them, or use
 * them in macros, come first.
 */
#pragma once
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* base/str.h has bounded text */
#pragma GCC poison strcpy strcat strncpy strncat stpcpy sprintf vsprintf gets
/* str_int, strtod: "12x" is not 12 */
#pragma GCC poison atoi atol atoll atof sscanf
/* strtok_r; base/time.h; base/rand.h */
#pragma GCC poison strtok gmtime localtime ctime asctime mktime srand random drand48
/* io/child.h: with limits, and no shell in between */
#pragma GCC poison system popen
