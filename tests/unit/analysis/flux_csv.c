/* tests/unit/analysis/flux_csv.c: annotated CSV of InfluxDB. */
#include "tests/unit/unit.h"
#include "analysis/flux_csv.h"

#define TABLE(type)                                                                                                    \
	"#datatype,string,long," type "\r\n#group,false,false,false\r\n#default,_result,,\r\n,result,table,_value\r\n"

static void
values_have_the_types_of_their_columns(void **state)
{
	static const char *const cases[][3] = {
		{ TABLE("double") ",,0,0.5\r\n,,0,\r\n,,0,NaN\r\n", "[0.5 <nil> NaN]", "" },
		{ TABLE("long") ",,0,-7\n,,0,9223372036854775807\n", "[-7 9223372036854775807]", "" },
		{ TABLE("boolean") ",,0,true\n,,0,FALSE\n", "[true false]", "" },
		{ TABLE("string") ",,0,\"a,\"\"b\"\"\nc\"\n", "[a,\"b\"\nc]", "" },
		{ TABLE("duration") ",,0,1m30s\n", "[1m30s]", "" },
		{ TABLE("dateTime:RFC3339") ",,0,2026-01-01T00:00:00Z\n", "[2026-01-01 00:00:00 +0000 UTC]", "" },
		{ TABLE("base64Binary") ",,0,AQI=\n", "[[1 2]]", "" },
		{ TABLE("long") ",,0,1\n\n" TABLE("double") ",,0,2.5\n", "[1 2.5]", "" },
		{ TABLE("long") ",,0,1\n,,0,x\n,,0,3\n", "[1]", "\"x\" is not of type long" },
		{ TABLE("unsignedLong") ",,0,-1\n", "[]", "\"-1\" is not of type unsignedLong" },
		{ TABLE("decimal") ",,0,1\n", "[]", "a column has the unknown type \"decimal\"" },
		{ TABLE("long") ",,0,1\n,,0\n", "[1]", "a row has 3 columns, its table 4" },
		{ TABLE("long") ",,0,1\n,,0,\"2\n", "[1]", "a row has a quote in the wrong place" },
		{ TABLE("long") ",,0,1\n,,0,2\"\n", "[1]", "a row has a quote in the wrong place" },
		{ ",,0,1\n", "[]", "a row comes before the annotations of its table" },
		{ "#datatype,string,string\n#group,true,true\n#default,,\n,error,reference\n,no bucket,897\n", "[]",
		    "no bucket" },
		{ "#datatype,string,long\n#group,false,false\n#default,7,8\n,_value,x\n,,\n", "[7]", "" },
		{ "", "[]", "" },
	};
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct value v;
		struct err *e = flux_csv_values(a, (struct bytes){ cases[i][0], strlen(cases[i][0]) }, &v);

		assert_string_equal(value_print(a, &v), cases[i][1]);
		assert_string_equal(e != NULL ? err_text(a, e) : "", cases[i][2]);
	}
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_have_the_types_of_their_columns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
