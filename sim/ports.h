/* sim/ports.h: free ports on loopback. */
#pragma once

/* A TCP port that was free on 127.0.0.1 a moment ago; -1 when there is none. */
int port_free(void);
