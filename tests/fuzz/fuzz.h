/*
 * A fuzz target is a file with fuzz_one(), seeds and words. It is linked either with libFuzzer (coverage guides it) or with drive.c, a mutating
 * driver of our own for where clang's runtime is missing. A fault is fuzz_fail(), or whatever the sanitizers and the kernel call one.
 */
#ifndef TXPIPE_FUZZ_H
#define TXPIPE_FUZZ_H

#include <stdarg.h>
#include <stdint.h>

#include "buf.h"
#include "span.h"

/* One input. It lies in memory of exactly its size, so that reading beyond its end is seen; at least one byte may be assumed. */
void fuzz_one(struct span input);

/* Inputs to begin with, and tokens to put in; both end with NULL. */
extern const char *const fuzz_seeds[];
extern const char *const fuzz_words[];

/* Say what is wrong, and with what, and abort. */
_Noreturn void fuzz_fail(struct span input, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
