/* cli/debug_vectors_aws.c: debug vectors aws-sigv4, aws-credentials: signs recorded requests, and finds credentials
 * with recorded responses. */
#include <stdio.h>
#include <string.h>
#include "base/json.h"
#include "base/str.h"
#include "cli/debug_vectors.h"
#include "io/file.h"
#include "kube/plan/sigv4.h"

#define QUERIES_MAX_AWS 16
#define FILE_MAX (64u << 10)

void
debug_vectors_sigv4(struct cli *c, const json_t *line)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	_cleanup_(json_decrefp) json_t *out = json_object();
	const json_t *by = json_object_get(line, "credentials"), *headers = json_object_get(line, "headers"), *value;
	struct header *list = arena_new_array(a, struct header, json_object_size(headers));
	struct aws_credentials credentials = { .access_key_id = json_str(by, "accessKeyId") ?: "",
		.secret_access_key = json_str(by, "secretAccessKey") ?: "",
		.session_token = json_str(by, "sessionToken") };
	struct request r = { .method = json_str(line, "method") ?: "GET",
		.url = json_str(line, "url") ?: "",
		.body = json_str(line, "body"),
		.headers = list };
	const char *key;

	(void)c;
	json_object_foreach ((json_t *)headers, key, value)
		list[r.n_headers++] = (struct header){ key, json_string_value(value) ?: "" };
	sigv4_sign(a, &credentials, json_str(line, "region") ?: "", json_str(line, "service") ?: "",
	    json_int(line, "time", 0) * 1000, &r);
	for (size_t i = json_object_size(headers); i < r.n_headers; i++)
		json_object_set_new(out, r.headers[i].name, json_shown(r.headers[i].value));
	puts(json_text_go(a, out));
}

/* A file of a line: recorded tokens, or a file of this machine. */
static void
aws_recorded_file(struct arena *a, const char *path, struct response *ret)
{
	static const char *const tokens[][2] = { { "/tmp/routers-token", "oidc-jwt" },
		{ "/tmp/routers-auth", "pod-identity-jwt" },
		{ "/tmp/routers-creds", "[default]\naws_access_key_id = DEFAULTKEY\naws_secret_access_key = "
					"defaultsecret\n\n[other]\naws_access_key_id = OTHERKEY\n"
					"aws_secret_access_key = othersecret\naws_session_token = othertoken\n" },
		{ "/tmp/routers-config", "[default]\nregion = us-west-1\n\n[profile other]\nregion = ap-south-2\n" } };

	ret->status = 200;
	if ((ret->err = file_read(a, path, FILE_MAX, &ret->body)) == NULL)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(tokens); i++)
		if (str_eq(path, tokens[i][0])) {
			ret->err = NULL;
			ret->body = (struct bytes){ tokens[i][1], strlen(tokens[i][1]) };
		}
}

static void
aws_recorded_response(
    struct arena *a, const json_t *line, const struct query *q, size_t *responded, struct response *ret)
{
	const json_t *response;

	*ret = (struct response){ .body = { "", 0 } };
	if (str_starts(q->request.url, "file://")) {
		aws_recorded_file(a, q->request.url + strlen("file://"), ret);
		return;
	}
	response = json_object_get(json_array_get(json_object_get(line, "requests"), (*responded)++), "answer");
	if (response == NULL)
		ret->err = err_new(a, ERR_AGAIN, "the line has no response to this request");
	ret->status = (int)json_int(response, "status", 200);
	ret->body.at = json_str(response, "body") ?: "";
	ret->body.len = strlen(ret->body.at);
}

void
debug_vectors_credentials(struct cli *c, const json_t *line)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	_cleanup_(json_decrefp) json_t *out = json_object();
	const json_t *env = json_object_get(line, "env"), *value;
	struct string_map variables = { arena_new_array(a, struct string_pair, json_object_size(env)), 0 };
	const struct response *responses[QUERIES_MAX_AWS];
	struct aws_credentials found = { 0 };
	struct query q;
	struct err *e = NULL;
	size_t n = 0, used, responded = 0;
	enum aws_step step;
	const char *key;

	(void)c;
	json_object_foreach ((json_t *)env, key, value)
		variables.at[variables.n++] = (struct string_pair){ key, json_string_value(value) ?: "" };
	while ((step = aws_credentials_step(a, &variables, 0, responses, n, &q, &found, &used, &e)) == AWS_QUERY &&
	       n < QUERIES_MAX_AWS) {
		struct response *got = arena_alloc(a, sizeof(*got));

		aws_recorded_response(a, line, &q, &responded, got);
		responses[n++] = got;
	}
	json_object_set_new(out, "region", json_string(found.region ?: ""));
	if (step != AWS_KNOWN) {
		json_put(out, "error", e != NULL ? err_text(a, e) : "too many queries");
	} else {
		json_object_set_new(out, "accessKeyId", json_shown(found.access_key_id));
		json_object_set_new(out, "secretAccessKey", json_shown(found.secret_access_key));
		json_object_set_new(out, "sessionToken", json_shown(found.session_token ?: ""));
		json_object_set_new(out, "expires", json_boolean(found.expires));
		json_put(out, "source", found.source);
	}
	puts(json_text_go(a, out));
}
