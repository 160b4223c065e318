/* io/confine.h: restricts the system calls of this process and its children, with seccomp. It cannot be undone.
 *
 * Limits of memory and processor time: io/spawn.h.
 */
#pragma once
#include <stdbool.h>

/* Allows local sockets only (AF_UNIX). Returns false if the kernel or architecture does not support it. */
bool confine_local(void);

/* Allows memory, time, and reads and writes of open descriptors. All other calls fail with EPERM. Returns false if
 * the kernel or architecture does not support it. */
bool confine_sealed(void);
