/* web/assets.c: static files of the dashboard (web/page/): the assembler includes them in the program. */
#include "web/assets.h"
#include <string.h>

/* NAME_at and NAME_end: the file's first byte, and the byte after its last. */
#define TAKE_IN(NAME, FILE)                                                                                            \
	__asm__(".section .rodata\n"                                                                                   \
		".global " #NAME "_at, " #NAME "_end\n"                                                                \
		".hidden " #NAME "_at, " #NAME "_end\n" #NAME "_at: .incbin \"" FILE "\"\n" #NAME "_end: .byte 0\n"    \
		".previous\n");                                                                                        \
	extern const char NAME##_at[], NAME##_end[] __attribute__((visibility("hidden")))

TAKE_IN(page_html, "web/page/page.html");
TAKE_IN(page_js, "web/page/page.js");
TAKE_IN(page_css, "web/page/page.css");

const struct asset *
asset_find(const char *name)
{
	static struct asset assets[] = {
		{ "page.html", "text/html; charset=utf-8", { page_html_at, 0 } },
		{ "page.js", "text/javascript; charset=utf-8", { page_js_at, 0 } },
		{ "page.css", "text/css; charset=utf-8", { page_css_at, 0 } },
	};
	static const char *const ends[] = { page_html_end, page_js_end, page_css_end };

	for (size_t i = 0; i < ARRAY_SIZE(assets); i++)
		if (strcmp(assets[i].name, name) == 0) {
			assets[i].body.len = (size_t)(ends[i] - assets[i].body.at);
			return &assets[i];
		}
	return NULL;
}
