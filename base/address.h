/* base/address.h: IP addresses, in all the spellings that resolvers take, and what is behind them. Pure. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

/* Four bytes, or sixteen. */
struct address {
	unsigned char at[16];
	size_t n;
};

enum address_kind {
	ADDRESS_OUTSIDE,
	ADDRESS_MACHINE, /* this machine: loopback, or none in particular */
	ADDRESS_LINK, /* hosts on the same link, or a cloud's metadata service */
};

/* Reads a URL's host: "127.1", "0x7f000001", "017700000001", "2130706433", "[::1]", "fe80::1%eth0". False: it is a name. */
bool address_parse(const char *host, struct address *ret);

/* What a name is that every resolver has for this machine, or that a cloud's own has for its metadata service; ADDRESS_OUTSIDE: only a resolver
 * knows. In any case of letters, with a dot at its end or without. */
enum address_kind address_name_kind(const char *host);

/* An address that carries an IPv4 one within it (mapped, compatible, NAT64, 6to4, Teredo, ISATAP) is of the worse of the two kinds. */
enum address_kind address_kind(const struct address *);

/* The same host, also where one is the other's IPv6 spelling (mapped, NAT64). */
bool address_is_same(const struct address *, const struct address *);
