/* Hexadecimal digits, by table. */
#ifndef TXPIPE_HEX_H
#define TXPIPE_HEX_H

#include <stdint.h>

/* 0..15, or -1. */
extern const int8_t hex_value[256];

static inline int hex_digit(char c)
{
	return hex_value[(unsigned char)c];
}

#endif
