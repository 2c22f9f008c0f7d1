#include "vm.h"

#include <math.h>
#include <stdlib.h>

#include "feature.h"

static const double DEGREE = 0.017453292519943295;
static const double EARTH_KM = 6371.0088; /* mean radius, IUGG */
static const int64_t HOUR_US = 3600000000, DAY_US = 86400000000;

void vm_init(struct vm *vm, const struct program *program, const struct currency_table *currencies, struct history *history)
{
	*vm = (struct vm){.program = program, .currencies = currencies, .history = history};
	vm->reg = xcalloc(program->registers + 1, sizeof *vm->reg);
	vm->input = xcalloc(program->model_inputs + 1, sizeof *vm->input);
	if (program->registers > 0)
		memcpy(vm->reg, program->start, program->registers * sizeof *vm->reg);
}

void vm_free(struct vm *vm)
{
	free(vm->reg);
	free(vm->input);
	free(vm->because);
	pool_free(&vm->scratch);
	*vm = (struct vm){0};
}

void vm_keep_reasons(struct vm *vm)
{
	if (vm->because == NULL)
		vm->because = xcalloc(vm->program->model_inputs + 1, sizeof *vm->because);
}

double haversine_km(double lat1, double lon1, double lat2, double lon2)
{
	double a = sin((lat2 - lat1) * DEGREE / 2), b = sin((lon2 - lon1) * DEGREE / 2);
	double h = a * a + cos(lat1 * DEGREE) * cos(lat2 * DEGREE) * b * b;

	return 2 * EARTH_KM * asin(sqrt(h < 1 ? h : 1));
}

static int64_t floor_divide(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

/* 0..23, UTC */
static double hour_of(int64_t t)
{
	return (double)(floor_divide(t, HOUR_US) - floor_divide(t, DAY_US) * 24);
}

/* Monday is 1, Sunday 7; the first of January 1970 was a Thursday */
static double weekday_of(int64_t t)
{
	int64_t days = floor_divide(t, DAY_US) + 3;

	return (double)(days - floor_divide(days, 7) * 7 + 1);
}

static int compare_strings(struct span a, struct span b)
{
	int order = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);

	return order != 0 ? order : a.n < b.n ? -1 : a.n > b.n;
}

static struct span lower(struct pool *scratch, struct span s)
{
	struct span copy = pool_copy(scratch, s);
	char *p = (char *)(uintptr_t)copy.p;

	for (size_t i = 0; i < s.n; i++)
		if (p[i] >= 'A' && p[i] <= 'Z')
			p[i] = (char)(p[i] | 0x20);
	return copy;
}

/* in characters */
static double length(struct span s)
{
	size_t count = 0;

	for (size_t i = 0; i < s.n; i++)
		count += ((unsigned char)s.p[i] & 0xc0) != 0x80;
	return (double)count;
}

static void set_number(struct value *to, double number)
{
	to->null = !isfinite(number);
	to->number = number;
}

static void set_truth(struct value *to, bool truth)
{
	to->null = false;
	to->truth = truth;
}

/* 0 false, 1 true, 2 null */
static unsigned ternary(const struct value *v)
{
	return v->null ? 2 : v->truth;
}

static void set_ternary(struct value *to, unsigned t)
{
	to->null = t == 2;
	to->truth = t == 1;
}

static void run_and(struct value *to, const struct value *a, const struct value *b)
{
	unsigned x = ternary(a), y = ternary(b);

	set_ternary(to, x == 0 || y == 0 ? 0 : x == 2 || y == 2 ? 2 : 1);
}

static void run_or(struct value *to, const struct value *a, const struct value *b)
{
	unsigned x = ternary(a), y = ternary(b);

	set_ternary(to, x == 1 || y == 1 ? 1 : x == 2 || y == 2 ? 2 : 0);
}

static bool is_among(const struct value *reg, const struct instruction *i)
{
	const struct value *x = &reg[i->a], *item = &reg[i->b];

	for (unsigned n = 0; n < i->c; n++) {
		if (i->op == OP_IN_NUMBER ? item[n].number == x->number
		    : i->op == OP_IN_TIME ? item[n].time == x->time
		                          : span_eq(item[n].string, x->string))
			return true;
	}
	return false;
}

static void base_amount(const struct vm *vm, struct value *to, const struct value *amount, const struct value *currency)
{
	const struct currency *c = currency_find(vm->currencies, currency->string);

	to->null = true;
	if (c != NULL)
		set_number(to, amount->number / c->units_per_base);
}

static void cell(const struct vm *vm, struct value *to, const struct instruction *i)
{
	const struct value *found = table_cell(vm->program->files.table[i->b], vm->reg[i->a].string, i->c);

	to->null = true;
	if (found != NULL)
		*to = *found;
}

/* Conditions are 1 and 0. */
static double input_of(const struct program_input *i, const struct value *v)
{
	return v->null ? NAN : i->type == TYPE_BOOL ? v->truth : v->number;
}

static void run_model(struct vm *vm, const struct program_model *m, struct value *to)
{
	for (size_t i = 0; i < m->inputs; i++)
		vm->input[i] = input_of(&m->input[i], &vm->reg[m->input[i].reg]);
	to->null = true;
	if (m->model != NULL)
		set_number(to, model_value(m->model, vm->input, vm->because != NULL ? vm->because + m->first : NULL));
}

/* Of the one to four operands that may not be null. */
static bool any_null(const struct value *reg, const struct instruction *i)
{
	return reg[i->a].null || (i->strict > 1 && reg[i->b].null) || (i->strict > 2 && reg[i->c].null) || (i->strict > 3 && reg[i->d].null);
}

/* Numbers to a number. */
static double arithmetic(const struct value *reg, const struct instruction *i)
{
	double a = reg[i->a].number;

	switch ((enum op)i->op) {
	case OP_ADD:
		return a + reg[i->b].number;
	case OP_SUBTRACT:
		return a - reg[i->b].number;
	case OP_MULTIPLY:
		return a * reg[i->b].number;
	case OP_DIVIDE:
		return a / reg[i->b].number;
	case OP_NEGATE:
		return -a;
	case OP_ABS:
		return fabs(a);
	case OP_MIN:
		return a < reg[i->b].number ? a : reg[i->b].number;
	case OP_MAX:
		return a > reg[i->b].number ? a : reg[i->b].number;
	case OP_CLIP:
		return a < reg[i->b].number ? reg[i->b].number : a > reg[i->c].number ? reg[i->c].number : a;
	case OP_FLOOR:
		return floor(a);
	case OP_LOG:
		return log(a);
	case OP_EXP:
		return exp(a);
	case OP_SQRT:
		return sqrt(a);
	case OP_HAVERSINE:
		return haversine_km(a, reg[i->b].number, reg[i->c].number, reg[i->d].number);
	default:
		return NAN;
	}
}

static bool compare(const struct value *reg, const struct instruction *i)
{
	const struct value *a = &reg[i->a], *b = &reg[i->b];

	switch ((enum op)i->op) {
	case OP_EQ_NUMBER:
		return a->number == b->number;
	case OP_NE_NUMBER:
		return a->number != b->number;
	case OP_LT_NUMBER:
		return a->number < b->number;
	case OP_LE_NUMBER:
		return a->number <= b->number;
	case OP_EQ_STRING:
		return span_eq(a->string, b->string);
	case OP_NE_STRING:
		return !span_eq(a->string, b->string);
	case OP_LT_STRING:
		return compare_strings(a->string, b->string) < 0;
	case OP_LE_STRING:
		return compare_strings(a->string, b->string) <= 0;
	case OP_EQ_TIME:
		return a->time == b->time;
	case OP_NE_TIME:
		return a->time != b->time;
	case OP_LT_TIME:
		return a->time < b->time;
	case OP_LE_TIME:
		return a->time <= b->time;
	case OP_EQ_BOOL:
		return a->truth == b->truth;
	case OP_NE_BOOL:
		return a->truth != b->truth;
	case OP_WITHIN:
		return a->number >= b->number && a->number <= reg[i->c].number;
	case OP_NOT_WITHIN:
		return a->number < b->number || a->number > reg[i->c].number;
	case OP_STARTS_WITH:
		return span_starts(a->string, b->string);
	default:
		return is_among(reg, i);
	}
}

/* What has no null among its operands. */
static void run_strict(struct vm *vm, const struct instruction *i, struct value *to)
{
	const struct value *reg = vm->reg;

	switch ((enum op)i->op) {
	case OP_NOT:
		set_truth(to, !reg[i->a].truth);
		break;
	case OP_HOUR:
		set_number(to, hour_of(reg[i->a].time));
		break;
	case OP_WEEKDAY:
		set_number(to, weekday_of(reg[i->a].time));
		break;
	case OP_LENGTH:
		set_number(to, length(reg[i->a].string));
		break;
	case OP_LOWER:
		to->null = false;
		to->string = lower(&vm->scratch, reg[i->a].string);
		break;
	case OP_BASE_AMOUNT:
		base_amount(vm, to, &reg[i->a], &reg[i->b]);
		break;
	case OP_IN_SET:
		set_truth(to, list_has(vm->program->files.list[i->b], reg[i->a].string));
		break;
	case OP_CELL:
		cell(vm, to, i);
		break;
	case OP_ADD:
	case OP_SUBTRACT:
	case OP_MULTIPLY:
	case OP_DIVIDE:
	case OP_NEGATE:
	case OP_ABS:
	case OP_MIN:
	case OP_MAX:
	case OP_CLIP:
	case OP_FLOOR:
	case OP_LOG:
	case OP_EXP:
	case OP_SQRT:
	case OP_HAVERSINE:
		set_number(to, arithmetic(reg, i));
		break;
	default:
		set_truth(to, compare(reg, i));
		break;
	}
}

/* What says itself what null means. */
static void run_lenient(struct vm *vm, const struct instruction *i, struct value *to)
{
	struct value *reg = vm->reg;

	switch ((enum op)i->op) {
	case OP_AND:
		run_and(to, &reg[i->a], &reg[i->b]);
		break;
	case OP_OR:
		run_or(to, &reg[i->a], &reg[i->b]);
		break;
	case OP_IS_NULL:
		set_truth(to, reg[i->a].null);
		break;
	case OP_IS_NOT_NULL:
		set_truth(to, !reg[i->a].null);
		break;
	case OP_COALESCE:
		*to = reg[i->a].null ? reg[i->b] : reg[i->a];
		break;
	case OP_MODEL:
		run_model(vm, &vm->program->model[i->a], to);
		break;
	case OP_FEATURES:
		features_evaluate(vm->history, reg);
		break;
	default: /* strict */
		break;
	}
}

void vm_run(struct vm *vm)
{
	const struct instruction *i = vm->program->code, *end = i + vm->program->length;
	struct value *reg = vm->reg;

	for (; i < end; i++) {
		struct value *to = &reg[i->to];

		if (i->strict == 0)
			run_lenient(vm, i, to);
		else if (any_null(reg, i))
			to->null = true;
		else
			run_strict(vm, i, to);
	}
}
