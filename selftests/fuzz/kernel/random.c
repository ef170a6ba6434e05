// SPDX-License-Identifier: GPL-2.0
/* Numbers that come again for the same seed */

#include "frame.h"

static uint64_t state[2];

/* xorshift128+ */
uint64_t random64(void)
{
	uint64_t a = state[0], b = state[1];

	state[0] = b;
	a ^= a << 23;
	state[1] = a ^ b ^ (a >> 18) ^ (b >> 5);
	return (state[1] + b) >> 16 | (state[1] + b) << 48;
}

void random_seed(uint64_t seed)
{
	state[0] = seed * 0x9e3779b97f4a7c15 + 1;
	state[1] = ~seed;
	for (int i = 0; i < 20; i++)
		random64();
}
