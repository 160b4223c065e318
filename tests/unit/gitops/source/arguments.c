/* tests/unit/gitops/source/arguments.c: which texts become arguments of other programs. */
#include "base/str.h"
#include "gitops/source/arguments.h"
#include "tests/unit/unit.h"

struct text {
	enum grammar kind;
	const char *text;
};

static void
common_spellings_are_accepted(void **state)
{
	static const struct text good[] = {
		{ GRAMMAR_RELEASE, "shop" },
		{ GRAMMAR_RELEASE, "shop.v2-canary" },
		{ GRAMMAR_NAMESPACE, "kube-system" },
		{ GRAMMAR_ACCOUNT, "deployer.shop" },
		{ GRAMMAR_CHART, "kube-prometheus-stack" },
		{ GRAMMAR_CHART, "My_Chart.2" },
		{ GRAMMAR_CHART_VERSION, NULL },
		{ GRAMMAR_CHART_VERSION, "1.2.3-rc.1+build" },
		{ GRAMMAR_CHART_VERSION, ">=1.0.0, <2 || ~3.1" },
		{ GRAMMAR_CHART_VERSION, "^1.x" },
		{ GRAMMAR_CHART_VERSION, "*" },
		{ GRAMMAR_CHART_REPOSITORY, "https://charts.example/stable" },
		{ GRAMMAR_CHART_REPOSITORY, "http://127.0.0.1:8080" },
		{ GRAMMAR_CHART_REPOSITORY, "registry.example:5000/team/charts" },
		{ GRAMMAR_CHART_REPOSITORY, "ghcr.io/argoproj/argo-helm" },
		{ GRAMMAR_KUBE_VERSION, "v1.29.1-gke.100" },
		{ GRAMMAR_KUBE_VERSION, "1.30" },
		{ GRAMMAR_API_VERSION, "monitoring.coreos.com/v1/ServiceMonitor" },
		{ GRAMMAR_API_VERSION, "v1" },
		{ GRAMMAR_PARAMETER, "image.tag" },
		{ GRAMMAR_PARAMETER, "hosts[0].name" },
		{ GRAMMAR_PARAMETER, "ingress.annotations.nginx\\.ingress\\.kubernetes\\.io/x" },
		{ GRAMMAR_GIT_URL, "https://git.example/team/repo.git" },
		{ GRAMMAR_GIT_URL, "https://me:p%40ss@git.example:8443/team/repo" },
		{ GRAMMAR_GIT_URL, "https://dev.azure.com/org/project/_git/my%20repo" },
		{ GRAMMAR_GIT_URL, "git@github.com:org/repo.git" },
		{ GRAMMAR_GIT_URL, "github.com:org/repo.git" },
		{ GRAMMAR_GIT_URL, "ssh://git@git.example:2222/org/repo" },
		{ GRAMMAR_GIT_URL, "http://[fd00::1]:3000/org/repo" },
		{ GRAMMAR_GIT_URL, "file:///srv/git/repo" },
		{ GRAMMAR_REVISION, NULL },
		{ GRAMMAR_REVISION, "feature/login-2" },
		{ GRAMMAR_REVISION, "refs/pull/7/head" },
		{ GRAMMAR_REVISION, ">=1.0 <2 || ^3" },
		{ GRAMMAR_REVISION, "1.2.*" },
		{ GRAMMAR_REFERENCE, "HEAD" },
		{ GRAMMAR_REFERENCE, "refs/tags/v1.2.0-rc.1" },
		{ GRAMMAR_COMMIT, "0123456789abcdef0123456789ABCDEF01234567" },
		{ GRAMMAR_PROXY, "http://proxy.example:3128" },
		{ GRAMMAR_PROXY, "socks5h://me:secret@10.0.0.1:1080" },
		{ GRAMMAR_PROXY, "proxy.example:3128" },
	};
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		struct err *e = grammar_check(a, good[i].kind, "here", good[i].text);

		if (e != NULL)
			fail_msg("%d: %s", good[i].kind, err_text(a, e));
	}
	arena_free(a);
}

static void
what_another_program_would_read_differently_is_refused(void **state)
{
	static const struct text bad[] = {
		{ GRAMMAR_RELEASE, NULL },
		{ GRAMMAR_RELEASE, "--post-renderer=/bin/sh" },
		{ GRAMMAR_RELEASE, "-" },
		{ GRAMMAR_RELEASE, "Shop" },
		{ GRAMMAR_RELEASE, "a..b" },
		{ GRAMMAR_RELEASE, "a b" },
		{ GRAMMAR_RELEASE, "a123456789012345678901234567890123456789012345678901234" },
		{ GRAMMAR_NAMESPACE, "--kubeconfig=/etc/x" },
		{ GRAMMAR_NAMESPACE, "a.b" },
		{ GRAMMAR_NAMESPACE, "a\n" },
		{ GRAMMAR_ACCOUNT, "a\r\nImpersonate-User: admin" },
		{ GRAMMAR_ACCOUNT, "a:b" },
		{ GRAMMAR_ACCOUNT, "a\n" },
		{ GRAMMAR_CHART, "../../etc" },
		{ GRAMMAR_CHART, "a/b" },
		{ GRAMMAR_CHART, "-x" },
		{ GRAMMAR_CHART, "a..b" },
		{ GRAMMAR_CHART_VERSION, "--post-renderer=x" },
		{ GRAMMAR_CHART_VERSION, "1\n2" },
		{ GRAMMAR_CHART_VERSION, "$(id)" },
		{ GRAMMAR_CHART_REPOSITORY, NULL },
		{ GRAMMAR_CHART_REPOSITORY, "file:///etc" },
		{ GRAMMAR_CHART_REPOSITORY, "oci://-x/y" },
		{ GRAMMAR_CHART_REPOSITORY, "s3://bucket" },
		{ GRAMMAR_CHART_REPOSITORY, "../charts" },
		{ GRAMMAR_CHART_REPOSITORY, "registry.example/../other" },
		{ GRAMMAR_KUBE_VERSION, "--debug" },
		{ GRAMMAR_KUBE_VERSION, "v" },
		{ GRAMMAR_API_VERSION, "--dry-run" },
		{ GRAMMAR_API_VERSION, "a b" },
		{ GRAMMAR_PARAMETER, NULL },
		{ GRAMMAR_PARAMETER, "-a" },
		{ GRAMMAR_PARAMETER, "a=1,b" },
		{ GRAMMAR_PARAMETER, "a,b" },
		{ GRAMMAR_PARAMETER, "a\tb" },
		{ GRAMMAR_GIT_URL, NULL },
		{ GRAMMAR_GIT_URL, "--upload-pack=/bin/sh" },
		{ GRAMMAR_GIT_URL, "ext::sh -c id" },
		{ GRAMMAR_GIT_URL, "ext::sh" },
		{ GRAMMAR_GIT_URL, "fd::17" },
		{ GRAMMAR_GIT_URL, "ext://x" },
		{ GRAMMAR_GIT_URL, "git://git.example/x" },
		{ GRAMMAR_GIT_URL, "ftp://git.example/x" },
		{ GRAMMAR_GIT_URL, "HTTPS://git.example\\@evil.example/x" },
		{ GRAMMAR_GIT_URL, "/srv/git/repo" },
		{ GRAMMAR_GIT_URL, "../repo" },
		{ GRAMMAR_GIT_URL, "file://host/repo" },
		{ GRAMMAR_GIT_URL, "ssh://-oProxyCommand=id/x" },
		{ GRAMMAR_GIT_URL, "ssh://git@-oProxyCommand=id/x" },
		{ GRAMMAR_GIT_URL, "-oProxyCommand=id:x" },
		{ GRAMMAR_GIT_URL, "git@-oProxyCommand=id:x" },
		{ GRAMMAR_GIT_URL, "-x@git.example:org/repo" },
		{ GRAMMAR_GIT_URL, "git@git.example:-x" },
		{ GRAMMAR_GIT_URL, "git@git.example:" },
		{ GRAMMAR_GIT_URL, "https://" },
		{ GRAMMAR_GIT_URL, "https://git.example:port/x" },
		{ GRAMMAR_GIT_URL, "https://git.example/a\nb" },
		{ GRAMMAR_GIT_URL, "https://git.example\\@evil.example/x" },
		{ GRAMMAR_REVISION, "--upload-pack=x" },
		{ GRAMMAR_REVISION, "HEAD:secret" },
		{ GRAMMAR_REVISION, "a..b" },
		{ GRAMMAR_REVISION, "main@{1}" },
		{ GRAMMAR_REVISION, "a\x1b[31m" },
		{ GRAMMAR_REFERENCE, NULL },
		{ GRAMMAR_REFERENCE, "main" },
		{ GRAMMAR_REFERENCE, "--upload-pack=x" },
		{ GRAMMAR_REFERENCE, "refs/heads/a:refs/heads/b" },
		{ GRAMMAR_REFERENCE, "refs/heads/*" },
		{ GRAMMAR_REFERENCE, "refs/heads/a..b" },
		{ GRAMMAR_REFERENCE, "refs/heads/a b" },
		{ GRAMMAR_REFERENCE, "refs/" },
		{ GRAMMAR_COMMIT, "0123456" },
		{ GRAMMAR_COMMIT, "--all0123456789abcdef0123456789abcdef012" },
		{ GRAMMAR_PROXY, "file:///x" },
		{ GRAMMAR_PROXY, "--x" },
		{ GRAMMAR_PROXY, "http://a b" },
	};
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct err *e = grammar_check(a, bad[i].kind, "here", bad[i].text);

		if (e == NULL)
			fail_msg("%d: %s is taken", bad[i].kind, bad[i].text);
		assert_int_equal(e->class, ERR_INVALID);
	}
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(common_spellings_are_accepted),
		cmocka_unit_test(what_another_program_would_read_differently_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
