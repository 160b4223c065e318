/* io/confine.h: what a process asks of the kernel, cut down for good: by seccomp, and inherited by what it starts. */
#pragma once
#include <stdbool.h>

/* No socket but local ones (AF_UNIX). False: this kernel or machine cannot. */
bool confine_local(void);

/* Memory, time, and reading and writing what is open; anything else is refused with EPERM. False likewise. */
bool confine_sealed(void);
