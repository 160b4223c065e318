/* tests/unit/machinery/client.c: the class of an API server's refusal, on which the retry depends; which responses are
 * read. */
#include "kube/client.h"
#include "io/loop.h"
#include "tests/unit/machinery/script.h"

#define URL "/api/v1/namespaces/ns/services/web"
#define TEST_FAILED                                                                                                    \
	"{\"kind\":\"Status\",\"status\":\"Failure\",\"message\":\"the server rejected our request due to an error "   \
	"in our "                                                                                                      \
	"request\",\"reason\":\"Invalid\",\"details\":{},\"code\":422}"
#define REFUSED                                                                                                        \
	"{\"kind\":\"Status\",\"status\":\"Failure\",\"message\":\"Service \\\"web\\\" is invalid: spec.ports: "       \
	"Required "                                                                                                    \
	"value\",\"reason\":\"Invalid\",\"details\":{\"name\":\"web\",\"kind\":\"Service\",\"causes\":[{\"reason\":"   \
	"\"FieldValueRequired\",\"message\":\"Required value\",\"field\":\"spec.ports\"}]},\"code\":422}"

static void
on_done(void *arg, const struct err *e, const json_t *body)
{
	(void)body;
	*(enum err_class *)arg = e->class;
}

static enum err_class
class_of(const char *content_type, const char *response)
{
	struct loop *loop = loop_virtual_new(0);
	struct script *s = script_new(loop);
	enum err_class class = ERR_AGAIN;

	client_call(&s->transport, "PATCH", URL, content_type, "[]", on_done, &class);
	script_respond(s, "PATCH", URL, 422, response);
	transport_free(&s->transport);
	loop_free(loop);
	return class;
}

static void
a_failed_test_of_a_json_patch_is_a_conflict(void **state)
{
	(void)state;
	assert_int_equal(class_of(PATCH_JSON, TEST_FAILED), ERR_CONFLICT);
}

static void
a_json_patch_that_validation_refuses_is_invalid(void **state)
{
	(void)state;
	assert_int_equal(class_of(PATCH_JSON, REFUSED), ERR_INVALID);
}

static void
a_merge_patch_that_is_refused_is_invalid(void **state)
{
	(void)state;
	assert_int_equal(class_of(PATCH_MERGE, TEST_FAILED), ERR_INVALID);
	assert_int_equal(class_of(PATCH_MERGE, REFUSED), ERR_INVALID);
}

static void
on_item(void *arg, const struct err *e, const struct item_text *item)
{
	*(bool *)arg = e == NULL && item->text == NULL;
}

/* An Event that was created is created, whatever the response contains. */
static void
the_response_of_an_unread_write_is_not_parsed(void **state)
{
	struct loop *loop = loop_virtual_new(0);
	struct script *s = script_new(loop);
	bool written = false, read = false;

	(void)state;
	client_write_unread(&s->transport, URGENCY_EVENT, "POST", URL, "application/json", "{}", on_item, &written);
	script_respond(s, "POST", URL, 201, "{\"kind\":");
	client_write(&s->transport, URGENCY_EVENT, 1000, "POST", URL, "application/json", "{}", on_item, &read);
	script_respond(s, "POST", URL, 201, "{\"kind\":");
	assert_true(written);
	assert_false(read);
	transport_free(&s->transport);
	loop_free(loop);
}

static void
an_unread_write_that_is_refused_has_its_class(void **state)
{
	struct loop *loop = loop_virtual_new(0);
	struct script *s = script_new(loop);
	bool written = true;

	(void)state;
	client_write_unread(&s->transport, URGENCY_EVENT, "POST", URL, "application/json", "{}", on_item, &written);
	script_respond(s, "POST", URL, 422, REFUSED);
	assert_false(written);
	transport_free(&s->transport);
	loop_free(loop);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_failed_test_of_a_json_patch_is_a_conflict),
		cmocka_unit_test(a_json_patch_that_validation_refuses_is_invalid),
		cmocka_unit_test(a_merge_patch_that_is_refused_is_invalid),
		cmocka_unit_test(the_response_of_an_unread_write_is_not_parsed),
		cmocka_unit_test(an_unread_write_that_is_refused_has_its_class),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
