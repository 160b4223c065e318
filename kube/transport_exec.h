/* kube/transport_exec.h: exchanges with programs of this machine.
 *
 * A request's url is a JSON object: "argv", the program and its arguments; "environment", the variables of ours that
 * it has, as names (io/spawn.h); "memoryMax", how many bytes of its own it may have (0 or missing: it limits itself);
 * "worker": true where it is one of those of which only some may run at once, because of their memory. Whatever is run
 * takes its turn (kube/turns.h); its time-out begins with it. Its body is standard input. Exit code 0 is answered with
 * status 200, any other with 500, the body being its standard output (standard error is ours). A program that writes
 * more than response_max, or does not end in time, is killed.
 */
#pragma once
#include "kube/transport.h"

/* `workers`: how many of these run at once; > 0. */
struct transport *transport_exec_new(struct loop *, size_t workers);
