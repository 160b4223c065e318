/* traffic/target_groups.h: whether the target groups of a Service have its pods: the AWS API is queried.
 *
 * The AWS Load Balancer Controller registers the IP addresses of pods some time after the selector of a Service was
 * changed. Until then a load balancer has no pod of the Service that takes requests, or only pods of another version.
 * Which target groups are those of the Service stands in TargetGroupBindings of its namespace.
 */
#pragma once
#include "traffic/elbv2.h"

struct rollout;

#define TARGET_GROUP_BINDING_VERSION "elbv2.k8s.aws/v1beta1"

/* Whether a target group has the addresses of a Service. */
struct target_group_check {
	bool applies; /* its targets are IP addresses, at a port that the Service has */
	size_t registered, total; /* addresses: those that are targets at the port, in any state; all */
};

/* Compares the targets of a binding's target group with the addresses of the Service. `target_type` and `port` (a
 * number or a name) are of the binding; `ports` is the list spec.ports of the Service, and `slices` are its
 * EndpointSlices. Addresses that are not ready do not count. NULL texts and values are as if absent. */
struct target_group_check target_group_check(const char *target_type, const json_t *port, const json_t *ports,
    const json_t *slices, const struct elbv2_target *targets, size_t n);

/* If the settings require it, queries whether the target groups of this Service, which selects the version `hash`, have
 * its pods. Sets *ret_unregistered to the reason why they do not, or it is not known yet, one line for users, in the
 * arena of `plan`; NULL (as the caller has set it): they do, or no target group has IP addresses of the Service. Adds
 * to `plan` the queries (unless `queries` is false: later), responses to keep, events, notes and the time of the next
 * pass. */
void target_groups_confirm(const struct rollout *, const char *service, const char *hash, bool queries,
    const struct pass *, struct plan *plan, const char **ret_unregistered);
