/* tests/unit/gitops/flux/flux_pass.c: requests of a Flux object to the worker, and responses that are lost. */
#include "gitops/flux/flux_pass.h"
#include "kube/api/flux.h"
#include "tests/unit/unit.h"

#define HOUR_MS INT64_C(3600000)
#define NOW_MS (1000 * HOUR_MS)

struct fixture {
	struct arena *arena;
	const struct object *object;
	struct flux_memory memory; /* that the last pass left */
	struct seen_query query;
	struct seen seen;
	struct pass pass;
	struct plan *plan;
};

static void
fixture_setup(struct fixture *f)
{
	json_t *object;

	*f = (struct fixture){ .arena = arena_new() };
	object = yaml(f->arena, "{metadata: {name: shop, namespace: team, generation: 1}, "
				"spec: {interval: 1h, url: 'https://example.com/shop'}}");
	f->object = object_decode(&git_repository_type, object, f->arena);
	json_decref(object);
	f->pass = (struct pass){ .namespace = "team", .name = "shop", .now = NOW_MS, .seen = &f->seen };
}

/* The next pass, which finds the last memory, and this number of queries (0 or 1). */
static struct flux_pass
fixture_begin(struct fixture *f, size_t queries)
{
	f->seen = (struct seen){ .queries = &f->query, .n_queries = queries, .memory = &f->memory };
	f->plan = plan_new(f->arena);
	return flux_pass_begin(&f->pass, f->object, f->plan, NULL);
}

/* A pass that sends a request. */
static void
fixture_request(struct fixture *f)
{
	struct flux_pass p = fixture_begin(f, 0);
	const struct worker_repository repository = { .url = "https://example.com/shop" };

	p.memory = p.w.memory;
	flux_pass_request(&p, NULL, &(struct worker_request){ .repository = &repository }, HOUR_MS, repository.url);
	f->memory = p.memory;
	f->query = (struct seen_query){ .key = "work 1  " };
}

static bool
is_due(struct fixture *f, size_t queries)
{
	struct flux_pass p = fixture_begin(f, queries);

	return flux_pass_is_fetch_due(&p, HOUR_MS);
}

static void
a_request_whose_response_may_come_is_not_repeated(void **state)
{
	struct fixture f;

	(void)state;
	fixture_setup(&f);
	fixture_request(&f);
	assert_false(is_due(&f, 1));
	arena_free(f.arena);
}

static void
a_response_that_was_read_is_followed_by_the_interval(void **state)
{
	struct request_failure failure;
	struct flux_pass p;
	struct fixture f;

	(void)state;
	fixture_setup(&f);
	fixture_request(&f);
	f.query.done = true;
	f.query.response.status = 500;
	p = fixture_begin(&f, 1);
	p.memory = p.w.memory;
	assert_null(flux_pass_response(&p, &f.query, REQUEST_REVISION, &failure));
	f.memory = p.memory;
	assert_false(is_due(&f, 0));
	arena_free(f.arena);
}

/* Until the interval of before had passed again, nothing would happen. */
static void
a_clock_that_was_set_back_does_not_delay_the_next_request(void **state)
{
	struct request_failure failure;
	struct flux_pass p;
	struct fixture f;

	(void)state;
	fixture_setup(&f);
	fixture_request(&f);
	f.query.done = true;
	f.query.response.status = 500;
	p = fixture_begin(&f, 1);
	p.memory = p.w.memory;
	flux_pass_response(&p, &f.query, REQUEST_REVISION, &failure);
	f.memory = p.memory;
	f.pass.now = NOW_MS - 100 * HOUR_MS;
	assert_true(is_due(&f, 0));
	arena_free(f.arena);
}

/* The plan of the request failed before it was sent, or a plan that did not read the response ended. */
static void
a_request_without_a_response_is_repeated_at_once(void **state)
{
	struct fixture f;

	(void)state;
	fixture_setup(&f);
	fixture_request(&f);
	assert_int_equal(f.plan->n_reasons, 0);
	assert_true(is_due(&f, 0));
	fixture_request(&f);
	assert_int_equal(f.plan->n_reasons, 1);
	assert_string_equal(f.plan->reasons[0],
	    "the last request to the worker was not sent, or its response is lost; sending another one");
	arena_free(f.arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_whose_response_may_come_is_not_repeated),
		cmocka_unit_test(a_response_that_was_read_is_followed_by_the_interval),
		cmocka_unit_test(a_request_without_a_response_is_repeated_at_once),
		cmocka_unit_test(a_clock_that_was_set_back_does_not_delay_the_next_request),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
