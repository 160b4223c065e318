/* kube/transport_exec.h: calls to programs of this machine, like calls to a service.
 *
 * The url of a request is a JSON object: "argv", the program and its arguments; "environment", the names of the
 * controller's environment variables that it gets (io/spawn_environment.h); "memoryMax", its memory limit in bytes (0
 * or absent: it limits itself); "worker": true for a GitOps worker, whose number is limited separately because of its
 * memory; and "release": true for one that takes an action about a Helm release, which has slots of its own, as many.
 * Every program waits for a slot (kube/fair_slots.h); its time-out begins with the slot.
 *
 * The request's body is the program's standard input, and its standard output is the response's body; standard error
 * is the controller's. Exit code 0 is status 200, any other is 500. A program that writes more than response_max, or
 * does not end in time, is killed.
 */
#pragma once
#include "kube/transport.h"

/* `workers`: the number of concurrent workers; > 0. */
struct transport *transport_exec_new(struct loop *, size_t workers);
