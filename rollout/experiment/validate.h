/* rollout/experiment/validate.h: errors of an Experiment. */
#pragma once

struct experiment;
struct problems;
struct view;

/* Adds the errors of an Experiment, and of the templates that its analyses name. A NULL view: templates are not
 * checked. */
void experiment_problems(const struct view *, const struct experiment *, struct problems *);
