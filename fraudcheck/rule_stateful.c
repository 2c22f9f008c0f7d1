/* The statements that bring in more than the record at hand: list, table, feature, model. */
#include "rule_parser.h"

#include "parse.h"

static const struct {
	const char *name;
	enum aggregate aggregate;
	size_t least, most; /* arguments */
	const char *usage;
} aggregates[] = {
	{"count", AGGREGATE_COUNT, 0, 0, "count()"},
	{"sum", AGGREGATE_SUM, 1, 1, "sum(x)"},
	{"avg", AGGREGATE_AVG, 1, 1, "avg(x)"},
	{"min", AGGREGATE_MIN, 1, 1, "min(x)"},
	{"max", AGGREGATE_MAX, 1, 1, "max(x)"},
	{"stddev", AGGREGATE_STDDEV, 1, 1, "stddev(x)"},
	{"distinct", AGGREGATE_DISTINCT, 1, 1, "distinct(x)"},
	{"share", AGGREGATE_SHARE, 1, 1, "share(condition) or share(label)"},
	{"age", AGGREGATE_AGE, 0, 0, "age()"},
	{"since_last", AGGREGATE_SINCE_LAST, 0, 0, "since_last()"},
	{"last", AGGREGATE_LAST, 1, 1, "last(x)"},
	{"geo_speed", AGGREGATE_GEO_SPEED, 0, 2, "geo_speed(), which is geo_speed(latitude, longitude)"},
};

enum { AGGREGATES = sizeof aggregates / sizeof aggregates[0] };

const char *aggregate_name(enum aggregate a)
{
	return aggregates[a].name;
}

/* --- feature ----------------------------------------------------------------------------------------------------- */

static int unknown_aggregate(struct parser *p, struct span name)
{
	struct suggestion g = suggest_begin(name);

	for (size_t i = 0; i < AGGREGATES; i++)
		suggest_offer(&g, span_of(aggregates[i].name));
	if (g.best.n > 0)
		return rule_error(p->source, name, "'%.*s' is no aggregate; did you mean %.*s?", SPAN_ARG(name), SPAN_ARG(g.best));
	return rule_error(p->source, name, "a feature is an aggregate: count, sum, avg, min, max, stddev, distinct, share, age, "
	                  "since_last, last or geo_speed");
}

static int parse_aggregate(struct parser *p, struct feature_clauses *f)
{
	struct expr *call = parser_unary(p);
	size_t i = 0;

	if (call == NULL)
		return -1;
	if (call->kind != EXPR_CALL)
		return rule_error(p->source, call->at, "a feature is an aggregate with its parentheses, such as count() or sum(amount)");
	while (i < AGGREGATES && !span_eq(call->text, span_of(aggregates[i].name)))
		i++;
	if (i == AGGREGATES)
		return unknown_aggregate(p, call->text);
	f->aggregate = aggregates[i].aggregate;
	f->at = call->text;
	f->arg = call->arg;
	f->args = call->count;
	if (f->args < aggregates[i].least || f->args > aggregates[i].most || (f->aggregate == AGGREGATE_GEO_SPEED && f->args == 1))
		return rule_error(p->source, call->at, "write %s", aggregates[i].usage);
	f->label = f->aggregate == AGGREGATE_SHARE && f->arg[0]->kind == EXPR_NAME && span_eq(f->arg[0]->text, SPAN("label"));
	return 0;
}

static int parse_keys(struct parser *p, struct feature_clauses *f)
{
	do {
		struct span at = p->token.at;

		if (p->token.type != TOKEN_NAME || parser_is_reserved(at)) {
			parser_expected(p, "the member whose values have windows of their own, such as customer_id");
			return -1;
		}
		if (f->keys == FEATURE_KEYS_MAX)
			return rule_error(p->source, at, "a key has at most %d members", FEATURE_KEYS_MAX);
		f->key[f->keys] = parser_node(p, EXPR_NAME, at, 0);
		f->key[f->keys++]->text = at;
		parser_advance(p);
	} while (parser_accept(p, TOKEN_COMMA));
	return 0;
}

static int parse_duration_clause(struct parser *p, int64_t *to)
{
	const int64_t most = INT64_C(3660) * 86400000000; /* ten years */

	if (p->token.type != TOKEN_DURATION) {
		parser_expected(p, "a duration such as 10m, 12h or 30d");
		return -1;
	}
	if (p->token.duration == 0 || p->token.duration > most)
		return rule_error(p->source, p->token.at, "a duration here lies between 1us and 3660d");
	*to = p->token.duration;
	parser_advance(p);
	return 0;
}

static int parse_min(struct parser *p, int64_t *to)
{
	if (p->token.type != TOKEN_NUMBER || parse_int(p->token.at, to) < 0 || *to < 1 || *to > INT32_MAX) {
		parser_expected(p, "the least number of records, such as min 5");
		return -1;
	}
	parser_advance(p);
	return 0;
}

enum clause { CLAUSE_BY, CLAUSE_OVER, CLAUSE_BEFORE, CLAUSE_DELAY, CLAUSE_MIN, CLAUSE_WHEN, CLAUSES };

static const char *const clause_words[CLAUSES] = {"by", "over", "before", "delay", "min", "when"};

static int parse_clause(struct parser *p, struct feature_clauses *f, enum clause clause)
{
	struct span at = p->token.at;

	parser_advance(p);
	switch (clause) {
	case CLAUSE_BY:
		return parse_keys(p, f);
	case CLAUSE_OVER:
		return parse_duration_clause(p, &f->over);
	case CLAUSE_DELAY:
		f->delay_at = at;
		return parse_duration_clause(p, &f->delay);
	case CLAUSE_MIN:
		return parse_min(p, &f->min);
	case CLAUSE_WHEN:
		f->when = parser_expr(p);
		return f->when != NULL ? 0 : -1;
	default:
		f->before = true;
		return 0;
	}
}

/* Clauses, in any order, each once. */
static int parse_clauses(struct parser *p, struct feature_clauses *f)
{
	bool seen[CLAUSES] = {false};

	while (p->token.type == TOKEN_NAME) {
		size_t i = 0;

		while (i < CLAUSES && !parser_is_word(p, clause_words[i]))
			i++;
		if (i == CLAUSES) {
			parser_expected(p, "by, over, before, delay, min or when");
			return -1;
		}
		if (seen[i])
			return rule_error(p->source, p->token.at, "there is a second %s", clause_words[i]);
		seen[i] = true;
		if (parse_clause(p, f, (enum clause)i) < 0)
			return -1;
	}
	if (!seen[CLAUSE_BY]) {
		parser_expected(p, "by and a member: a feature is kept for each value of it, as in count() by customer_id");
		return -1;
	}
	return 0;
}

static int check_clauses(struct parser *p, const struct feature_clauses *f)
{
	bool looks_back = f->aggregate == AGGREGATE_LAST || f->aggregate == AGGREGATE_SINCE_LAST || f->aggregate == AGGREGATE_GEO_SPEED;

	if (f->label && f->delay == 0)
		return rule_error(p->source, f->at, "share(label) needs a delay: a label becomes known only days after its record, "
		                  "as in share(label) by merchant_id over 30d delay 7d");
	if (f->delay > 0 && (looks_back || f->aggregate == AGGREGATE_AGE))
		return rule_error(p->source, f->delay_at, "%s looks at the record at hand: it has no delay", aggregate_name(f->aggregate));
	if (f->min > 0 && (looks_back || f->aggregate == AGGREGATE_AGE))
		return rule_error(p->source, f->at, "%s is null where there is no record before: it has no min", aggregate_name(f->aggregate));
	return 0;
}

int parser_feature(struct parser *p, struct statement *s)
{
	struct feature_clauses *f = pool_zero(p->pool, 1, sizeof *f);

	if (!parser_accept(p, TOKEN_ASSIGN)) {
		parser_expected(p, "= behind the name");
		return -1;
	}
	f->over = FEATURE_OVER_DEFAULT;
	s->feature = f;
	if (parse_aggregate(p, f) < 0 || parse_clauses(p, f) < 0)
		return -1;
	return check_clauses(p, f);
}

/* --- list, table ------------------------------------------------------------------------------------------------- */

static int parse_path(struct parser *p, struct statement *s)
{
	if (p->token.type != TOKEN_STRING || p->token.string.n == 0) {
		parser_expected(p, "the path of a file between double quotes");
		return -1;
	}
	s->file = p->token.string;
	s->file_at = p->token.at;
	parser_advance(p);
	return 0;
}

/* file "PATH" */
static int parse_file(struct parser *p, struct statement *s, const char *what)
{
	if (!parser_is_word(p, "file")) {
		parser_expected(p, what);
		return -1;
	}
	parser_advance(p);
	return parse_path(p, s);
}

/* NAME = file "PATH", or NAME = ("a", "b") */
int parser_list(struct parser *p, struct statement *s)
{
	if (!parser_accept(p, TOKEN_ASSIGN)) {
		parser_expected(p, "= behind the name");
		return -1;
	}
	if (p->token.type != TOKEN_OPEN)
		return parse_file(p, s, "file \"PATH\", or the values as (\"a\", \"b\")");
	s->value = parser_items(p, parser_node(p, EXPR_NAME, s->name, 0));
	if (s->value == NULL)
		return -1;
	for (size_t i = 1; i < s->value->count; i++)
		if (s->value->arg[i]->kind != EXPR_STRING)
			return rule_error(p->source, s->value->arg[i]->at, "a named list holds strings");
	return 0;
}

/* NAME = file "PATH" by MEMBER */
int parser_table(struct parser *p, struct statement *s)
{
	if (!parser_accept(p, TOKEN_ASSIGN)) {
		parser_expected(p, "= behind the name");
		return -1;
	}
	if (parse_file(p, s, "file \"PATH\"") < 0)
		return -1;
	if (!parser_is_word(p, "by")) {
		parser_expected(p, "by and the member that is the key, both in the file and in the record");
		return -1;
	}
	parser_advance(p);
	s->by = p->token.at;
	if (p->token.type != TOKEN_NAME || parser_is_reserved(s->by)) {
		parser_expected(p, "the member that is the key, such as merchant_id");
		return -1;
	}
	parser_advance(p);
	return 0;
}

/* --- model ------------------------------------------------------------------------------------------------------- */

static int parse_model_kind(struct parser *p, struct statement *s)
{
	struct suggestion g = suggest_begin(p->token.at);

	for (s->model = 0; s->model < MODEL_KINDS; s->model++) {
		if (parser_is_word(p, model_kind_name(s->model))) {
			parser_advance(p);
			return 0;
		}
		suggest_offer(&g, span_of(model_kind_name(s->model)));
	}
	if (p->token.type == TOKEN_NAME && g.best.n > 0)
		return rule_error(p->source, p->token.at, "'%.*s' is no kind of model; did you mean %.*s?", SPAN_ARG(p->token.at),
		                  SPAN_ARG(g.best));
	parser_expected(p, "the kind of the model: xgboost, lightgbm or logistic");
	return -1;
}

/* NAME = KIND "PATH" (x, y, ...) */
int parser_model(struct parser *p, struct statement *s)
{
	if (!parser_accept(p, TOKEN_ASSIGN)) {
		parser_expected(p, "= behind the name");
		return -1;
	}
	if (parse_model_kind(p, s) < 0 || parse_path(p, s) < 0)
		return -1;
	if (p->token.type != TOKEN_OPEN) {
		parser_expected(p, "the inputs of the model between parentheses, in the order in which it was trained");
		return -1;
	}
	s->value = parser_call(p, s->name);
	if (s->value == NULL)
		return -1;
	if (s->value->count == 0)
		return rule_error(p->source, s->value->at, "a model has inputs");
	return 0;
}
