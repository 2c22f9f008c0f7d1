/*
 * Runs a program over one record. Null follows SQL: an operation on null is null, `false and null` is false, `true or
 * null` is true, and what has no finite result (x / 0, log(-1), overflow) is null.
 */
#ifndef FRAUDCHECK_VM_H
#define FRAUDCHECK_VM_H

#include "currency.h"
#include "history.h"
#include "program.h"

struct vm {
	const struct program *program;
	const struct currency_table *currencies;
	struct history *history; /* what features are computed from */
	struct value *reg;
	double *input;       /* of the model at hand */
	double *because;     /* what each input of each model contributed; NULL unless vm_keep_reasons() */
	struct pool scratch; /* strings made while a record is judged */
};

void vm_init(struct vm *vm, const struct program *program, const struct currency_table *currencies, struct history *history);
void vm_free(struct vm *vm);

/* From now on vm_run() keeps what the inputs of models contribute. */
void vm_keep_reasons(struct vm *vm);

/* The slots of the fields are filled; afterwards every register has its value for this record. */
void vm_run(struct vm *vm);

/* Is the register's value true (not false, not null)? */
static inline bool vm_true(const struct vm *vm, uint16_t reg)
{
	return !vm->reg[reg].null && vm->reg[reg].truth;
}

/* Great-circle distance in km between two points in degrees, on a sphere of the Earth's mean radius. */
double haversine_km(double lat1, double lon1, double lat2, double lon2);

#endif
