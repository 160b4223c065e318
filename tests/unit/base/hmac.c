/* tests/unit/base/hmac.c: a signature is the same, whatever pieces its text comes in (RFC 4231, test cases 2, 4, 6
 * and 7). */
#include "tests/unit/unit.h"
#include "base/sha256.h"

static void
pieces_make_the_signature_of_the_whole(void **state)
{
	static const char long_key[131] = { [0 ... 130] = (char)0xaa };
	static const struct {
		const char *key;
		size_t key_len;
		const char *text, *want;
	} cases[] = {
		{ "Jefe", 4, "what do ya want for nothing?",
		    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
		{ long_key, 131, "Test Using Larger Than Block-Size Key - Hash Key First",
		    "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54" },
		{ long_key, 131,
		    "This is a test using a larger than block-size key and a larger than block-size data. The key "
		    "needs to be "
		    "hashed before being used by the HMAC algorithm.",
		    "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		for (size_t piece = 1; piece < 70; piece++) {
			size_t len = strlen(cases[i].text);
			char hex[2 * SHA256_SIZE + 1];
			struct hmac_sha256 h;

			hmac_sha256_begin(&h, cases[i].key, cases[i].key_len);
			for (size_t at = 0; at < len; at += piece)
				hmac_sha256_add(&h, cases[i].text + at, len - at < piece ? len - at : piece);
			hmac_sha256_end(&h, hex);
			assert_string_equal(hex, cases[i].want);
			hmac_sha256_hex(cases[i].key, cases[i].key_len, cases[i].text, len, hex);
			assert_string_equal(hex, cases[i].want);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(pieces_make_the_signature_of_the_whole) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
