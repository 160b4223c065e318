/* rollout/controller.h: the row of the rollout controller. */
#pragma once

struct controller;

extern const struct controller rollout_controller;
