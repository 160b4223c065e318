/* tests/unit/base/pool.c: pieces of a pool are zeros, and keep what is written into them. Its slabs:
 * tests/bench/memory.c. */
#include "tests/unit/unit.h"
#include "base/map.h"
#include "base/pool.h"
#include "base/rand.h"

#define PIECES 2000

struct piece_test {
	unsigned char *at;
	size_t size;
	unsigned char fill;
};

static void
piece_test_give(struct pool *p, struct piece_test *piece)
{
	for (size_t i = 0; i < piece->size; i++)
		assert_int_equal(piece->at[i], piece->fill);
	pool_give(p, piece->at, piece->size);
	piece->at = NULL;
}

static void
pieces_are_zeros_and_do_not_overlap(void **state)
{
	static struct piece_test pieces[PIECES];
	struct rand_stream rand = rand_stream(1, "pool");
	struct pool *p = pool_new();

	(void)state;
	for (size_t turn = 0; turn < 10 * PIECES; turn++) {
		struct piece_test *piece = &pieces[rand_below(&rand, PIECES)];

		if (piece->at != NULL) {
			piece_test_give(p, piece);
			continue;
		}
		piece->size = (size_t)rand_below(&rand, turn % 10 == 0 ? 2 * POOL_PIECE_MAX : 300);
		piece->at = pool_take(p, piece->size);
		piece->fill = (unsigned char)turn;
		assert_int_equal((uintptr_t)piece->at % 16, 0);
		for (size_t i = 0; i < piece->size; i++)
			assert_int_equal(piece->at[i], 0);
		memset(piece->at, piece->fill, piece->size);
	}
	for (size_t i = 0; i < PIECES; i++)
		if (pieces[i].at != NULL)
			piece_test_give(p, &pieces[i]);
	assert_null(pool_free(p));
}

static void
an_arena_of_a_pool_may_exceed_its_piece(void **state)
{
	struct pool *p = pool_new();
	struct arena *a = arena_new_sized(p, 24);
	char *first = arena_strdup(a, "twelve bytes");

	(void)state;
	for (int i = 0; i < 100; i++)
		arena_printf(a, "text %d that does not fit", i);
	assert_string_equal(first, "twelve bytes");
	arena_reset(a);
	assert_string_equal(arena_strdup(a, "after the reset"), "after the reset");
	arena_free(a);
	assert_null(pool_free(p));
}

static void
a_map_returns_its_keys_to_the_pool(void **state)
{
	struct pool *p = pool_new();
	struct map m = { .pool = p };
	char key[32];

	(void)state;
	for (long i = 0; i < 100; i++) {
		snprintf(key, sizeof(key), "key%ld", i);
		map_set(&m, key, (void *)(i + 1));
	}
	assert_ptr_equal(map_remove(&m, "key7"), (void *)8);
	assert_null(map_get(&m, "key7"));
	assert_ptr_equal(map_get(&m, "key99"), (void *)100);
	map_done(&m);
	assert_null(pool_free(p));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_are_zeros_and_do_not_overlap),
		cmocka_unit_test(an_arena_of_a_pool_may_exceed_its_piece),
		cmocka_unit_test(a_map_returns_its_keys_to_the_pool),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
