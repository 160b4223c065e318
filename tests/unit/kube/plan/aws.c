/* tests/unit/kube/plan/aws.c: signatures for AWS, and how credentials are found. More signatures: tests/data/aws. */
#include "tests/unit/unit.h"
#include "base/str.h"
#include "kube/plan/sigv4.h"

#define IMDS "http://169.254.169.254/latest"
#define ROLES IMDS "/meta-data/iam/security-credentials/"
#define KEY "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

static const char *
header_of(const struct request *r, const char *name)
{
	for (size_t i = 0; i < r->n_headers; i++)
		if (str_eq(r->headers[i].name, name))
			return r->headers[i].value;
	return NULL;
}

/* The example of the documentation of AWS ("get-vanilla" of its test suite). */
static void
a_request_has_the_signature_of_the_documentation(void **state)
{
	static const struct aws_credentials by = { .access_key_id = "AKIDEXAMPLE", .secret_access_key = KEY };
	struct arena *a = arena_new();
	struct request r = { .method = "GET", .url = "https://example.amazonaws.com/" };

	(void)state;
	sigv4_sign(a, &by, "us-east-1", "service", 1440938160000, &r);
	assert_string_equal(header_of(&r, "X-Amz-Date"), "20150830T123600Z");
	assert_string_equal(header_of(&r, "Authorization"),
	    "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
	    "SignedHeaders=host;x-amz-date, "
	    "Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
	assert_null(header_of(&r, "X-Amz-Security-Token"));
	arena_free(a);
}

/* The port of the scheme is not in the header that curl sends. */
static void
the_port_of_the_scheme_is_not_signed(void **state)
{
	static const struct aws_credentials by = { .access_key_id = "AKIDEXAMPLE", .secret_access_key = KEY };
	static const char *const same[][2] = { { "https://h/", "https://h:443/" }, { "http://h/", "http://h:80/" } };
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(same); i++) {
		struct request x = { .method = "GET", .url = same[i][0] }, y = { .method = "GET", .url = same[i][1] };

		sigv4_sign(a, &by, "r", "s", 0, &x);
		sigv4_sign(a, &by, "r", "s", 0, &y);
		assert_string_equal(header_of(&x, "Authorization"), header_of(&y, "Authorization"));
	}
	arena_free(a);
}

/* Queries that are expected, with their responses, until the credentials are known; ended by NULL. */
struct exchange_wanted {
	const char *method, *url, *header, *value, *body; /* NULL: none */
	int status; /* 0: it could not be reached */
	const char *response;
};

static void
finds(const char *const (*variables)[2], size_t n_variables, const struct exchange_wanted *wanted, const char *want)
{
	struct arena *a = arena_new();
	struct string_pair pairs[8];
	struct string_map env = { pairs, n_variables };
	const struct response *responses[8];
	struct response got[8];
	struct aws_credentials found;
	struct query q;
	struct err *e = NULL;
	size_t n = 0, used;
	enum aws_step step;

	for (size_t i = 0; i < n_variables; i++)
		pairs[i] = (struct string_pair){ variables[i][0], variables[i][1] };
	for (;; wanted++) {
		q = (struct query){ 0 };
		step = aws_credentials_step(a, &env, 1767225600000, responses, n, &q, &found, &used, &e);
		if (step != AWS_QUERY)
			break;
		assert_non_null(wanted->url);
		assert_string_equal(q.request.method, wanted->method);
		assert_string_equal(q.request.url, wanted->url);
		assert_int_equal(q.to, QUERY_OWN);
		assert_true(q.request.timeout_ms > 0 && q.request.response_max > 0);
		if (wanted->header != NULL)
			assert_string_equal(header_of(&q.request, wanted->header) ?: "", wanted->value);
		if (wanted->body != NULL)
			assert_string_equal(q.request.body, wanted->body);
		got[n] = (struct response){ .status = wanted->status,
			.err = wanted->status == 0 ? err_new(a, ERR_AGAIN, "cannot connect") : NULL,
			.body = { wanted->response, strlen(wanted->response) } };
		responses[n] = &got[n];
		n++;
	}
	assert_null(wanted->url);
	assert_string_equal(step == AWS_FAILED
				? err_text(a, e)
				: arena_printf(a, "%s %s %s %s", found.access_key_id, found.secret_access_key,
				      found.session_token ?: "", found.region ?: ""),
	    want);
	assert_int_equal(used, n);
	arena_free(a);
}

#define STS                                                                                                            \
	"<R><Credentials><AccessKeyId>I</AccessKeyId><SecretAccessKey>S</SecretAccessKey><SessionToken>T</"            \
	"SessionToken>"                                                                                                \
	"<Expiration>2026-11-29T17:56:31Z</Expiration></Credentials></R>"
#define JSON_CREDENTIALS                                                                                               \
	"{\"AccessKeyId\":\"I\",\"SecretAccessKey\":\"S\",\"Token\":\"T\",\"Expiration\":\"2026-11-29T17:56:31Z\"}"

static void
variables_come_first(void **state)
{
	static const char *const env[][2] = { { "AWS_ACCESS_KEY_ID", "I" }, { "AWS_SECRET_KEY", "S" },
		{ "AWS_ROLE_ARN", "r" }, { "AWS_WEB_IDENTITY_TOKEN_FILE", "/t" }, { "AWS_DEFAULT_REGION", "eu" } };

	(void)state;
	finds(env, ARRAY_SIZE(env), (const struct exchange_wanted[]){ { 0 } }, "I S  eu");
}

static void
a_role_is_taken_by_the_token_of_a_file(void **state)
{
	static const char *const env[][2] = { { "AWS_ROLE_ARN", "arn:aws:iam::1:role/r" },
		{ "AWS_WEB_IDENTITY_TOKEN_FILE", "/t" }, { "AWS_REGION", "eu-west-1" },
		{ "AWS_ROLE_SESSION_NAME", "me" } };
	static const struct exchange_wanted wanted[] = {
		{ "GET", "file:///t", .status = 200, .response = "to/ken\n" },
		{ "POST", "https://sts.eu-west-1.amazonaws.com/",
		    .body = "Action=AssumeRoleWithWebIdentity&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr"
			    "&RoleSessionName=me&"
			    "Version=2011-06-15&WebIdentityToken=to%2Fken",
		    .status = 200, .response = STS },
		{ 0 },
	}, denied[] = {
		{ "GET", "file:///t", .status = 200, .response = "t" },
		{ "POST", "https://sts.eu-west-1.amazonaws.com/", .status = 403, .response = "<Code>Denied</Code>" },
		{ 0 },
	};

	(void)state;
	finds(env, ARRAY_SIZE(env), wanted, "I S T eu-west-1");
	finds(env, ARRAY_SIZE(env), denied,
	    "AWS credentials: AssumeRoleWithWebIdentity: status 403: <Code>Denied</Code>");
}

static void
a_container_has_an_endpoint(void **state)
{
	static const char *const pod[][2] = { { "AWS_CONTAINER_CREDENTIALS_FULL_URI",
						  "http://169.254.170.23/v1/credentials" },
		{ "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/a" }, { "AWS_REGION", "r" } };
	static const char *const task[][2] = { { "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/x" } };
	static const struct exchange_wanted wanted[] = {
		{ "GET", "file:///a", .status = 200, .response = "jwt" },
		{ "GET", "http://169.254.170.23/v1/credentials", "Authorization", "jwt", .status = 200,
		    .response = JSON_CREDENTIALS },
		{ 0 },
	}, relative[] = { { "GET", "http://169.254.170.2/v2/x", .status = 200, .response = JSON_CREDENTIALS }, { 0 } };

	(void)state;
	finds(pod, ARRAY_SIZE(pod), wanted, "I S T r");
	finds(task, ARRAY_SIZE(task), relative, "I S T ");
}

static void
an_instance_has_metadata(void **state)
{
	static const char *const off[][2] = { { "AWS_EC2_METADATA_DISABLED", "True" } };
	static const struct exchange_wanted wanted[] = {
		{ "PUT", IMDS "/api/token", "X-Aws-Ec2-Metadata-Token-Ttl-Seconds", "300",
		    .status = 200, .response = "t1" },
		{ "GET", ROLES, "X-Aws-Ec2-Metadata-Token",
		    "t1", .status = 200, .response = "role\n" },
		{ "PUT", IMDS "/api/token", .status = 200, .response = "t2" },
		{ "GET", ROLES "role",
		    "X-Aws-Ec2-Metadata-Token", "t2", .status = 200, .response = JSON_CREDENTIALS },
		{ 0 },
	}, nothing[] = {
		{ "PUT", IMDS "/api/token", .status = 0, .response = "" },
		{ 0 },
	};

	(void)state;
	finds(NULL, 0, wanted, "I S T ");
	finds(NULL, 0, nothing,
	    "failed to refresh cached credentials, no EC2 IMDS role found, AWS credentials: the token of the "
	    "instance's "
	    "metadata: cannot connect");
	finds(off, 1, (const struct exchange_wanted[]){ { 0 } },
	    "failed to refresh cached credentials, no EC2 IMDS role found, operation error ec2imds: GetMetadata, "
	    "access "
	    "disabled to EC2 IMDS via client option, or \"AWS_EC2_METADATA_DISABLED\" environment variable");
}

static void
files_have_profiles(void **state)
{
	static const char *const env[][2] = { { "AWS_SHARED_CREDENTIALS_FILE", "/c" }, { "AWS_CONFIG_FILE", "/f" },
		{ "AWS_PROFILE", "other" }, { "AWS_EC2_METADATA_DISABLED", "true" } };
	static const struct exchange_wanted wanted[] = {
		{ "GET", "file:///f", .status = 200, .response = "[default]\nregion = no\n[profile other]\nregion=eu" },
		{ "GET", "file:///c", .status = 200,
		    .response = "[default]\naws_access_key_id = no\n\n[other]\naws_access_key_id = I\n"
				"aws_secret_access_key = S\n" },
		{ 0 },
	}, absent[] = {
		{ "GET", "file:///f", .status = 0, .response = "" },
		{ "GET", "file:///c", .status = 0, .response = "" },
		{ 0 },
	};

	(void)state;
	finds(env, ARRAY_SIZE(env), wanted, "I S  eu");
	finds(env, ARRAY_SIZE(env), absent,
	    "failed to refresh cached credentials, no EC2 IMDS role found, operation error ec2imds: GetMetadata, "
	    "access "
	    "disabled to EC2 IMDS via client option, or \"AWS_EC2_METADATA_DISABLED\" environment variable");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_has_the_signature_of_the_documentation),
		cmocka_unit_test(the_port_of_the_scheme_is_not_signed),
		cmocka_unit_test(variables_come_first),
		cmocka_unit_test(a_role_is_taken_by_the_token_of_a_file),
		cmocka_unit_test(a_container_has_an_endpoint),
		cmocka_unit_test(an_instance_has_metadata),
		cmocka_unit_test(files_have_profiles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
