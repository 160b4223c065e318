/* tests/unit/gotemplate/template.c: the output of Go's text/template (1.26) for the same texts; exceptions are
 * marked. */
#include "gotemplate/template.h"
#include "tests/unit/unit.h"

static const char vars_text[] =
    "{\"rollout\":{\"metadata\":{\"name\":\"web\"},\"spec\":{\"replicas\":5,\"strategy\":{\"canary\":{}},"
    "\"containers\":"
    "[{\"name\":\"a\",\"image\":\"i:1\"},{\"name\":\"b\",\"image\":\"i:2\"}]}},\"n\":\"N\",\"name\":\"web\",\"list\":["
    "\"x\",\"y\",\"z\"],"
    "\"f\":1.5,\"b\":true,\"null\":null,\"map\":{\"z\":\"1\",\"a\":\"2\"},\"small\":0.00001,\"large\":1234567.5}";

static const struct {
	const char *template, *want; /* NULL: an error */
} cases[] = {
	{ "Rollout {{.rollout.metadata.name}} is done.", "Rollout web is done." },
	{ "{{if .rollout.spec.strategy.blueGreen}}BlueGreen{{end}}{{if .rollout.spec.strategy.canary}}Canary{{end}}",
	    "" },
	{ "{{range $index, $c := .rollout.spec.containers}}{{if not $index}},{{end}}{{if "
	  "$index}};{{end}}{{$c.name}}={{$c.image}}{{end}}",
	    ",a=i:1;b=i:2" },
	{ "{{range .rollout.spec.containers}}[{{.name}}]{{else}}none{{end}}{{range .missing}}x{{else}}none{{end}}",
	    "[a][b]none" },
	{ "{{with .rollout.metadata}}{{.name}}{{$.n}}{{end}}{{with .nothing}}a{{else}}b{{end}}", "webNb" },
	{ "a  {{- 1 -}}  b {{/* a comment */}}c", "a1b c" },
	{ "{{- /* c */ -}} x", "x" },
	{ "{{$x := 1}}{{if true}}{{$x = 2}}{{end}}{{$x}}{{if true}}{{$x := 3}}{{$x}}{{end}}{{$x}}", "232" },
	{ "{{.missing}} {{.list}} {{.map}} {{.f}} {{.b}} {{.null}} {{.small}} {{.large}}",
	    "<no value> [x y z] map[a:2 z:1] 1.5 true <no value> 1e-05 1.2345675e+06" },
	{ "{{printf \"%d-%s-%v-%q-%5.2f-%t|%-5s|%05d\" 3 \"a\" \"b\" \"c\\\"d\" 1.5 true \"x\" 42}}",
	    "3-a-b-\"c\\\"d\"- 1.50-true|x    |00042" },
	{ "{{print 1 2 \"a\" \"b\" 3 4}}{{println \"x\" 1}}", "1 2ab3 4x 1\n" },
	{ "{{len .list}} {{index .list 1}} {{index .rollout \"metadata\" \"name\"}} {{slice .name 1 2}}", "3 y web e" },
	{ "{{eq .name \"web\"}} {{eq .name \"a\" \"web\"}} {{ne 1 2}} {{lt 1 2}} {{le 2 2}} {{gt \"b\" \"a\"}} {{ge 1 "
	  "2}}",
	    "true true true true true true false" },
	{ "{{and true .name}} {{or \"\" \"b\"}} {{not .name}} {{and 0 1}} {{or 0 0}}", "web b false 0 0" },
	{ "{{\"quoted\" | printf \"%s!\"}} {{html \"<a&b>\"}} {{js \"it's\"}} {{urlquery \"a b&c\"}}",
	    "quoted! &lt;a&amp;b&gt; it\\'s a+b%26c" },
	{ "{{if eq .name \"x\"}}1{{else if eq .name \"web\"}}2{{else}}3{{end}}", "2" },
	{ "{{with $y := .nothing}}{{$y}}{{else with .name}}E{{.}}{{end}}", "Eweb" },
	{ "{{range $i, $e := .list}}{{if eq $i 2}}{{break}}{{end}}{{if eq $i 0}}{{continue}}{{end}}{{$e}}{{end}}",
	    "y" },
	{ "{{range $k, $v := .map}}{{$k}}={{$v}} {{end}}{{range 3}}{{.}}{{end}}", "a=2 z=1 012" },
	{ "{{(index .rollout.spec.containers 0).image}}", "i:1" },
	{ "{{`raw \"text\"`}} {{\"\\u00e9\\n\"}} {{'a'}} {{0x10}} {{1e3}} {{-5}}",
	    "raw \"text\" \xc3\xa9\n 97 16 1000 -5" },
	{ "{{\"a\" | print \"b\" | print \"c\"}}", "cba" },
	{ "{{if and (eq .name \"web\") (gt .f 1.0)}}yes{{end}} {{.rollout.metadata.name | printf \"%-6s|\"}}",
	    "yes web   |" },
	{ "{{.nothing.x}} {{.map.q}} {{print nil}}", "<no value> <no value> <nil>" },
	/* Numbers as numbers: there the left one is a float, and the comparison an error. */
	{ "{{eq .rollout.spec.replicas 5}}", "true" },
	/* sprig's. */
	{ "{{upper \"a\"}}{{lower \"B\"}}{{title \"web app\"}} {{trim \" x \"}}{{trimPrefix \"v\" \"v1\"}}{{trimSuffix "
	  "\"1\" \"v1\"}}",
	    "AbWeb App x1v" },
	{ "{{.missing | default \"d\"}} {{default \"d\" .name}} {{empty .missing}} {{coalesce \"\" .missing .name}} "
	  "{{ternary 1 2 true}}",
	    "d web true web 1" },
	{ "{{trunc 2 \"abc\"}} {{trunc -2 \"abc\"}} {{replace \"a\" \"b\" \"aa\"}} {{contains \"e\" .name}} "
	  "{{hasPrefix \"w\" .name}}",
	    "ab bc bb true true" },
	{ "{{quote .name}} {{squote .name 1}} {{repeat 3 \"ab\"}} {{nindent 2 \"a\\nb\"}}",
	    "\"web\" 'web' '1' ababab \n  a\n  b" },
	{ "{{add 1 2 3}} {{sub 5 2}} {{mul 2 3}} {{div 7 2}} {{mod 7 2}} {{max 1 3 2}} {{min 2 1}} {{int \"7\"}} "
	  "{{float64 \"1.5\"}}",
	    "6 3 6 3 1 3 1 7 1.5" },
	{ "{{join \",\" .list}} {{splitList \"-\" \"a-b\"}} {{first .list}}{{last .list}} {{list 1 \"a\"}} {{(dict "
	  "\"k\" 1).k}} {{hasKey .map \"z\"}}",
	    "x,y,z [a b] xz [1 a] 1 true" },
	{ "{{toJson .map}} {{(fromJson \"{\\\"a\\\": 1}\").a}} {{b64enc \"x\"}} {{b64dec \"eA==\"}}",
	    "{\"a\":\"2\",\"z\":\"1\"} 1 eA== x" },
	{ "{{.name.x}}", NULL },
	{ "{{.null.x}}", NULL },
	{ "{{nofunc 1}}", NULL },
	{ "{{if}}x{{end}}", NULL },
	{ "{{if .a}}x", NULL },
	{ "{{end}}", NULL },
	{ "{{.name .x}}", NULL },
	{ "{{$y}}", NULL },
	{ "{{\"unterminated}}", NULL },
	{ "{{1 | 2}}", NULL },
	{ "{{index .list 9}}", NULL },
	{ "{{nil}}", NULL },
	{ "{{div 1 0}}", NULL },
	{ "{{define \"x\"}}{{end}}", NULL },
};

static void
a_template_writes_what_go_writes(void **state)
{
	json_t *vars = json_loads(vars_text, 0, NULL);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct arena *a = arena_new();
		const char *got = NULL;
		struct err *e = template_expand(a, cases[i].template, vars, &got);

		if ((e != NULL) != (cases[i].want == NULL) || (e == NULL && strcmp(got, cases[i].want) != 0))
			fail_msg("%s: %s", cases[i].template, e != NULL ? err_text(a, e) : got);
		arena_free(a);
	}
	json_decref(vars);
}

/* Input from outside ends. */
static void
a_template_has_limits(void **state)
{
	static const char *const texts[] = { "{{range 1000000}}{{range 1000000}}{{end}}{{end}}",
		"{{range 100000}}0123456789{{end}}", "{{repeat 10000 (repeat 10000 \"x\")}}",
		"{{$x := \"0123456789\"}}{{range 1000}}{{$x = print $x $x}}{{end}}{{$x}}",
		/* Steps of which each reads, or makes, a long text. */
		"{{$s := repeat 10000 \"0123456789012345678901234\"}}{{range 100000}}{{$x := upper $s}}{{end}}",
		"{{$s := repeat 10000 \"0123456789012345678901234\"}}{{range 100000}}{{$x := contains \"a\" "
		"$s}}{{end}}",
		"{{$s := repeat 10000 \"0123456789012345678901234\"}}{{range 100000}}{{$x := replace \"z\" \"a\" "
		"$s}}{{end}}",
		"{{$s := repeat 1000 \"b,\"}}{{range 100000}}{{$x := splitList \",\" $s}}{{end}}" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct arena *a = arena_new();
		const char *got = NULL;

		assert_non_null(template_expand(a, texts[i], NULL, &got));
		arena_free(a);
	}
	for (int deep = 0; deep < 2; deep++) {
		struct arena *a = arena_new();
		const char *text = deep == 0 ? "{{if 1}}" : "(", *all = deep == 0 ? "" : "{{";

		for (int i = 0; i < 1000; i++)
			all = arena_printf(a, "%s%s", all, text);
		assert_non_null(template_check(a, all));
		arena_free(a);
	}
}

static void
a_long_text_is_replaced_at_every_place(void **state)
{
	struct arena *a = arena_new();
	const char *got = NULL;

	(void)state;
	assert_null(
	    template_expand(a, "{{len (replace \"a\" \"\" (repeat 500 \"aaaaaaaaaaaaaaaaaaaaaaaab\"))}}", NULL, &got));
	assert_string_equal(got, "500");
	assert_true(arena_used(a) < 1u << 20); /* grows with the text, not with its square */
	assert_null(
	    template_expand(a, "{{replace \"ab\" \"c\" \"abxabab-a\"}} {{replace \"x\" \"y\" \"\"}}", NULL, &got));
	assert_string_equal(got, "cxcc-a ");
	arena_free(a);
}

static void
an_error_names_the_line(void **state)
{
	struct arena *a = arena_new();
	const char *got;

	(void)state;
	assert_non_null(
	    strstr(err_text(a, template_check(a, "a\nb\n{{nofunc}}")), "line 3: there is no function nofunc"));
	assert_non_null(
	    strstr(err_text(a, template_expand(a, "a\n{{index 1 2}}", NULL, &got)), "line 2: index: it is neither"));
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_template_writes_what_go_writes),
		cmocka_unit_test(a_template_has_limits),
		cmocka_unit_test(a_long_text_is_replaced_at_every_place),
		cmocka_unit_test(an_error_names_the_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
