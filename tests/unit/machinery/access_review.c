/* tests/unit/machinery/access_review.c: the namespaces whose Rollouts a user of the dashboard may list. */
#include "web/access_review.h"
#include "io/loop.h"
#include "kube/api/rollout.h"
#include "tests/unit/machinery/script.h"

#define REVIEWS "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
#define AS_DEV "Impersonate-User: sluice:dashboard\nImpersonate-Group: sluice:dev\n"

/* Two Rollouts in each of the namespaces n00, n01, ... (n0000, ... if there are more than 100), or in `listed`. */
static size_t n_namespaces;
static const char *const *listed; /* NULL: none */

static void
each(
    const struct view *v, const struct type *t, const char *ns, void (*visit)(const struct object *, void *), void *arg)
{
	(void)v;
	assert_ptr_equal(t, &rollout_type);
	for (size_t i = 0; i < 2 * n_namespaces; i++) {
		char name[32];

		if (listed != NULL)
			snprintf(name, sizeof(name), "%s", listed[i / 2]);
		else
			snprintf(name, sizeof(name), n_namespaces > 100 ? "n%04zu" : "n%02zu", i / 2);
		if (ns == NULL || strcmp(ns, name) == 0)
			visit(&(struct object){ .type = t, .meta = { .name = "web", .namespace = name } }, arg);
	}
}

static const struct view view = { .each = each };

struct fixture {
	struct loop *loop;
	struct script *api;
	struct reviews reviews;
	struct allowed_namespaces allowed;
	struct access_review *check;
	int ended;
	bool failed;
};

static void
on_reviewed(void *arg, const struct err *e, struct allowed_namespaces *allowed)
{
	struct fixture *f = arg;

	f->ended++;
	f->failed = e != NULL;
	allowed_namespaces_done(&f->allowed);
	f->allowed = *allowed;
	*allowed = (struct allowed_namespaces){ 0 };
}

static int
access_review_begin(void **state)
{
	struct fixture *f = mem_alloc(sizeof(*f));

	*f = (struct fixture){ .loop = loop_virtual_new(0) };
	f->api = script_new(f->loop);
	n_namespaces = 2;
	listed = NULL;
	*state = f;
	return 0;
}

static int
access_review_finish(void **state)
{
	struct fixture *f = *state;

	allowed_namespaces_done(&f->allowed);
	reviews_done(&f->reviews);
	transport_free(&f->api->transport);
	loop_free(f->loop);
	free(f);
	return 0;
}

static void
start_page(struct fixture *f, const char *ns, const char *after)
{
	static const char *groups[] = { "sluice:dev" };
	static const struct impersonated dev = { "sluice:dashboard", { groups, 1 } };

	allowed_namespaces_done(&f->allowed);
	f->ended = 0;
	f->check = access_review_start(&(struct access_review_settings){ .api = &f->api->transport,
					   .reviews = &f->reviews,
					   .view = &view,
					   .who = &dev,
					   .namespace = ns,
					   .after = after,
					   .done = on_reviewed,
					   .arg = f },
	    &f->allowed);
}

static void
start(struct fixture *f, const char *ns)
{
	start_page(f, ns, NULL);
}

/* Responds to the oldest review, which must be about this namespace, and be made as the user. */
static void
respond(struct fixture *f, const char *ns, bool allowed)
{
	struct exchange *e = script_open(f->api, "POST", REVIEWS);
	char want[300];

	snprintf(want, sizeof(want),
	    "{\"apiVersion\":\"authorization.k8s.io/v1\",\"kind\":\"SelfSubjectAccessReview\",\"spec\":{"
	    "\"resourceAttributes\":{\"namespace\":\"%s\",\"verb\":\"list\",\"group\":\"argoproj.io\",\"resource\":"
	    "\"rollouts\"}}}",
	    ns);
	assert_string_equal(e->body, want);
	assert_string_equal(e->headers, AS_DEV);
	script_respond(f->api, "POST", REVIEWS, 201,
	    allowed ? "{\"status\":{\"allowed\":true}}" : "{\"status\":{\"allowed\":false}}");
}

static void
who_may_list_all_sees_all(void **state)
{
	struct fixture *f = *state;

	start(f, NULL);
	respond(f, "", true);
	assert_int_equal(f->ended, 1);
	assert_true(allowed_namespaces_has(&f->allowed, "any"));
	assert_int_equal(script_n_open(f->api), 0);
}

static void
others_see_the_namespaces_that_they_may_list(void **state)
{
	struct fixture *f = *state;

	start(f, NULL);
	respond(f, "", false);
	assert_int_equal(script_n_open(f->api), 2);
	respond(f, "n00", false);
	assert_int_equal(f->ended, 0);
	respond(f, "n01", true);
	assert_int_equal(f->ended, 1);
	assert_false(allowed_namespaces_has(&f->allowed, "n00"));
	assert_true(allowed_namespaces_has(&f->allowed, "n01"));
	assert_false(allowed_namespaces_has(&f->allowed, "n02"));
}

static void
a_response_without_a_verdict_denies(void **state)
{
	struct fixture *f = *state;

	start(f, "n00");
	script_respond(f->api, "POST", REVIEWS, 201, "{\"status\":{\"allowed\":\"true\"}}");
	assert_int_equal(f->ended, 1);
	assert_false(allowed_namespaces_has(&f->allowed, "n00"));
}

static void
one_namespace_takes_one_review(void **state)
{
	struct fixture *f = *state;

	start(f, "n01");
	respond(f, "n01", true);
	assert_int_equal(f->ended, 1);
	assert_true(allowed_namespaces_has(&f->allowed, "n01"));
	assert_false(allowed_namespaces_has(&f->allowed, "n00"));
}

static void
a_namespace_without_rollouts_takes_no_review(void **state)
{
	static const char *const names[] = { "n02", "", "N00", "n00/", "n00.x", "../n00",
		"n0000000000000000000000000000000000000000000000000000000000000000" };
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		start(f, names[i]);
		assert_null(f->check);
		assert_false(allowed_namespaces_has(&f->allowed, names[i]));
	}
	assert_int_equal(f->api->n, 0);
}

static void
responses_are_used_again_for_thirty_seconds(void **state)
{
	struct fixture *f = *state;

	start(f, NULL);
	respond(f, "", false);
	respond(f, "n00", true);
	respond(f, "n01", false);
	start(f, NULL);
	assert_null(f->check);
	assert_true(allowed_namespaces_has(&f->allowed, "n00"));
	assert_false(allowed_namespaces_has(&f->allowed, "n01"));
	loop_virtual_run_until(f->loop, REVIEWS_LIFE_MS);
	start(f, "n00");
	assert_non_null(f->check);
	respond(f, "n00", false);
	assert_false(allowed_namespaces_has(&f->allowed, "n00"));
}

static void
eight_reviews_are_made_at_once(void **state)
{
	struct fixture *f = *state;
	char name[32];

	n_namespaces = 20;
	start(f, NULL);
	respond(f, "", false);
	assert_int_equal(script_n_open(f->api), 8);
	for (int i = 0; i < 20; i++)
		script_respond(f->api, "POST", REVIEWS, 201, "{\"status\":{\"allowed\":true}}");
	assert_int_equal(f->ended, 1);
	for (int i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "n%02d", i);
		assert_true(allowed_namespaces_has(&f->allowed, name));
	}
}

/* The response for the namespace is known. */
static void
know(struct fixture *f, const char *ns, bool allowed)
{
	static const char *groups[] = { "sluice:dev" };
	static const struct impersonated dev = { "sluice:dashboard", { groups, 1 } };
	struct arena *a = arena_new();

	reviews_put(&f->reviews, review_key(a, &dev, "list", "rollouts", ns), allowed, loop_mono(f->loop));
	arena_free(a);
}

static void
a_thousand_namespaces_are_a_page(void **state)
{
	struct fixture *f = *state;

	/* The responses of the first page are known. */
	n_namespaces = 1001;
	for (int i = -1; i < 1001; i++) {
		char ns[32] = "";

		if (i >= 0)
			snprintf(ns, sizeof(ns), "n%04d", i);
		know(f, ns, i >= 0);
	}
	start(f, NULL);
	assert_null(f->check);
	assert_true(allowed_namespaces_has(&f->allowed, "n0000"));
	assert_true(allowed_namespaces_has(&f->allowed, "n0999"));
	assert_false(allowed_namespaces_has(&f->allowed, "n1000"));
	assert_string_equal(f->allowed.next, "n0999");
	start_page(f, NULL, "n0999");
	assert_false(allowed_namespaces_has(&f->allowed, "n0999"));
	assert_true(allowed_namespaces_has(&f->allowed, "n1000"));
	assert_null(f->allowed.next);
	n_namespaces = 1000;
	start(f, NULL);
	assert_true(allowed_namespaces_has(&f->allowed, "n0999"));
	assert_null(f->allowed.next);
}

static void
a_page_begins_after_a_namespace_in_the_order_of_the_view(void **state)
{
	static const char *const in_order[] = { "a-b", "a", "a0", "b" };
	struct fixture *f = *state;

	listed = in_order;
	n_namespaces = 4;
	start_page(f, NULL, "a");
	respond(f, "", false);
	respond(f, "a0", true);
	respond(f, "b", true);
	assert_int_equal(f->ended, 1);
	assert_false(allowed_namespaces_has(&f->allowed, "a-b"));
	/* A namespace that does not exist any more has its place too. */
	start_page(f, NULL, "a-c");
	respond(f, "a", true);
	assert_int_equal(f->ended, 1);
	assert_true(allowed_namespaces_has(&f->allowed, "a"));
	assert_true(allowed_namespaces_has(&f->allowed, "b"));
	assert_false(allowed_namespaces_has(&f->allowed, "a-b"));
}

static void
a_review_that_fails_ends_the_check(void **state)
{
	struct fixture *f = *state;

	start(f, NULL);
	respond(f, "", false);
	script_respond(f->api, "POST", REVIEWS, 403, "{\"message\":\"cannot impersonate\"}");
	assert_int_equal(f->ended, 1);
	assert_true(f->failed);
	assert_false(allowed_namespaces_has(&f->allowed, "n00"));
	assert_int_equal(script_n_open(f->api), 0);
}

static void
a_canceled_check_does_not_end(void **state)
{
	struct fixture *f = *state;

	start(f, NULL);
	respond(f, "", false);
	access_review_cancel(f->check);
	assert_int_equal(script_n_open(f->api), 0);
	assert_int_equal(f->ended, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(who_may_list_all_sees_all, access_review_begin, access_review_finish),
		cmocka_unit_test_setup_teardown(
		    others_see_the_namespaces_that_they_may_list, access_review_begin, access_review_finish),
		cmocka_unit_test_setup_teardown(
		    a_response_without_a_verdict_denies, access_review_begin, access_review_finish),
		cmocka_unit_test_setup_teardown(
		    one_namespace_takes_one_review, access_review_begin, access_review_finish),
		cmocka_unit_test_setup_teardown(
		    a_namespace_without_rollouts_takes_no_review, access_review_begin, access_review_finish),
		cmocka_unit_test_setup_teardown(
		    responses_are_used_again_for_thirty_seconds, access_review_begin, access_review_finish),
		cmocka_unit_test_setup_teardown(
		    eight_reviews_are_made_at_once, access_review_begin, access_review_finish),
		cmocka_unit_test_setup_teardown(
		    a_thousand_namespaces_are_a_page, access_review_begin, access_review_finish),
		cmocka_unit_test_setup_teardown(a_page_begins_after_a_namespace_in_the_order_of_the_view,
		    access_review_begin, access_review_finish),
		cmocka_unit_test_setup_teardown(
		    a_review_that_fails_ends_the_check, access_review_begin, access_review_finish),
		cmocka_unit_test_setup_teardown(
		    a_canceled_check_does_not_end, access_review_begin, access_review_finish),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
