/* sim/ports.h: free ports on loopback. */
#pragma once

/* Returns a TCP port of 127.0.0.1 that was free a moment ago; -1: there is no free port. */
int port_free(void);
