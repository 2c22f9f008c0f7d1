/*
 * Mathematics that gives the same bits on every machine: only + - * / and sqrt, which IEEE 754 rounds exactly. (The
 * C library's log() and exp() may differ in the last bit from one version to the next, and a stream would differ
 * with it.)
 */
#ifndef TXPIPE_GEN_MATH_H
#define TXPIPE_GEN_MATH_H

#include "random.h"

/* Natural logarithm of a positive, normal number; relative error below 1e-15 away from 1. */
double gmath_ln(double x);

/* e^x for |x| <= 700; relative error below 1e-15. */
double gmath_exp(double x);

/* Standard normal (Marsaglia's polar method). */
double gmath_normal(struct random *r);

/* Exponential with mean 1. */
double gmath_exponential(struct random *r);

/* A rank in 0 .. n-1, n > 0, with P(k) = ln((k+2)/(k+1)) / ln(n+1): Zipf's law with exponent 1, by inverting the
 * integral of 1/x. */
uint64_t gmath_zipf(struct random *r, uint64_t n);

/* A number of times: floor(mean), or one more, so that the expected value is `mean`. */
uint64_t gmath_times(struct random *r, double mean);

#endif
