/* kube/plan/sigv4.h: AWS Signature Version 4 (docs.aws.amazon.com/IAM, "Create a signed AWS API request"), and the
 * credentials to sign with. Pure: files and services with credentials are queries. */
#pragma once
#include "kube/api/type.h"
#include "kube/plan/query.h"

struct aws_credentials {
	const char *access_key_id, *secret_access_key;
	const char *session_token; /* NULL: none */
	const char *region; /* NULL: not known */
	const char *source; /* in the words of the AWS SDK for Go, "EnvConfigCredentials" */
	bool expires;
	int64_t expires_at; /* wall ms, if they expire; 0: not known */
};

/* Signs a request: adds the headers X-Amz-Date, Authorization, and X-Amz-Security-Token for a session. The headers of
 * the request so far, its host, and the length of its body are signed. `now` is wall ms. In the arena. */
void sigv4_sign(struct arena *, const struct aws_credentials *, const char *region, const char *service, int64_t now,
    struct request *);

/* The variables that aws_credentials_step reads, for the list of a row: { AWS_VARIABLES, "MORE", NULL }. */
#define AWS_VARIABLES                                                                                                  \
	"AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_CONFIG_FILE", "AWS_CONTAINER_AUTHORIZATION_TOKEN",                 \
	    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_FULL_URI",                            \
	    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_DEFAULT_REGION", "AWS_EC2_METADATA_DISABLED",               \
	    "AWS_EC2_METADATA_SERVICE_ENDPOINT", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS", "AWS_PROFILE",            \
	    "AWS_REGION", "AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME", "AWS_SECRET_ACCESS_KEY", "AWS_SECRET_KEY",          \
	    "AWS_SESSION_TOKEN", "AWS_SHARED_CREDENTIALS_FILE", "AWS_WEB_IDENTITY_TOKEN_FILE"

enum aws_step { AWS_QUERY, AWS_KNOWN, AWS_FAILED };

/* Looks for credentials as the AWS SDKs do: variables; a role by web identity; files; the endpoint of a container (ECS,
 * EKS Pod Identity); the metadata of the instance. `environment` has the variables of the process, and `responses` what
 * its queries returned, the oldest first. QUERY sets *ret_query, KNOWN *ret and the number of responses that were used,
 * FAILED *ret_err. All in the arena. */
enum aws_step aws_credentials_step(struct arena *, const struct string_map *environment, int64_t now,
    const struct response *const *responses, size_t n, struct query *ret_query, struct aws_credentials *ret,
    size_t *ret_used, struct err **ret_err);

/* Returns a variable that is not empty, or NULL. */
const char *aws_variable(const struct string_map *environment, const char *name);
