/* rollout/services.h: selectors of Services: the pod template hash that each one selects. */
#pragma once

struct rollout_pass;
struct service;

/* Plans that the Service selects this pod template hash. A NULL Service or hash: does nothing. */
void services_switch(struct rollout_pass *, const struct service *, const char *hash);

/* Plans the selectors of the Services of a canary whose traffic is not split between Services. */
void services_follow(struct rollout_pass *);
