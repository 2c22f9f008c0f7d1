#include "../../aggregate/template.h"
#include "log.h"
#include "unit.h"

/* Every call becomes its first argument in brackets; var('nl') becomes two lines. */
static int bracket(void *arg, const struct template_call *call, struct buf *to)
{
	const char *text = template_arg_text(call, 0);

	(void)arg;
	if (call->kind == CALL_THIS)
		text = "this";
	if (strcmp(text, "fail") == 0)
		return -1;
	buf_addf(to, "[%s]", strcmp(text, "nl") == 0 ? "\n" : text);
	return 0;
}

static void renders_as(bool incremental, const char *source, const char *want)
{
	struct arena arena = {0};
	struct template t;
	struct template_text text;

	assert_int_equal(template_parse(&arena, "m.sql", span_of(source), &t), 0);
	assert_int_equal(template_render(&arena, &t, incremental, bracket, NULL, &text), 0);
	assert_string_equal(text.sql, want);
	assert_int_equal(text.n, strlen(want));
	arena_free(&arena);
}

static void renders(const char *source, const char *want)
{
	renders_as(false, source, want);
}

static void test_condition(void **state)
{
	static const char source[] = "a {%- if is_incremental() -%} b {{ this }}{% else %} c {{ ref('x') }} {% endif %} d";

	(void)state;
	renders_as(true, source, "a  b [this] d");
	renders_as(false, source, "a  c [x]  d");
	renders_as(true, "{% if  not\nis_incremental( ) %}a{% endif %}b", "b");
	renders("{% if not is_incremental() %}a{% endif %}b{{ changes('s', 't') }}", "ab[s]");
}

static void test_render(void **state)
{
	(void)state;
	renders("select 1", "select 1");
	renders("select 1 ; \n", "select 1");
	renders("a {{ ref('x') }} b {{ref(\"y\")}}", "a [x] b [y]");
	renders("{{ config(materialized='table', unique_key=['a', 'b'], enabled=true) }} q", " q");
	renders("{# ref('x') {{ }} #}a{{ this }}b", "a[this]b");
	renders("{{ source('s', 't') }} {{ var('v', 3) }} {{ env_var('E', '') }}", "[s] [v] [E]");
	renders("{ {x} } '{' {{\n ref (\n 'it\\'s' ) }}", "{ {x} } '{' [it's]");
	renders("{{ var('a', -1.5e3) }}{{ ref('x',) }}", "[a][x]");
}

struct broken {
	const char *source, *line;
};

static int parse_broken(void *arg)
{
	const struct broken *b = arg;
	struct arena arena = {0};
	struct template t;
	int status;

	log_init("unit");
	status = template_parse(&arena, "m.sql", span_of(b->source), &t);
	arena_free(&arena);
	return status == 0 ? 0 : 1;
}

static void test_faults(void **state)
{
	static const struct broken broken[] = {
		{"\n\n{% if x %}", "m.sql:3: {% if x %} is not understood"},
		{"{% if is_incremental() %}", "m.sql:1: {% if … %} has no {% endif %}"},
		{"{% if is_incremental() %}\n{% if is_incremental() %}{% endif %}", "m.sql:2: an if inside the if of line 1"},
		{"\n{% endif %}", "m.sql:2: endif without its if"},
		{"{% else %}", "m.sql:1: else without its if"},
		{"{% if is_incremental() %}{% else %}{% else %}{% endif %}", "m.sql:1: else without its if"},
		{"{% if", "m.sql:1: {% does not end"},
		{"{{ changes() }}", "m.sql:1: write changes('table')"},
		{"{{ ref('x' }}", "m.sql:1: expected ','"},
		{"{{ ref('x') ", "m.sql:1: expected }}"},
		{"{{ ref('x') | upper }}", "m.sql:1: expected }}"},
		{"\n{{ macro('x') }}", "m.sql:2: unknown name 'macro'"},
		{"{{ ref('x }}", "m.sql:1: a text in quotes does not end"},
		{"{{ ref(x) }}", "m.sql:1: expected a text in quotes"},
		{"{{ ref() }}", "m.sql:1: write ref('model')"},
		{"{{ ref('a', 'b') }}", "m.sql:1: write ref('model')"},
		{"{{ source('a') }}", "m.sql:1: write source("},
		{"{{ config('x') }}", "m.sql:1: config() takes name=value"},
		{"{{ config(a=[1, [2]]) }}", "m.sql:1: a list inside a list"},
		{"{# no end", "m.sql:1: the comment {# does not end"},
		{"{{", "m.sql:1: unknown name ''"},
		{"{{ ref", "m.sql:1: 'ref' needs its arguments"},
		{"{{ var('x', ['a']) }}", "m.sql:1: write var("},
	};

	(void)state;
	for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
		struct child c = run_child(parse_broken, (void *)&broken[i]);

		if (c.status != 1 || strstr(buf_text(&c.err), broken[i].line) == NULL)
			fail_msg("%s: status %d, said: %s", broken[i].source, c.status, buf_text(&c.err));
		child_free(&c);
	}
}

static void test_lines(void **state)
{
	const char *source = "one\ntwo {{ var('nl') }} {{ ref('x') }}\n{# a\nb #} here\nlast";
	struct arena arena = {0};
	struct template t;
	struct template_text text;
	const char *here;

	(void)state;
	assert_int_equal(template_parse(&arena, "m.sql", span_of(source), &t), 0);
	assert_int_equal(template_render(&arena, &t, false, bracket, NULL, &text), 0);
	assert_int_equal(template_line(&t, &text, 0), 1);
	here = strstr(text.sql, "[\n]");
	assert_non_null(here);
	assert_int_equal(template_line(&t, &text, (size_t)(here - text.sql)), 2);
	assert_int_equal(template_line(&t, &text, (size_t)(here - text.sql) + 2), 2); /* a call has one line */
	here = strstr(text.sql, "here");
	assert_int_equal(template_line(&t, &text, (size_t)(here - text.sql)), 4);
	here = strstr(text.sql, "last");
	assert_int_equal(template_line(&t, &text, (size_t)(here - text.sql)), 5);
	assert_int_equal(template_line(&t, &text, text.n), 5);
	arena_free(&arena);
}

static void test_resolver_fails(void **state)
{
	struct arena arena = {0};
	struct template t;
	struct template_text text;

	(void)state;
	assert_int_equal(template_parse(&arena, "m.sql", SPAN("{{ ref('fail') }} {{ ref('x') }}"), &t), 0);
	assert_int_equal(template_render(&arena, &t, false, bracket, NULL, &text), -1);
	arena_free(&arena);
}

static void test_call(void **state)
{
	struct arena arena = {0};
	struct template_call call;

	(void)state;
	assert_int_equal(template_parse_call(&arena, (struct place){"s.yml", 7}, " source('a', 'b') ", &call), 0);
	assert_int_equal(call.kind, CALL_SOURCE);
	assert_string_equal(template_arg_text(&call, 1), "b");
	assert_null(template_arg_text(&call, 2));
	assert_int_equal(call.at.line, 7);
	arena_free(&arena);
}

/* Whatever bytes a file holds: an answer, and nothing read outside of it. */
static void test_cut_and_damaged(void **state)
{
	const char *source = "{{ config(a=['x', \"y\"], b=1) }}{# c #} select {{ ref('m') }} {{ this }} from {{ source('a', 'b') }}";
	size_t n = strlen(source);
	int null = open("/dev/null", O_WRONLY), saved = dup(STDERR_FILENO);

	(void)state;
	dup2(null, STDERR_FILENO);
	for (size_t cut = 0; cut <= n; cut++) {
		for (int c = 0; c < 256; c += 5) {
			char *text = malloc(cut + 1);
			struct arena arena = {0};
			struct template t;

			memcpy(text, source, cut);
			text[cut] = (char)c;
			template_parse(&arena, "m.sql", (struct span){text, cut + 1}, &t);
			arena_free(&arena);
			free(text);
		}
	}
	dup2(saved, STDERR_FILENO);
	close(null);
	close(saved);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_render), cmocka_unit_test(test_condition), cmocka_unit_test(test_faults), cmocka_unit_test(test_lines),
		cmocka_unit_test(test_resolver_fails), cmocka_unit_test(test_call), cmocka_unit_test(test_cut_and_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
