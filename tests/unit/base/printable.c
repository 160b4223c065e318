/* tests/unit/base/printable.c: control characters of a terminal are shown, and not sent. */
#include "tests/unit/unit.h"
#include "base/printable.h"

static void
controls_are_shown_and_all_else_is_kept(void **state)
{
	static const struct {
		const char *text, *want;
		bool styles;
	} cases[] = {
		{ "plain text, 12 %\n\tnext", "plain text, 12 %\n\tnext", false },
		{ "Grüße, 世界, 🙂, e\xcc\x81, עברית", "Grüße, 世界, 🙂, e\xcc\x81, עברית",
		    false },
		{ "a\x1b[31mred", "a\\u001b[31mred", false },
		{ "\x1b]0;title\x07", "\\u001b]0;title\\u0007", true },
		{ "over\rwritten\b\x7f", "over\\u000dwritten\\u0008\\u007f", false },
		{ "\xc2\x9b"
		  "31m",
		    "\\u009b31m", false }, /* CSI in one character */
		{ "\xe2\x80\xae"
		  "exe.txt",
		    "\\u202eexe.txt", false },
		{ "\xe2\x81\xa6x\xe2\x80\xa8", "\\u2066x\\u2028", false },
		{ "\x9b"
		  "31m",
		    "\\x9b31m", false }, /* the same for terminals that know no UTF-8 */
		{ "\xc0\xaf\xed\xa0\x80\xf5", "\\xc0\\xaf\\xed\\xa0\\x80\\xf5", false },
		{ "cut \xe4\xb8", "cut \\xe4\\xb8", false },
		{ "\xff[31mred\xff[0m", "\x1b[31mred\x1b[0m", true },
		{ "\xff[?25l\xff[H\xff[2J", "\x1b[?25l\x1b[H\x1b[2J", true },
		{ "\xff[31mred", "\\xff[31mred", false },
		{ "\xff]0;x\x07\xff[5n\xff[6", "\\xff]0;x\\u0007\\xff[5n\\xff[6", true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		for (size_t piece = 1; piece < 8; piece++) {
			const char *at = cases[i].text;
			size_t len = strlen(at), kept = 0;
			struct str shown;

			/* In pieces: what is not complete comes again, with the next. */
			str_init(&shown, 1000);
			for (size_t end = 0; end < len;) {
				end = end + piece < len ? end + piece : len;
				kept += printable_add(&shown, at + kept, end - kept, cases[i].styles, end == len);
			}
			if (strcmp(str_text(&shown), cases[i].want) != 0)
				fail_msg("case %zu by %zu: got %s, want %s", i, piece, str_text(&shown), cases[i].want);
			str_done(&shown);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(controls_are_shown_and_all_else_is_kept) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
