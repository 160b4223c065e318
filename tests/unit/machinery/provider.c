/* tests/unit/machinery/provider.c: metadata and keys of the OpenID provider, and when they are fetched again. */
#include "web/oidc_provider.h"
#include "io/log.h"
#include "io/loop.h"
#include "tests/unit/machinery/script.h"

#define METADATA "https://id.example/.well-known/openid-configuration"
#define KEYS "https://id.example/keys"

static const struct oidc_settings settings = { .name = "Test", .issuer = "https://id.example", .client_id = "sluice" };

struct fixture {
	struct loop *loop;
	struct script *outside;
	struct provider *provider;
	struct provider_need need;
	int responses, errors;
};

static void
on_response(void *arg, const struct err *e, const struct oidc_provider *p, const json_t *keys)
{
	struct fixture *f = arg;

	f->responses++;
	f->errors += e != NULL;
	if (e == NULL) {
		assert_string_equal(p->keys_url, KEYS);
		assert_int_equal(json_array_size(keys), 1);
	}
}

static int
provider_begin(void **state)
{
	struct fixture *f = mem_alloc(sizeof(*f));

	*f = (struct fixture){ .loop = loop_virtual_new(0) };
	f->outside = script_new(f->loop);
	f->provider = provider_new(f->loop, &f->outside->transport, &settings);
	*state = f;
	return 0;
}

static int
provider_finish(void **state)
{
	struct fixture *f = *state;

	provider_free(f->provider);
	transport_free(&f->outside->transport);
	loop_free(f->loop);
	free(f);
	return 0;
}

static void
need(struct fixture *f)
{
	f->need = (struct provider_need){ .done = on_response, .arg = f };
	f->responses = f->errors = 0;
	provider_get(f->provider, &f->need, false);
}

static void
respond_metadata(struct fixture *f)
{
	script_respond(f->outside, "GET", METADATA, 200,
	    "{\"issuer\":\"https://id.example\",\"authorization_endpoint\":\"https://id.example/auth\","
	    "\"token_endpoint\":\"https://id.example/token\",\"jwks_uri\":\"" KEYS "\","
	    "\"response_types_supported\":[\"code\"],\"subject_types_supported\":[\"public\"],"
	    "\"id_token_signing_alg_values_supported\":[\"ES256\"]}");
}

static void
respond_keys(struct fixture *f)
{
	script_respond(f->outside, "GET", KEYS, 200,
	    "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"a\","
	    "\"x\":\"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4\","
	    "\"y\":\"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM\"}]}");
}

static void
know(struct fixture *f)
{
	need(f);
	respond_metadata(f);
	respond_keys(f);
	assert_int_equal(f->responses, 1);
	assert_int_equal(f->errors, 0);
}

static void
both_are_kept_for_an_hour(void **state)
{
	struct fixture *f = *state;

	know(f);
	loop_virtual_run_until(f->loop, PROVIDER_KEEP_MS - 1);
	need(f);
	assert_int_equal(f->responses, 1);
	assert_int_equal(script_n_open(f->outside), 0);
	loop_virtual_run_until(f->loop, PROVIDER_KEEP_MS);
	need(f);
	assert_int_equal(f->responses, 0);
	respond_metadata(f);
	respond_keys(f);
	assert_int_equal(f->responses, 1);
}

/* Otherwise keys that were withdrawn would count as new for another hour, again and again. */
static void
metadata_without_keys_is_fetched_again(void **state)
{
	struct fixture *f = *state;

	know(f);
	loop_virtual_run_until(f->loop, PROVIDER_KEEP_MS);
	need(f);
	respond_metadata(f);
	script_respond(f->outside, "GET", KEYS, 500, "");
	assert_int_equal(f->responses, 1);
	assert_int_equal(f->errors, 0);
	loop_virtual_run_until(f->loop, PROVIDER_KEEP_MS + PROVIDER_RETRY_MS);
	need(f);
	respond_metadata(f);
	respond_keys(f);
	assert_int_equal(f->responses, 1);
}

static void
keys_that_are_never_fetched_count_for_a_day_at_most(void **state)
{
	struct fixture *f = *state;

	know(f);
	for (int64_t at = PROVIDER_KEEP_MS; at < PROVIDER_STALE_MS + PROVIDER_KEEP_MS; at += PROVIDER_KEEP_MS) {
		loop_virtual_run_until(f->loop, at);
		need(f);
		respond_metadata(f);
		script_respond(f->outside, "GET", KEYS, 500, "");
		assert_int_equal(f->errors, at >= PROVIDER_STALE_MS);
	}
}

static void
fifty_requests_wait_at_most(void **state)
{
	struct provider_need many[PROVIDER_NEEDS_MAX];
	struct fixture *f = *state;

	for (int i = 0; i < PROVIDER_NEEDS_MAX; i++) {
		many[i] = (struct provider_need){ .done = on_response, .arg = f };
		provider_get(f->provider, &many[i], false);
	}
	assert_int_equal(f->responses, 0);
	need(f);
	assert_int_equal(f->responses, 1);
	assert_int_equal(f->errors, 1);
	provider_cancel(f->provider, &many[7]);
	need(f);
	assert_int_equal(f->responses, 0);
	respond_metadata(f);
	respond_keys(f);
	assert_int_equal(f->responses, PROVIDER_NEEDS_MAX);
	assert_int_equal(f->errors, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(both_are_kept_for_an_hour, provider_begin, provider_finish),
		cmocka_unit_test_setup_teardown(
		    metadata_without_keys_is_fetched_again, provider_begin, provider_finish),
		cmocka_unit_test_setup_teardown(
		    keys_that_are_never_fetched_count_for_a_day_at_most, provider_begin, provider_finish),
		cmocka_unit_test_setup_teardown(fifty_requests_wait_at_most, provider_begin, provider_finish),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
