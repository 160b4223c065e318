/* kube/plan/aws_credentials.c: where the AWS SDK for Go finds credentials, in its order (sigv4.h). */
#include <inttypes.h>
#include <string.h>
#include "base/json.h"
#include "base/time.h"
#include "kube/plan/sigv4.h"

#define AWS_TIMEOUT_MS 10000
#define AWS_METADATA_TIMEOUT_MS 2000 /* outside of EC2 nothing responds there */
#define AWS_RESPONSE_MAX (256u << 10)
#define AWS_METADATA "http://169.254.169.254"
#define AWS_CONTAINER "http://169.254.170.2"
#define AWS_ROLES "/latest/meta-data/iam/security-credentials/"

/* The search: the queries so far, and the next response that was not used. */
struct aws_search {
	struct arena *arena;
	const struct string_map *environment;
	int64_t now;
	const struct response *const *responses;
	size_t n, used;
	struct query *query;
	struct err *err;
};

const char *
aws_variable(const struct string_map *environment, const char *name)
{
	for (size_t i = 0; i < environment->n; i++)
		if (str_eq(environment->at[i].key, name))
			return str_empty(environment->at[i].value) ? NULL : environment->at[i].value;
	return NULL;
}

static const char *
aws_var(const struct aws_search *s, const char *name)
{
	return aws_variable(s->environment, name);
}

/* Returns the response to the next query, or NULL after setting that query. */
static const struct response *
aws_next(struct aws_search *s, const char *method, const char *url, int64_t timeout_ms)
{
	if (s->used < s->n)
		return s->responses[s->used++];
	*s->query = (struct query){
		.request = { .method = method, .url = url, .timeout_ms = timeout_ms, .response_max = AWS_RESPONSE_MAX },
		.to = QUERY_OWN
	};
	return NULL;
}

static const struct response *
aws_next_file(struct aws_search *s, const char *path)
{
	return aws_next(s, "GET", arena_printf(s->arena, "file://%s", path), AWS_TIMEOUT_MS);
}

static void
aws_add_header(struct aws_search *s, const char *name, const char *value)
{
	struct header *list = arena_new_array(s->arena, struct header, s->query->request.n_headers + 1);

	if (s->query->request.n_headers > 0)
		memcpy(list, s->query->request.headers, s->query->request.n_headers * sizeof(*list));
	list[s->query->request.n_headers++] = (struct header){ name, value };
	s->query->request.headers = list;
}

/* Returns the body without white space at its end; NULL after setting an error that names `what`. */
static const char *
aws_body(struct aws_search *s, const struct response *got, const char *what)
{
	size_t n = got->body.len;

	if (got->err != NULL)
		s->err = err_wrap(s->arena, got->err, "AWS credentials: %s", what);
	else if (got->status != 0 && (got->status < 200 || got->status > 299))
		s->err = err_new(s->arena, ERR_AGAIN, "AWS credentials: %s: status %d: %.*s", what, got->status,
		    (int)(n < 300 ? n : 300), got->body.at);
	if (s->err != NULL)
		return NULL;
	while (n > 0 && strchr(" \t\r\n", got->body.at[n - 1]) != NULL)
		n--;
	return arena_strndup(s->arena, got->body.at, n);
}

static enum aws_step
aws_failed(const struct aws_search *s)
{
	return s->err != NULL ? AWS_FAILED : AWS_QUERY;
}

/* Returns the text of the first XML element with this name, or NULL. */
static const char *
aws_xml(struct arena *a, const char *text, const char *name)
{
	const char *open = strstr(text, arena_printf(a, "<%s>", name)), *close;

	if (open == NULL)
		return NULL;
	open += strlen(name) + 2;
	close = strstr(open, arena_printf(a, "</%s>", name));
	return close != NULL ? arena_strndup(a, open, (size_t)(close - open)) : NULL;
}

/* A role by the token of a ServiceAccount (EKS). The token is read again each time: it is replaced every hour. */
static enum aws_step
aws_web_identity(struct aws_search *s, struct aws_credentials *ret)
{
	const char *sts = aws_var(s, "AWS_ENDPOINT_URL_STS") ?: aws_var(s, "AWS_ENDPOINT_URL"), *token, *text;
	const char *name = aws_var(s, "AWS_ROLE_SESSION_NAME") ?: arena_printf(s->arena, "%" PRId64 "000000", s->now);
	const struct response *got = aws_next_file(s, aws_var(s, "AWS_WEB_IDENTITY_TOKEN_FILE"));

	if (got == NULL || (token = aws_body(s, got, "AWS_WEB_IDENTITY_TOKEN_FILE")) == NULL)
		return aws_failed(s);
	if (sts == NULL)
		sts = ret->region != NULL ? arena_printf(s->arena, "https://sts.%s.amazonaws.com%s", ret->region,
						str_starts(ret->region, "cn-") ? ".cn" : "")
					  : "https://sts.amazonaws.com";
	got = aws_next(s, "POST", arena_printf(s->arena, "%s/", sts), AWS_TIMEOUT_MS);
	if (got == NULL) {
		s->query->request.body = arena_printf(s->arena,
		    "Action=AssumeRoleWithWebIdentity&RoleArn=%s&RoleSessionName=%s&Version=2011-06-15"
		    "&WebIdentityToken=%s",
		    str_url_escape(s->arena, aws_var(s, "AWS_ROLE_ARN")), str_url_escape(s->arena, name),
		    str_url_escape(s->arena, token));
		s->query->request.content_type = "application/x-www-form-urlencoded";
		return AWS_QUERY;
	}
	if ((text = aws_body(s, got, "AssumeRoleWithWebIdentity")) == NULL)
		return AWS_FAILED;
	ret->access_key_id = aws_xml(s->arena, text, "AccessKeyId");
	ret->secret_access_key = aws_xml(s->arena, text, "SecretAccessKey");
	ret->session_token = aws_xml(s->arena, text, "SessionToken");
	ret->expires = true;
	time_parse(aws_xml(s->arena, text, "Expiration") ?: "", &ret->expires_at);
	ret->source = "WebIdentityCredentials";
	return AWS_KNOWN;
}

/* Returns the value of a key in a section of an INI file, or NULL. */
static const char *
aws_ini(struct arena *a, const char *text, const char *section, const char *key)
{
	bool inside = false;

	while (*text != '\0') {
		size_t len = strcspn(text, "\r\n"), name, from;

		if (text[0] == '[') {
			inside = strlen(section) + 2 == len && strncmp(text + 1, section, len - 2) == 0;
		} else if (inside) {
			name = strcspn(text, "= \t\r\n");
			from = name + strspn(text + name, "= \t");
			if (name == strlen(key) && strncmp(text, key, name) == 0 && from <= len)
				return arena_strndup(a, text + from, len - from);
		}
		text += len;
		text += strspn(text, "\r\n");
	}
	return NULL;
}

/* Files with profiles, if variables name them. One that does not exist is no error. */
static enum aws_step
aws_shared_files(struct aws_search *s, struct aws_credentials *ret)
{
	const char *file = aws_var(s, "AWS_SHARED_CREDENTIALS_FILE"), *text;
	const char *profile = aws_var(s, "AWS_PROFILE") ?: "default";
	const struct response *got;

	if (file == NULL)
		return AWS_KNOWN;
	if ((got = aws_next_file(s, file)) == NULL)
		return AWS_QUERY;
	if (got->err != NULL)
		return AWS_KNOWN;
	text = arena_strndup(s->arena, got->body.at, got->body.len);
	ret->access_key_id = aws_ini(s->arena, text, profile, "aws_access_key_id");
	ret->secret_access_key = aws_ini(s->arena, text, profile, "aws_secret_access_key");
	ret->session_token = aws_ini(s->arena, text, profile, "aws_session_token");
	ret->source = arena_printf(s->arena, "SharedConfigCredentials: %s", file);
	return AWS_KNOWN;
}

/* The region of the profile, if a variable names the file. */
static enum aws_step
aws_config_file(struct aws_search *s, struct aws_credentials *ret)
{
	const char *file = aws_var(s, "AWS_CONFIG_FILE"), *profile = aws_var(s, "AWS_PROFILE"), *text;
	const struct response *got;

	if (ret->region != NULL || file == NULL)
		return AWS_KNOWN;
	if ((got = aws_next_file(s, file)) == NULL)
		return AWS_QUERY;
	if (got->err != NULL)
		return AWS_KNOWN;
	text = arena_strndup(s->arena, got->body.at, got->body.len);
	ret->region = aws_ini(s->arena, text,
	    profile == NULL || str_eq(profile, "default") ? "default" : arena_printf(s->arena, "profile %s", profile),
	    "region");
	return AWS_KNOWN;
}

/* Reads {"AccessKeyId": …}, as the endpoints of containers and instances return it. */
static enum aws_step
aws_read_json(struct aws_search *s, const char *text, const char *source, struct aws_credentials *ret)
{
	_cleanup_(json_decrefp) json_t *doc = NULL;

	if ((s->err = json_parse(s->arena, text, strlen(text), &doc)) != NULL) {
		s->err = err_wrap(s->arena, s->err, "AWS credentials: %s", source);
		return AWS_FAILED;
	}
	ret->access_key_id = arena_strdup(s->arena, json_str(doc, "AccessKeyId") ?: "");
	ret->secret_access_key = arena_strdup(s->arena, json_str(doc, "SecretAccessKey") ?: "");
	ret->session_token = arena_strdup(s->arena, json_str(doc, "Token") ?: "");
	ret->expires = json_str(doc, "Expiration") != NULL;
	time_parse(json_str(doc, "Expiration") ?: "", &ret->expires_at);
	ret->source = source;
	return AWS_KNOWN;
}

static enum aws_step
aws_container(struct aws_search *s, struct aws_credentials *ret)
{
	const char *url = aws_var(s, "AWS_CONTAINER_CREDENTIALS_FULL_URI"), *text;
	const char *relative = aws_var(s, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
	const char *file = aws_var(s, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
	const char *token = aws_var(s, "AWS_CONTAINER_AUTHORIZATION_TOKEN");
	const struct response *got;

	if (relative != NULL)
		url = arena_printf(s->arena, AWS_CONTAINER "%s", relative);
	if (file != NULL) {
		got = aws_next_file(s, file);
		if (got == NULL || (token = aws_body(s, got, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")) == NULL)
			return aws_failed(s);
	}
	got = aws_next(s, "GET", url, AWS_TIMEOUT_MS);
	if (got == NULL) {
		aws_add_header(s, "Accept", "application/json");
		if (token != NULL)
			aws_add_header(s, "Authorization", token);
		return AWS_QUERY;
	}
	if ((text = aws_body(s, got, "the container's endpoint")) == NULL)
		return AWS_FAILED;
	return aws_read_json(s, text, "CredentialsEndpointProvider", ret);
}

static enum aws_step
aws_none(struct aws_search *s, const char *why)
{
	s->err = err_new(s->arena, ERR_AGAIN, "failed to refresh cached credentials, no EC2 IMDS role found, %s", why);
	return AWS_FAILED;
}

/* Requests a path of the metadata of the instance (IMDSv2): first a token, as before each request of the SDK. Returns
 * NULL after setting the query, or an error. */
static const char *
aws_metadata_get(struct aws_search *s, const char *path)
{
	const char *base = aws_var(s, "AWS_EC2_METADATA_SERVICE_ENDPOINT") ?: AWS_METADATA, *token;
	const struct response *got;

	got = aws_next(s, "PUT", arena_printf(s->arena, "%s/latest/api/token", base), AWS_METADATA_TIMEOUT_MS);
	if (got == NULL) {
		aws_add_header(s, "X-Aws-Ec2-Metadata-Token-Ttl-Seconds", "300");
		return NULL;
	}
	if ((token = aws_body(s, got, "the token of the instance's metadata")) == NULL)
		return NULL;
	got = aws_next(s, "GET", arena_printf(s->arena, "%s%s", base, path), AWS_METADATA_TIMEOUT_MS);
	if (got == NULL) {
		aws_add_header(s, "X-Aws-Ec2-Metadata-Token", token);
		return NULL;
	}
	return aws_body(s, got, "the instance's metadata");
}

static enum aws_step
aws_instance(struct aws_search *s, struct aws_credentials *ret)
{
	const char *disabled = aws_var(s, "AWS_EC2_METADATA_DISABLED"), *roles, *text = NULL;

	if (disabled != NULL && strcasecmp(disabled, "true") == 0)
		return aws_none(s, "operation error ec2imds: GetMetadata, access disabled to EC2 IMDS via client "
				   "option, or \"AWS_EC2_METADATA_DISABLED\" environment variable");
	if ((roles = aws_metadata_get(s, AWS_ROLES)) != NULL) {
		roles = arena_strndup(s->arena, roles, strcspn(roles, "\r\n"));
		text = aws_metadata_get(s, arena_printf(s->arena, AWS_ROLES "%s", roles));
	}
	if (s->err != NULL)
		return aws_none(s, err_text(s->arena, s->err));
	return text != NULL ? aws_read_json(s, text, "EC2RoleProvider", ret) : AWS_QUERY;
}

static bool
aws_complete(const struct aws_credentials *c)
{
	return !str_empty(c->access_key_id) && !str_empty(c->secret_access_key);
}

static enum aws_step
aws_search(struct aws_search *s, struct aws_credentials *ret)
{
	const char *id = aws_var(s, "AWS_ACCESS_KEY_ID") ?: aws_var(s, "AWS_ACCESS_KEY");
	const char *secret = aws_var(s, "AWS_SECRET_ACCESS_KEY") ?: aws_var(s, "AWS_SECRET_KEY");
	enum aws_step step;

	ret->region = aws_var(s, "AWS_REGION") ?: aws_var(s, "AWS_DEFAULT_REGION");
	if ((step = aws_config_file(s, ret)) != AWS_KNOWN)
		return step;
	if (id != NULL && secret != NULL) {
		ret->access_key_id = id;
		ret->secret_access_key = secret;
		ret->session_token = aws_var(s, "AWS_SESSION_TOKEN");
		ret->source = "EnvConfigCredentials";
		return AWS_KNOWN;
	}
	if (aws_var(s, "AWS_ROLE_ARN") != NULL && aws_var(s, "AWS_WEB_IDENTITY_TOKEN_FILE") != NULL)
		return aws_web_identity(s, ret);
	if ((step = aws_shared_files(s, ret)) != AWS_KNOWN || aws_complete(ret))
		return step;
	if (aws_var(s, "AWS_CONTAINER_CREDENTIALS_FULL_URI") != NULL ||
	    aws_var(s, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") != NULL)
		return aws_container(s, ret);
	return aws_instance(s, ret);
}

enum aws_step
aws_credentials_step(struct arena *a, const struct string_map *environment, int64_t now,
    const struct response *const *responses, size_t n, struct query *ret_query, struct aws_credentials *ret,
    size_t *ret_used, struct err **ret_err)
{
	struct aws_search s = {
		.arena = a, .environment = environment, .now = now, .responses = responses, .n = n, .query = ret_query
	};
	struct aws_credentials found = { 0 };
	enum aws_step step = aws_search(&s, &found);

	if (step == AWS_KNOWN && !aws_complete(&found)) {
		s.err = err_new(a, ERR_AGAIN, "AWS credentials: %s returned none", found.source);
		step = AWS_FAILED;
	}
	*ret_used = s.used;
	*ret = found;
	if (step == AWS_FAILED)
		*ret_err = s.err;
	return step;
}
