/* base/printable.c: text that is safe for a terminal: escapes control characters one after the other. Sources:
 * Unicode, tables 3-7 and 23-2; ECMA-48 for sequences. */
#include "base/printable.h"
#include <stdint.h>
#include <string.h>

#define INCOMPLETE SIZE_MAX

/* Returns the length of the first character, and the character. 0: not UTF-8. INCOMPLETE: bytes are missing at the
 * end. */
static size_t
printable_decode(const unsigned char *at, size_t len, uint32_t *ret)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n = at[0] < 0x80			   ? 1
		   : at[0] >= 0xc2 && at[0] < 0xe0 ? 2
		   : at[0] >= 0xe0 && at[0] < 0xf0 ? 3
		   : at[0] >= 0xf0 && at[0] < 0xf5 ? 4
						   : 0;
	uint32_t c;

	if (n <= 1) {
		*ret = at[0];
		return n;
	}
	c = at[0] & (0xffu >> (n + 1));
	for (size_t i = 1; i < n; i++) {
		if (i == len)
			return INCOMPLETE;
		if ((at[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (at[i] & 0x3fu);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return 0;
	*ret = c;
	return n;
}

/* Returns whether the character is a control character, or a mark that changes the direction of text. */
static bool
printable_is_control(uint32_t c)
{
	return (c < ' ' && c != '\n' && c != '\t') || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029 ||
	       (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

/* Returns the length of an own sequence: colors, cursor positions, clearing. 0: another text. INCOMPLETE as above. */
static size_t
printable_style(const unsigned char *at, size_t len)
{
	size_t n = 2;

	if (len < 2)
		return len < 1 || at[0] == 0xff ? INCOMPLETE : 0;
	if (at[1] != '[')
		return 0;
	while (n < len && n < 16 && strchr("0123456789;?", at[n]) != NULL && at[n] != '\0')
		n++;
	if (n == len)
		return n < 16 ? INCOMPLETE : 0;
	return at[n] != '\0' && strchr("mHJKhl", at[n]) != NULL ? n + 1 : 0;
}

size_t
printable_add(struct str *to, const char *at, size_t len, bool styles, bool end)
{
	const unsigned char *s = (const unsigned char *)at;
	size_t i = 0, plain = 0, n;
	uint32_t c = 0;

	for (; i < len; i += n) {
		bool style = styles && s[i] == 0xff && (n = printable_style(s + i, len - i)) != 0;

		if (!style)
			n = printable_decode(s + i, len - i, &c);
		if (n == INCOMPLETE && !end)
			break;
		if (n == INCOMPLETE)
			n = 0, style = false;
		if (!style && n != 0 && !printable_is_control(c))
			continue;
		str_add(to, at + plain, i - plain);
		if (style) {
			str_addc(to, '\x1b');
			str_add(to, at + i + 1, n - 1);
		} else if (n == 0) {
			str_addf(to, "\\x%02x", s[i]);
			n = 1;
		} else {
			str_addf(to, "\\u%04x", (unsigned)c);
		}
		plain = i + n;
	}
	str_add(to, at + plain, i - plain);
	return i;
}
