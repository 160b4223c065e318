/* base/svg.c: the start of a document, and escaped text. */
#include "base/svg.h"
#include "base/str.h"

void
svg_text(struct str *out, const char *text)
{
	for (; *text != '\0'; text++)
		switch (*text) {
		case '<': str_adds(out, "&lt;"); break;
		case '>': str_adds(out, "&gt;"); break;
		case '&': str_adds(out, "&amp;"); break;
		case '"': str_adds(out, "&quot;"); break;
		default: str_addc(out, (unsigned char)*text < ' ' ? '?' : *text);
		}
}

void
svg_begin(struct str *out, int width, int height, int left, const char *title)
{
	str_addf(out,
	    "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" "
	    "font-size=\"12\">\n<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n<text x=\"%d\" y=\"24\" "
	    "font-size=\"15\">",
	    width, height, width, height, left);
	svg_text(out, title);
	str_adds(out, "</text>\n");
}
