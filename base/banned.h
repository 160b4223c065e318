/* base/banned.h: functions that must not be used. The compiler reads this file before every source (see the Makefile).
 *
 * They write without a limit, hide a failure, or have global state. The headers that declare them, or use them in
 * macros, are included first.
 */
#pragma once
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* use base/str.h */
#pragma GCC poison strcpy strcat strncpy strncat stpcpy sprintf vsprintf gets
/* atoi and the others accept "12x": use str_int, or strtod and check its end */
#pragma GCC poison atoi atol atoll atof sscanf
/* use strtok_r, base/time.h, base/rand.h */
#pragma GCC poison strtok gmtime localtime ctime asctime mktime srand random drand48
/* use io/program_run.h, which has limits and no shell */
#pragma GCC poison system popen
