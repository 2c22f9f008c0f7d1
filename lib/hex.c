#include "hex.h"

#define NONE4 -1, -1, -1, -1
#define NONE16 NONE4, NONE4, NONE4, NONE4

const int8_t hex_value[256] = {
	NONE16, NONE16, NONE16,                                            /* 0x00 */
	0, 1, 2, 3, 4, 5, 6, 7, 8, 9, -1, -1, NONE4,                       /* 0x30: digits */
	-1, 10, 11, 12, 13, 14, 15, -1, NONE4, NONE4, NONE16,              /* 0x40: upper case */
	-1, 10, 11, 12, 13, 14, 15, -1, NONE4, NONE4, NONE16,              /* 0x60: lower case */
	NONE16, NONE16, NONE16, NONE16, NONE16, NONE16, NONE16, NONE16,    /* 0x80 */
};
