/* base/quantity.c: Kubernetes resource quantities (100m, 1Gi) in canonical form: numbers of nano units with 128
 * bits. */
#include "base/quantity.h"
#include <string.h>
#include "base/str.h"

typedef __int128 wide;

enum family { DECIMAL, BINARY, EXPONENT };

static const struct {
	const char *text;
	enum family family;
	int power; /* exponent of 10 or of 2 */
} suffixes[] = {
	{ "n", DECIMAL, -9 },
	{ "u", DECIMAL, -6 },
	{ "m", DECIMAL, -3 },
	{ "", DECIMAL, 0 },
	{ "k", DECIMAL, 3 },
	{ "M", DECIMAL, 6 },
	{ "G", DECIMAL, 9 },
	{ "T", DECIMAL, 12 },
	{ "P", DECIMAL, 15 },
	{ "E", DECIMAL, 18 },
	{ "Ki", BINARY, 10 },
	{ "Mi", BINARY, 20 },
	{ "Gi", BINARY, 30 },
	{ "Ti", BINARY, 40 },
	{ "Pi", BINARY, 50 },
	{ "Ei", BINARY, 60 },
};

/* 2^63 - 1, in nano. Kubernetes limits larger quantities to it. */
static const wide wide_max = (wide)INT64_MAX * 1000000000;
/* Digits are read while they fit. A suffix can make the number smaller ("n"); otherwise it is too large. */
static const wide digits_max = (wide)INT64_MAX * 1000000000000000000;

static bool
quantity_scale10(wide *v, int power, bool *inexact)
{
	for (; power > 0; power--) {
		if (*v > wide_max)
			return false;
		*v *= 10;
	}
	for (; power < 0; power++) {
		*inexact |= *v % 10 != 0;
		*v /= 10;
	}
	return *v <= wide_max;
}

static const char *
quantity_put_number(struct arena *a, wide v)
{
	char text[48];
	size_t i = sizeof(text);

	text[--i] = '\0';
	do
		text[--i] = (char)('0' + (int)(v % 10));
	while ((v /= 10) != 0);
	return arena_strdup(a, text + i);
}

struct quantity {
	wide nano; /* absolute value */
	bool negative;
	enum family family;
};

static bool
quantity_parse(const char *s, struct quantity *ret)
{
	wide v = 0;
	int decimals = 0;
	bool negative = false, inexact = false, any = false;
	enum family family = DECIMAL;
	long long e = 0;
	size_t i;

	if (*s == '-' || *s == '+')
		negative = *s++ == '-';
	for (; *s >= '0' && *s <= '9'; s++, any = true) {
		if (v > digits_max)
			return false;
		v = v * 10 + (*s - '0');
	}
	if (*s == '.') {
		for (s++; *s >= '0' && *s <= '9'; s++, any = true) {
			if (decimals < 12 && v < digits_max) {
				v = v * 10 + (*s - '0');
				decimals++;
			} else {
				inexact |= *s != '0';
			}
		}
	}
	if (!any)
		return false;
	for (i = 0; i < ARRAY_SIZE(suffixes); i++)
		if (strcmp(s, suffixes[i].text) == 0)
			break;
	if (i < ARRAY_SIZE(suffixes)) {
		family = suffixes[i].family;
		if (family == DECIMAL)
			e = suffixes[i].power;
		else
			for (int k = 0; k < suffixes[i].power; k++) {
				if (v > wide_max)
					return false;
				v *= 2;
			}
	} else if ((*s == 'e' || *s == 'E') && str_int(s + 1 + (s[1] == '+'), -30, 30, &e)) {
		family = EXPONENT;
	} else {
		return false;
	}
	if (!quantity_scale10(&v, (int)e - decimals + 9, &inexact))
		return false;
	/* Kubernetes rounds fractions of nano up. */
	*ret = (struct quantity){ v + inexact, negative, family };
	return true;
}

char *
quantity_canonical(struct arena *a, const char *s)
{
	struct quantity q;
	enum family family;
	bool negative;
	int exponent;
	size_t i;
	wide v;

	if (!quantity_parse(s, &q))
		return NULL;
	v = q.nano;
	family = q.family;
	negative = q.negative;
	if (v == 0)
		return arena_strdup(a, "0");
	if (family == BINARY && (v % 1000000000 != 0 || v < (wide)1024 * 1000000000))
		family = DECIMAL;
	if (family == BINARY) {
		int power = 0;

		v /= 1000000000;
		while (v % 1024 == 0 && power < 60) {
			v /= 1024;
			power += 10;
		}
		for (i = 0; suffixes[i].power != power || (suffixes[i].family != BINARY && power != 0); i++)
			;
		return arena_printf(a, "%s%s%s", negative ? "-" : "", quantity_put_number(a, v), suffixes[i].text);
	}
	exponent = -9;
	while (v % 10 == 0) {
		v /= 10;
		exponent++;
	}
	while (exponent % 3 != 0 || exponent > 18) {
		v *= 10;
		exponent--;
	}
	if (family == EXPONENT)
		return exponent == 0
			   ? arena_printf(a, "%s%s", negative ? "-" : "", quantity_put_number(a, v))
			   : arena_printf(a, "%s%se%d", negative ? "-" : "", quantity_put_number(a, v), exponent);
	for (i = 0; suffixes[i].family != DECIMAL || suffixes[i].power != exponent; i++)
		;
	return arena_printf(a, "%s%s%s", negative ? "-" : "", quantity_put_number(a, v), suffixes[i].text);
}

bool
quantity_whole(const char *s, int64_t *ret)
{
	struct quantity q;

	if (!quantity_parse(s, &q) || q.negative || q.nano % 1000000000 != 0)
		return false;
	*ret = (int64_t)(q.nano / 1000000000);
	return true;
}
