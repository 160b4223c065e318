/* tests/unit/machinery/fair_slots.c: who has a slot, and who has the next one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "base/rand.h"
#include "kube/fair_slots.h"

#define MANY 400

static void
a_tenant_that_requests_everything_leaves_slots_to_others(void **state)
{
	struct fair_slots t = { .limits = { 8, 5, 3 } };
	struct slot_request flood[20] = { 0 }, other = { 0 };
	char host[8];
	size_t taken = 0;

	(void)state;
	for (size_t i = 0; i < 20; i++) {
		snprintf(host, sizeof(host), "h%zu", i);
		taken += fair_slots_take(&t, &flood[i], "flood", host);
	}
	assert_int_equal(taken, 5);
	assert_true(fair_slots_take(&t, &other, "other", "h0"));
	assert_null(fair_slots_release(&t, &other));
	for (size_t i = 20; i > 0; i--)
		fair_slots_release(&t, &flood[i - 1]);
	assert_null(t.tenants);
	assert_int_equal(t.taken, 0);
}

static void
one_slow_host_leaves_slots_to_the_others_of_its_tenant(void **state)
{
	struct fair_slots t = { .limits = { 8, 5, 3 } };
	struct slot_request slow[6] = { 0 }, quick = { 0 };
	size_t taken = 0;

	(void)state;
	for (size_t i = 0; i < 6; i++)
		taken += fair_slots_take(&t, &slow[i], "shop", "slow");
	assert_int_equal(taken, 3);
	assert_true(fair_slots_take(&t, &quick, "shop", "quick"));
	for (size_t i = 6; i > 0; i--)
		fair_slots_release(&t, &slow[i - 1]);
	fair_slots_release(&t, &quick);
	assert_null(t.tenants);
}

/* One tenant waits with ten and another, who came last, with one: the next slot is the other's, and then each in
 * the order in which it came. */
static void
a_free_slot_is_the_tenants_that_holds_the_fewest(void **state)
{
	struct fair_slots t = { .limits = { 4, 4, 4 } };
	struct slot_request many[10] = { 0 }, one = { 0 };

	(void)state;
	for (size_t i = 0; i < 10; i++)
		assert_int_equal(fair_slots_take(&t, &many[i], "many", NULL), i < 4);
	assert_false(fair_slots_take(&t, &one, "one", NULL));
	assert_ptr_equal(fair_slots_release(&t, &many[0]), &one);
	assert_ptr_equal(fair_slots_release(&t, &many[1]), &many[4]);
	assert_ptr_equal(fair_slots_release(&t, &one), &many[5]);
	assert_null(fair_slots_release(&t, &many[7])); /* it only waited */
	assert_ptr_equal(fair_slots_release(&t, &many[2]), &many[6]);
	assert_ptr_equal(fair_slots_release(&t, &many[3]), &many[8]);
	assert_ptr_equal(fair_slots_release(&t, &many[4]), &many[9]);
	assert_null(fair_slots_release(&t, &many[4])); /* it has none any more */
	for (size_t i = 0; i < 10; i++)
		fair_slots_release(&t, &many[i]);
	assert_null(t.tenants);
}

static void
equals_have_their_turn_one_after_the_other(void **state)
{
	struct fair_slots t = { .limits = { 1, 1, 1 } };
	struct slot_request busy = { 0 }, waits[3][3] = { 0 }, *next = NULL;
	static const char *const names[] = { "a", "b", "c" };
	char order[9];
	size_t n = 0;

	(void)state;
	assert_true(fair_slots_take(&t, &busy, "x", NULL));
	for (size_t i = 0; i < 3; i++)
		for (size_t k = 0; k < 3; k++) {
			waits[i][k].arg = (void *)(uintptr_t)names[i];
			assert_false(fair_slots_take(&t, &waits[i][k], names[i], NULL));
		}
	for (next = fair_slots_release(&t, &busy); next != NULL; next = fair_slots_release(&t, next))
		order[n++] = *(const char *)next->arg;
	assert_int_equal(n, 9);
	for (size_t i = 0; i < 9; i += 3)
		assert_true(order[i] != order[i + 1] && order[i + 1] != order[i + 2] && order[i] != order[i + 2]);
	assert_null(t.tenants);
}

/* "loud" has more slots than "quiet", and came later: its abort is first all the same. */
static void
the_lowest_rank_is_first_whatever_its_tenant_holds(void **state)
{
	struct fair_slots t = { .limits = { 4, 4, 4 } };
	struct slot_request held[4] = { 0 }, event = { .rank = 3 }, progress = { .rank = 2 }, status = { .rank = 1 },
			    abort = { .rank = 0 };

	(void)state;
	for (size_t i = 0; i < 4; i++)
		assert_true(fair_slots_take(&t, &held[i], i < 3 ? "loud" : "quiet", NULL));
	assert_false(fair_slots_take(&t, &event, "quiet", NULL));
	assert_false(fair_slots_take(&t, &progress, "quiet", NULL));
	assert_false(fair_slots_take(&t, &status, "other", NULL));
	assert_false(fair_slots_take(&t, &abort, "loud", NULL));
	assert_ptr_equal(fair_slots_release(&t, &held[3]), &abort);
	assert_ptr_equal(fair_slots_release(&t, &held[0]), &status);
	assert_ptr_equal(fair_slots_release(&t, &held[1]), &progress);
	assert_ptr_equal(fair_slots_release(&t, &held[2]), &event);
	fair_slots_release(&t, &abort);
	fair_slots_release(&t, &status);
	fair_slots_release(&t, &progress);
	fair_slots_release(&t, &event);
	assert_null(t.tenants);
}

static void
urgent_requests_of_one_tenant_leave_slots_to_the_progress_of_others(void **state)
{
	struct fair_slots t = { .limits = { 4, 3, 3 } };
	struct slot_request urgent[8] = { 0 }, progress = { .rank = 2 };
	size_t taken = 0;

	(void)state;
	for (size_t i = 0; i < 8; i++)
		taken += fair_slots_take(&t, &urgent[i], "loud", NULL);
	assert_int_equal(taken, 3);
	assert_true(fair_slots_take(&t, &progress, "quiet", NULL));
	for (size_t i = 8; i > 0; i--)
		fair_slots_release(&t, &urgent[i - 1]);
	fair_slots_release(&t, &progress);
	assert_null(t.tenants);
}

/* One slot, and always another request of rank 0 that waits for it: the last rank gets it after three ages, in the
 * order of arrival. */
static void
more_urgent_requests_pass_one_that_waits_a_bounded_number_of_times(void **state)
{
	struct fair_slots t = { .limits = { 1, 1, 1 } };
	struct slot_request urgent[2] = { 0 }, event = { .rank = 3 };
	size_t passed = 0, at = 0;

	(void)state;
	assert_true(fair_slots_take(&t, &urgent[0], "a", NULL));
	assert_false(fair_slots_take(&t, &event, "a", NULL));
	for (; passed < MANY; passed++, at = 1 - at) {
		assert_false(fair_slots_take(&t, &urgent[1 - at], "a", NULL));
		if (fair_slots_release(&t, &urgent[at]) == &event)
			break;
	}
	assert_int_equal(passed, 3 * FAIR_SLOTS_AGE);
	fair_slots_release(&t, &urgent[1 - at]);
	fair_slots_release(&t, &event);
	assert_null(t.tenants);
}

/* Whatever comes and ends in whatever order: no limit is passed, none waits that might have a slot, and all have
 * had one at the end. */
static void
no_limit_is_passed_and_none_is_forgotten(void **state)
{
	static const char *const tenants[] = { "a", "b", "c" }, *const destinations[] = { "x", "y" };
	struct rand_stream r = rand_stream(7, "fair_slots");
	struct fair_slots t = { .limits = { 10, 6, 4 } };
	static struct slot_request all[MANY];
	size_t held[3][2] = { 0 }, waits[3][2] = { 0 }, place[MANY], n = 0, ended = 0;

	(void)state;
	while (ended < MANY) {
		size_t sum = 0, i = n > 0 ? rand_below(&r, n) : 0;
		struct slot_request *next = NULL;

		if (n < MANY && rand_below(&r, 3) > 0) {
			place[n] = rand_below(&r, 6);
			all[n].arg = &place[n];
			all[n].rank = (unsigned)rand_below(&r, FAIR_SLOTS_RANKS);
			if (fair_slots_take(&t, &all[n], tenants[place[n] / 2], destinations[place[n] % 2]))
				held[place[n] / 2][place[n] % 2]++;
			else
				waits[place[n] / 2][place[n] % 2]++;
			n++;
		} else if (n > 0 && all[i].destination != NULL) {
			(all[i].waits ? waits : held)[place[i] / 2][place[i] % 2]--;
			ended++;
			next = fair_slots_release(&t, &all[i]);
		}
		if (next != NULL) {
			size_t p = *(size_t *)next->arg;

			waits[p / 2][p % 2]--;
			held[p / 2][p % 2]++;
		}
		for (size_t k = 0; k < 3; k++) {
			sum += held[k][0] + held[k][1];
			assert_in_range(held[k][0] + held[k][1], 0, 6);
			assert_in_range(held[k][0], 0, 4);
			assert_in_range(held[k][1], 0, 4);
		}
		assert_in_range(sum, 0, 10);
		for (size_t k = 0; k < 6; k++)
			if (waits[k / 2][k % 2] > 0)
				assert_true(
				    sum == 10 || held[k / 2][0] + held[k / 2][1] == 6 || held[k / 2][k % 2] == 4);
	}
	assert_null(t.tenants);
	assert_int_equal(t.taken, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tenant_that_requests_everything_leaves_slots_to_others),
		cmocka_unit_test(one_slow_host_leaves_slots_to_the_others_of_its_tenant),
		cmocka_unit_test(a_free_slot_is_the_tenants_that_holds_the_fewest),
		cmocka_unit_test(equals_have_their_turn_one_after_the_other),
		cmocka_unit_test(the_lowest_rank_is_first_whatever_its_tenant_holds),
		cmocka_unit_test(urgent_requests_of_one_tenant_leave_slots_to_the_progress_of_others),
		cmocka_unit_test(more_urgent_requests_pass_one_that_waits_a_bounded_number_of_times),
		cmocka_unit_test(no_limit_is_passed_and_none_is_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
