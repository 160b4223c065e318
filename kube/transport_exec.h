/* kube/transport_exec.h: exchanges with programs of this machine.
 *
 * A request's url is a JSON list, the program and its arguments; its body is standard input. Exit code 0 is answered with status 200,
 * any other with 500, the body being what it wrote to standard output (standard error is ours). A program that writes more than
 * answer_max, or does not end in time, is killed.
 */
#pragma once
#include "kube/transport.h"

struct transport *transport_exec_new(struct loop *);
