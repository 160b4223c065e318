/* rollout/experiment/controller.h: the row of the experiment controller. */
#pragma once

struct controller;

extern const struct controller experiment_controller;
