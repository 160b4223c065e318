/* tests/unit/base/address.c: addresses in all their spellings, and which are not outside. */
#include "tests/unit/unit.h"
#include "base/address.h"

static void
every_spelling_is_the_same_address(void **state)
{
	static const struct {
		const char *text;
		enum address_kind kind;
	} cases[] = {
		{ "127.0.0.1", ADDRESS_MACHINE },
		{ "127.1", ADDRESS_MACHINE },
		{ "127.0.0.1.", ADDRESS_MACHINE },
		{ "2130706433", ADDRESS_MACHINE },
		{ "0x7f000001", ADDRESS_MACHINE },
		{ "0x7f.0.0.1", ADDRESS_MACHINE },
		{ "0177.0.0.01", ADDRESS_MACHINE },
		{ "017700000001", ADDRESS_MACHINE },
		{ "0", ADDRESS_MACHINE },
		{ "0.0.0.0", ADDRESS_MACHINE },
		{ "169.254.169.254", ADDRESS_LINK },
		{ "2852039166", ADDRESS_LINK },
		{ "0xA9FEA9FE", ADDRESS_LINK },
		{ "0251.0376.0251.0376", ADDRESS_LINK },
		{ "169.254.43518", ADDRESS_LINK },
		{ "100.100.100.200", ADDRESS_LINK },
		{ "168.63.129.16", ADDRESS_LINK },
		{ "[::1]", ADDRESS_MACHINE },
		{ "::", ADDRESS_MACHINE },
		{ "0:0:0:0:0:0:0:1", ADDRESS_MACHINE },
		{ "[::ffff:127.0.0.1]", ADDRESS_MACHINE },
		{ "::ffff:7f00:1", ADDRESS_MACHINE },
		{ "::127.0.0.1", ADDRESS_MACHINE },
		{ "::ffff:0:127.0.0.1", ADDRESS_MACHINE },
		{ "::ffff:a9fe:a9fe", ADDRESS_LINK },
		{ "64:ff9b::169.254.169.254", ADDRESS_LINK },
		{ "64:ff9b::a9fe:a9fe", ADDRESS_LINK },
		{ "64:ff9b:1::a9fe:a9fe", ADDRESS_LINK },
		{ "64:ff9b:1:a9fe:a9:fe00::", ADDRESS_LINK },
		{ "64:ff9b:1:a9:fe:a9fe::", ADDRESS_LINK },
		{ "64:ff9b:1:0:a9:fea9:fe00:0", ADDRESS_LINK },
		{ "2002:a9fe:a9fe::1", ADDRESS_LINK },
		{ "2002:7f00:1::", ADDRESS_MACHINE },
		{ "2001:0:a9fe:a9fe::1", ADDRESS_LINK },
		{ "2001::5601:5601", ADDRESS_LINK },
		{ "2001:db8::5efe:169.254.169.254", ADDRESS_LINK },
		{ "2001:db8::200:5efe:127.0.0.1", ADDRESS_MACHINE },
		{ "fe80::1%eth0", ADDRESS_LINK },
		{ "[fe80::1%25eth0]", ADDRESS_LINK },
		{ "fd00:ec2::254", ADDRESS_LINK },
		{ "fd00:ec2::23", ADDRESS_LINK },
		{ "fd20:ce::254", ADDRESS_LINK },
		{ "ff02::1", ADDRESS_LINK },
		{ "10.0.0.1", ADDRESS_OUTSIDE },
		{ "8.8.8.8", ADDRESS_OUTSIDE },
		{ "134744072", ADDRESS_OUTSIDE },
		{ "2001:db8::1", ADDRESS_OUTSIDE },
		{ "2002:808:808::1", ADDRESS_OUTSIDE },
		{ "64:ff9b::8.8.8.8", ADDRESS_OUTSIDE },
		{ "fd00::1", ADDRESS_OUTSIDE },
		{ "::ffff:8.8.8.8", ADDRESS_OUTSIDE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct address a;

		if (!address_parse(cases[i].text, &a))
			fail_msg("%s is no address", cases[i].text);
		if (address_kind(&a) != cases[i].kind)
			fail_msg("%s: got %d, want %d", cases[i].text, address_kind(&a), cases[i].kind);
	}
}

static void
names_are_no_addresses(void **state)
{
	static const char *const names[] = { "", "localhost", "example.com", "1.2.3.4.5", "256.1.1.1", "1.2.3.256",
		"08.1.1.1", "4294967296", "0x1.example", "1..2", ".1", ":", ":::", "1::2::3", "12345::", "::g",
		"1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:", "::1.2.3", "::1.2.3.4.5", "[]", "[::1",
		"99999999999999999999" };
	struct address a;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (address_parse(names[i], &a) && strcmp(names[i], "::1.2.3") != 0)
			fail_msg("%s is one", names[i]);
}

static void
some_names_need_no_resolver(void **state)
{
	static const struct {
		const char *name;
		enum address_kind kind;
	} all[] = { { "localhost", ADDRESS_MACHINE }, { "LocalHost.", ADDRESS_MACHINE },
		{ "a.b.localhost", ADDRESS_MACHINE }, { "localhost.localdomain", ADDRESS_MACHINE },
		{ "ip6-loopback", ADDRESS_MACHINE }, { "metadata.google.internal", ADDRESS_LINK },
		{ "METADATA.google.internal.", ADDRESS_LINK }, { "x.metadata.goog", ADDRESS_LINK },
		{ "metadata", ADDRESS_LINK }, { "instance-data", ADDRESS_LINK },
		{ "instance-data.ec2.internal", ADDRESS_LINK }, { "", ADDRESS_OUTSIDE }, { ".", ADDRESS_OUTSIDE },
		{ "notlocalhost", ADDRESS_OUTSIDE }, { "localhost.example", ADDRESS_OUTSIDE },
		{ "metadata.shop.svc", ADDRESS_OUTSIDE }, { "google.internal", ADDRESS_OUTSIDE } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (address_name_kind(all[i].name) != all[i].kind)
			fail_msg("%s: got %d, want %d", all[i].name, address_name_kind(all[i].name), all[i].kind);
}

static void
one_host_has_several_addresses(void **state)
{
	static const char *const same[][2] = { { "10.0.0.1", "0xa000001" }, { "10.0.0.1", "::ffff:10.0.0.1" },
		{ "64:ff9b::a00:1", "10.0.0.1" }, { "::10.0.0.1", "10.0.0.1" }, { "fd00::1", "fd00:0::1" } };
	static const char *const others[][2] = { { "10.0.0.1", "10.0.0.2" }, { "fd00::1", "fd00::2" },
		{ "10.0.0.1", "2002:a00:1::" }, { "::1", "127.0.0.1" } };
	struct address a, b;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(same); i++)
		if (!address_parse(same[i][0], &a) || !address_parse(same[i][1], &b) || !address_is_same(&a, &b))
			fail_msg("%s is not %s", same[i][0], same[i][1]);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (!address_parse(others[i][0], &a) || !address_parse(others[i][1], &b) || address_is_same(&a, &b))
			fail_msg("%s is %s", others[i][0], others[i][1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_spelling_is_the_same_address),
		cmocka_unit_test(names_are_no_addresses),
		cmocka_unit_test(some_names_need_no_resolver),
		cmocka_unit_test(one_host_has_several_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
