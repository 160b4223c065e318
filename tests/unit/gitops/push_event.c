/* tests/unit/gitops/push_event.c: webhooks of Git servers, the objects that they concern, and requests that are
 * refused. */
#include "base/base64.h"
#include "gitops/push_event.h"
#include "tests/unit/unit.h"

#define BODY                                                                                                           \
	"{\"ref\":\"refs/heads/main\",\"repository\":{\"html_url\":\"https://git.example/shop/config\",\"ssh_url\":"   \
	"\"git@git.example:shop/config.git\",\"default_branch\":\"main\"}}"

struct parsed {
	const char *names[3], *values[3];
};

static const char *
get(void *arg, const char *name)
{
	const struct parsed *s = arg;

	for (size_t i = 0; i < 3 && s->names[i] != NULL; i++)
		if (strcasecmp(s->names[i], name) == 0)
			return s->values[i];
	return NULL;
}

static const struct application *
application(struct arena *a, const char *url, const char *revision)
{
	json_t *j = json_pack("{s:{s:s}, s:{s:{s:s, s:s*}, s:{}}}", "metadata", "name", "web", "spec", "source",
	    "repoURL", url, "targetRevision", revision, "destination");
	const struct application *app = (const struct application *)object_decode(&application_type, j, a);

	json_decref(j);
	return app;
}

static void
it_is_believed_when_it_is_signed(void **state)
{
	static const struct {
		struct parsed headers;
		const char *body, *secret; /* of all families; NULL: none */
		int status;
	} cases[] = {
		{ { { "X-GitHub-Event" }, { "push" } }, BODY, NULL, 0 },
		{ { { "X-GitHub-Event" }, { "ping" } }, BODY, NULL, 204 },
		{ { { "X-GitHub-Event" }, { "push" } }, BODY, "hush", 401 },
		{ { { "X-GitHub-Event", "X-Hub-Signature-256" }, { "push", "sha256=00" } }, BODY, "hush", 401 },
		{ { { "X-Gitlab-Event", "X-Gitlab-Token" }, { "Push Hook", "hush" } },
		    "{\"ref\":\"refs/tags/v1\",\"project\":{\"web_url\":\"x\"}}", "hush", 0 },
		{ { { "X-Gitlab-Event", "X-Gitlab-Token" }, { "Push Hook", "hus" } }, "{}", "hush", 401 },
		{ { { "X-Gitlab-Event", "X-Gitlab-Token" }, { "Push Hook", "hushh" } }, "{}", "hush", 401 },
		{ { { "X-Gitea-Event", "X-GitHub-Event" }, { "push", "push" } }, BODY, NULL, 0 },
		{ { { "X-Signature" }, { "sha256=00" } }, BODY, NULL, 401 },
		{ { { NULL }, { NULL } }, BODY, NULL, 400 },
		{ { { "X-GitHub-Event" }, { "push" } }, "payload=%7B", NULL, 400 },
		{ { { "X-GitHub-Event" }, { "push" } }, "{}", NULL, 400 },
	};
	static const char *const keys[] = { "webhook.github.secret", "webhook.gitlab.secret", "webhook.gogs.secret",
		"webhook.generic.secret" };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena *a = arena_new();
		struct push_headers headers = { get, (void *)&cases[i].headers };
		json_t *secret = json_object();
		const char *why = "";
		struct push p;
		int status;

		for (size_t k = 0; cases[i].secret != NULL && k < 4; k++)
			json_object_set_new(
			    secret, keys[k], json_string(base64_encode(a, cases[i].secret, strlen(cases[i].secret))));
		status = push_read(a, &headers, cases[i].body, strlen(cases[i].body), secret, &p, &why);
		if (status != cases[i].status)
			fail_msg("case %zu: got %d (%s), want %d", i, status, why, cases[i].status);
		json_decref(secret);
		arena_free(a);
	}
}

static void
applications_follow_their_branch(void **state)
{
	static const struct {
		const char *ref, *url, *revision;
		bool concerns;
	} cases[] = {
		{ "refs/heads/main", "https://git.example/shop/config", NULL, true },
		{ "refs/heads/main", "HTTPS://user@Git.example:8443/shop/config.git/", "HEAD", true },
		{ "refs/heads/main", "git@git.example:shop/config.git", "main", true },
		{ "refs/heads/main", "ssh://git@git.example:22/shop/config", "refs/heads/main", true },
		{ "refs/heads/other", "https://git.example/shop/config", "HEAD", false },
		{ "refs/heads/other", "https://git.example/shop/config", "main", false },
		{ "refs/heads/main", "https://git.example/shop/config-other", "main", false },
		{ "refs/heads/main", "https://elsewhere/shop/config", "main", false },
		{ "refs/tags/v1", "https://git.example/shop/config", "v1.*", true },
		{ "refs/tags/v1", "https://git.example/shop/config", "HEAD", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena *a = arena_new();
		struct push p = { { "https://git.example/shop/config", "git@git.example:shop/config.git" },
			cases[i].ref, "main" };

		if (push_concerns_application(a, &p, application(a, cases[i].url, cases[i].revision)) !=
		    cases[i].concerns)
			fail_msg("case %zu: want %d", i, cases[i].concerns);
		arena_free(a);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_believed_when_it_is_signed),
		cmocka_unit_test(applications_follow_their_branch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
