/* traffic/elbv2.h: the AWS API of load balancers (Elastic Load Balancing v2), read only.
 *
 * A decision reads what AWS responded to the calls of a round, which is a number or text of the caller's. A call whose
 * response is missing becomes a query of the plan, and all that depends on it waits for a later pass: the same
 * functions with the same round then return what they could not before. Nothing here does input or output.
 *
 * Requests are signed with the credentials of the controller (kube/plan/sigv4.h). The responses with credentials have a
 * round of their own, which several rounds of calls share: they are kept until shortly before they expire.
 */
#pragma once
#include "kube/plan/controller.h"
#include "kube/plan/sigv4.h"

#define ELBV2_PAGES_MAX 32 /* of one list; more are an error */
#define ELBV2_CREDENTIALS_MAX 16 /* queries for credentials */

/* The calls of one round. Everything that it returns is in the plan's arena. */
struct elbv2 {
	struct plan *plan; /* gets the queries, and keeps the responses of the round */
	const struct pass *pass;
	const char *round, *credentials_round; /* in the keys of the queries */
	bool reads_only; /* no query is added: the round was complete */

	bool waits; /* a response is missing */
	const struct err *err; /* the first error, without secrets; NULL: none */
	int64_t responded_at; /* wall ms: the last response that was used; 0: none */
	int64_t retry_after_ms; /* the longest Retry-After of an error; 0: none */

	/* For its own use. */
	bool searched; /* for credentials */
	enum aws_step found;
	struct aws_credentials by;
	json_t *trees; /* the responses that were read */
};

struct elbv2_balancer {
	const char *name, *arn;
};

struct elbv2_target_group {
	const char *name, *arn;
	struct string_map tags;
};

/* A target group of an action. */
struct elbv2_share {
	const char *arn; /* of the target group */
	int64_t weight;
};

/* An action of a rule that forwards requests to target groups. */
struct elbv2_forward {
	struct elbv2_share *at;
	size_t n;
};

/* A target of a target group. */
struct elbv2_target {
	const char *id; /* an IP address, or an instance */
	int64_t port;
	const char *state;
};

/* Begins a round. elbv2_done frees what it holds. */
void elbv2_begin(struct elbv2 *, struct plan *, const struct pass *, const char *round, const char *credentials_round);
void elbv2_done(struct elbv2 *);

/* Returns whether the credentials of the round have expired, or do so in five minutes. */
bool elbv2_credentials_expire(struct elbv2 *);

/* Returns the response to a query of the round, or NULL: it is awaited. A query that was not sent is added to the
 * plan. The key has the round. */
const struct seen_query *elbv2_response(struct elbv2 *, const char *key, const struct query *);

/* Sets the error of a round, unless it has one, without secrets. */
void elbv2_fail(struct elbv2 *, const char *text);

/* Each returns false if the response is not known: it is awaited (`waits`), or is an error (`err`). */

/* Finds the load balancer with a DNS name. *ret has no ARN if it does not exist. */
bool elbv2_find_balancer(struct elbv2 *, const char *dns_name, struct elbv2_balancer *ret);

/* Lists the target groups of a load balancer, with their tags. */
bool elbv2_target_groups(struct elbv2 *, const char *balancer, struct elbv2_target_group **ret, size_t *ret_n);

/* Lists the actions that forward requests, of all rules of all listeners of a load balancer. */
bool elbv2_forwards(struct elbv2 *, const char *balancer, struct elbv2_forward **ret, size_t *ret_n);

/* Lists the registered targets of a target group, in any state. */
bool elbv2_targets(struct elbv2 *, const char *target_group, struct elbv2_target **ret, size_t *ret_n);
