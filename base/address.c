/* base/address.c: IP addresses, and which of them reach this machine (loopback) or its link (link-local addresses,
 * metadata services): parses all notations, and compares with ranges.
 *
 * Sources: inet_aton(3); RFC 4291, 6052 and 8215 (NAT64), 3056 (6to4), 4380 (Teredo), 5214 (ISATAP), 3879 (site-local),
 * 6890; the documentation of clouds about their metadata services.
 */
#include "base/address.h"
#include <stdint.h>
#include <string.h>
#include <strings.h>
#include "base/arena.h"

static int
address_digit(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : 99;
}

/* Reads a number in the notation of C, up to a dot or the end. */
static bool
address_number(const char **at, uint64_t *ret)
{
	const char *s = *at;
	int base = 10;
	uint64_t n = 0;

	if (s[0] == '0' && (s[1] == 'x' || s[1] == 'X')) {
		base = 16;
		s += 2;
	} else if (s[0] == '0') {
		base = 8;
	}
	/* Some resolvers read "0x" as 0. */
	for (; *s != '\0' && *s != '.'; s++) {
		if (address_digit(*s) >= base || n > UINT32_MAX)
			return false;
		n = n * (uint64_t)base + (uint64_t)address_digit(*s);
	}
	if (s == *at)
		return false;
	*at = s;
	*ret = n;
	return true;
}

/* Reads one to four numbers. The last one fills the remaining bytes. */
static bool
address_parse_ipv4(const char *text, unsigned char ret[4])
{
	uint64_t part[4];
	uint32_t whole = 0;
	size_t n = 0;

	for (;; text++) {
		if (n == 4 || !address_number(&text, &part[n++]))
			return false;
		/* A dot at the end stands for the DNS root. */
		if (*text == '\0' || (text[0] == '.' && text[1] == '\0'))
			break;
	}
	for (size_t i = 0; i + 1 < n; i++) {
		if (part[i] > 255)
			return false;
		whole |= (uint32_t)part[i] << (24 - 8 * i);
	}
	if (part[n - 1] >= (uint64_t)1 << (8 * (5 - n)))
		return false;
	whole |= (uint32_t)part[n - 1];
	for (int i = 0; i < 4; i++)
		ret[i] = (unsigned char)(whole >> (24 - 8 * i));
	return true;
}

/* Reads groups of four digits with at most one "::". The last two can be an IPv4 address. A zone follows "%". */
static bool
address_parse_ipv6(const char *text, size_t len, unsigned char ret[16])
{
	unsigned char all[16];
	size_t n = 0, gap = SIZE_MAX;
	const char *end = memchr(text, '%', len);

	end = end != NULL ? end : text + len;
	if (end - text >= 2 && text[0] == ':' && text[1] == ':') {
		gap = 0;
		text += 2;
	}
	while (text < end) {
		char four[16] = "";
		unsigned value = 0;
		size_t digits = 0;

		if (n > 14)
			return false;
		if ((size_t)(end - text) < sizeof(four) && memchr(text, '.', (size_t)(end - text)) != NULL &&
		    memchr(text, ':', (size_t)(end - text)) == NULL) {
			memcpy(four, text, (size_t)(end - text));
			if (n > 12 || !address_parse_ipv4(four, all + n))
				return false;
			n += 4;
			break;
		}
		for (; text < end && *text != ':'; text++, digits++) {
			if (address_digit(*text) > 15 || digits == 4)
				return false;
			value = value * 16 + (unsigned)address_digit(*text);
		}
		if (digits == 0)
			return false;
		all[n++] = (unsigned char)(value >> 8);
		all[n++] = (unsigned char)value;
		if (text == end)
			break;
		text++;
		if (text < end && *text == ':') {
			if (gap != SIZE_MAX)
				return false;
			gap = n;
			text++;
		} else if (text == end) {
			return false;
		}
	}
	if (gap == SIZE_MAX ? n != 16 : n > 14)
		return false;
	memset(ret, 0, 16);
	if (gap == SIZE_MAX)
		gap = n;
	memcpy(ret, all, gap);
	memcpy(ret + 16 - (n - gap), all + gap, n - gap);
	return true;
}

bool
address_parse(const char *host, struct address *ret)
{
	size_t len = strlen(host);

	if (len > 2 && host[0] == '[' && host[len - 1] == ']') {
		host++;
		len -= 2;
	}
	if (memchr(host, ':', len) != NULL) {
		if (!address_parse_ipv6(host, len, ret->at))
			return false;
		ret->n = 16;
		return true;
	}
	if (!address_parse_ipv4(host, ret->at))
		return false;
	ret->n = 4;
	return true;
}

struct range {
	unsigned char start[16];
	int bits;
	enum address_kind kind;
};

/* All other addresses are ADDRESS_OUTSIDE. Private networks (10/8, …) are among them: the Services and Prometheus
 * servers of users have such addresses. A metadata service gives the credentials of the machine to each caller, so
 * that its address counts as one of the link, wherever a cloud has put it. */
static const struct range ipv4_ranges[] = {
	{ { 0 }, 8, ADDRESS_MACHINE },
	{ { 127 }, 8, ADDRESS_MACHINE },
	{ { 169, 254 }, 16, ADDRESS_LINK },
	{ { 100, 100, 100, 200 }, 32, ADDRESS_LINK }, /* metadata of Alibaba Cloud */
	{ { 192, 0, 0, 192 }, 32, ADDRESS_LINK }, /* metadata of Oracle Cloud */
	{ { 168, 63, 129, 16 }, 32, ADDRESS_LINK }, /* platform of Azure */
	{ { 224 }, 4, ADDRESS_LINK }, /* multicast */
	{ { 255, 255, 255, 255 }, 32, ADDRESS_LINK },
};

static const struct range ipv6_ranges[] = {
	{ { 0 }, 128, ADDRESS_MACHINE }, /* :: */
	{ { [15] = 1 }, 128, ADDRESS_MACHINE }, /* ::1 */
	{ { 0xfe, 0x80 }, 10, ADDRESS_LINK },
	{ { 0xfe, 0xc0 }, 10, ADDRESS_LINK }, /* site-local: deprecated, but in use */
	{ { 0xff }, 8, ADDRESS_LINK },
	{ { 0xfd, 0x00, 0x0e, 0xc2 }, 32, ADDRESS_LINK }, /* fd00:ec2::254, ::23: metadata and credentials of AWS */
	{ { 0xfd, 0x20, 0x00, 0xce }, 32, ADDRESS_LINK }, /* fd20:ce::254: metadata of Google Cloud */
	{ { 0xfd, 0x00, 0xa9, 0xfe }, 32,
	    ADDRESS_LINK }, /* fd00:a9fe:a9fe::254: of other clouds, after 169.254.169.254 */
};

/* The position of an IPv4 address in an IPv6 address with a prefix. */
static const struct carrier {
	unsigned char start[16];
	int bits, at, second; /* length of the prefix; positions of the first two bytes and of the last two */
	bool inverted, same; /* all bits are inverted; it is the same host, not a tunnel to it */
} carriers[] = {
	{ { [10] = 0xff, [11] = 0xff }, 96, 12, 14, false, true }, /* mapped */
	{ { [8] = 0xff, [9] = 0xff }, 96, 12, 14, false, true }, /* translated */
	{ { 0 }, 96, 12, 14, false, true }, /* compatible */
	{ { 0x00, 0x64, 0xff, 0x9b }, 96, 12, 14, false, true }, /* NAT64 */
	{ { 0x00, 0x64, 0xff, 0x9b, 0x00, 0x01 }, 48, 12, 14, false, true }, /* NAT64 of a network, /96 */
	{ { 0x00, 0x64, 0xff, 0x9b, 0x00, 0x01 }, 48, 6, 9, false, true }, /* the same, /48: byte 8 is skipped */
	{ { 0x00, 0x64, 0xff, 0x9b, 0x00, 0x01 }, 48, 7, 10, false, true }, /* /56, below */
	{ { 0x00, 0x64, 0xff, 0x9b, 0x00, 0x01 }, 48, 9, 11, false, true }, /* /64 */
	{ { 0x20, 0x02 }, 16, 2, 4, false, false }, /* 6to4 */
	{ { 0x20, 0x01 }, 32, 4, 6, false, false }, /* Teredo: the server */
	{ { 0x20, 0x01 }, 32, 12, 14, true, false }, /* Teredo: the client */
};

static bool
address_begins(const unsigned char *at, const unsigned char *start, int bits)
{
	int rest = bits % 8, whole = bits / 8;

	return memcmp(at, start, (size_t)whole) == 0 && (rest == 0 || (at[whole] ^ start[whole]) >> (8 - rest) == 0);
}

static enum address_kind
address_in(const unsigned char *at, const struct range *ranges, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (address_begins(at, ranges[i].start, ranges[i].bits))
			return ranges[i].kind;
	return ADDRESS_OUTSIDE;
}

/* Domains with all their subdomains. Sources: RFC 6761; /etc/hosts of Debian; the documentation of clouds. */
static const struct name {
	const char *name;
	enum address_kind kind;
} names[] = {
	{ "localhost", ADDRESS_MACHINE },
	{ "localhost.localdomain", ADDRESS_MACHINE },
	{ "localhost4", ADDRESS_MACHINE },
	{ "localhost6", ADDRESS_MACHINE },
	{ "ip6-localhost", ADDRESS_MACHINE },
	{ "ip6-loopback", ADDRESS_MACHINE },
	{ "metadata", ADDRESS_LINK },
	{ "metadata.google.internal", ADDRESS_LINK },
	{ "metadata.goog", ADDRESS_LINK },
	{ "instance-data", ADDRESS_LINK }, /* AWS */
	{ "instance-data.ec2.internal", ADDRESS_LINK },
	{ "metadata.tencentyun.com", ADDRESS_LINK },
};

enum address_kind
address_name_kind(const char *host)
{
	size_t len = strlen(host);

	len -= len > 0 && host[len - 1] == '.';
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		size_t n = strlen(names[i].name);

		if (len >= n && strncasecmp(host + len - n, names[i].name, n) == 0 &&
		    (len == n || host[len - n - 1] == '.'))
			return names[i].kind;
	}
	return ADDRESS_OUTSIDE;
}

/* Returns the embedded IPv4 address. RFC 6052: with a /56, byte 8 is between its first byte and the others. */
static void
address_carried(const unsigned char *at, const struct carrier *c, unsigned char ret[4])
{
	const int places[4] = { c->at, c->at == 7 ? 9 : c->at + 1, c->second, c->second + 1 };

	for (int i = 0; i < 4; i++)
		ret[i] = c->inverted ? (unsigned char)~at[places[i]] : at[places[i]];
}

enum address_kind
address_kind(const struct address *a)
{
	enum address_kind kind;
	unsigned char four[4];

	if (a->n == 4)
		return address_in(a->at, ipv4_ranges, ARRAY_SIZE(ipv4_ranges));
	if ((kind = address_in(a->at, ipv6_ranges, ARRAY_SIZE(ipv6_ranges))) != ADDRESS_OUTSIDE)
		return kind;
	for (size_t i = 0; i < ARRAY_SIZE(carriers); i++) {
		if (!address_begins(a->at, carriers[i].start, carriers[i].bits))
			continue;
		address_carried(a->at, &carriers[i], four);
		/* A prefix of zeros also matches other forms, except for a mapped address of this machine. */
		if (i > 0 && four[0] == 0)
			continue;
		if ((kind = address_in(four, ipv4_ranges, ARRAY_SIZE(ipv4_ranges))) != ADDRESS_OUTSIDE)
			return kind;
	}
	/* ISATAP: after any prefix. */
	if ((a->at[8] & 0xfd) == 0 && a->at[9] == 0 && a->at[10] == 0x5e && a->at[11] == 0xfe)
		return address_in(a->at + 12, ipv4_ranges, ARRAY_SIZE(ipv4_ranges));
	return ADDRESS_OUTSIDE;
}

/* Returns whether `b` is one of the addresses that `a` stands for. */
static bool
address_stands_for(const struct address *a, const struct address *b)
{
	unsigned char four[4];

	if (a->n == b->n)
		return memcmp(a->at, b->at, a->n) == 0;
	for (size_t i = 0; a->n == 16 && i < ARRAY_SIZE(carriers); i++) {
		if (!carriers[i].same || !address_begins(a->at, carriers[i].start, carriers[i].bits))
			continue;
		address_carried(a->at, &carriers[i], four);
		if (memcmp(four, b->at, 4) == 0)
			return true;
	}
	return false;
}

bool
address_is_same(const struct address *a, const struct address *b)
{
	return address_stands_for(a, b) || address_stands_for(b, a);
}
