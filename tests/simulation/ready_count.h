/* tests/simulation/ready_count.h: the example of docs/writing-a-controller.md. */
#pragma once
#include "kube/plan/controller.h"

extern const struct controller ready_count_controller;

/* Plays it; prints ok or not ok, and is false when it failed. */
bool ready_count_run(void);
