/* base/address.h: IP addresses in all notations that resolvers accept, and the kind of host that they reach. Pure. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

/* An IPv4 address (4 bytes) or an IPv6 address (16 bytes). */
struct address {
	unsigned char at[16];
	size_t n;
};

/* The host that an address reaches. */
enum address_kind {
	ADDRESS_OUTSIDE, /* any other host, in a private network too */
	ADDRESS_MACHINE, /* this machine: loopback or the unspecified address */
	ADDRESS_LINK, /* a host on the same link, or the metadata service of a cloud */
};

/* Reads the host of a URL: "127.1", "0x7f000001", "017700000001", "2130706433", "[::1]", "fe80::1%eth0". Returns false
 * for a name. */
bool address_parse(const char *host, struct address *ret);

/* Returns the kind of a name that all resolvers know for this machine, or that the resolver of a cloud knows for its
 * metadata service. ADDRESS_OUTSIDE for all other names. Case and a dot at the end are ignored. */
enum address_kind address_name_kind(const char *host);

/* Returns the kind of an address. If it embeds an IPv4 address (mapped, compatible, NAT64, 6to4, Teredo, ISATAP),
 * the more restricted kind of both. */
enum address_kind address_kind(const struct address *);

/* Returns whether both are the same host, also if one is the IPv6 form of the other (mapped, NAT64). */
bool address_is_same(const struct address *, const struct address *);
