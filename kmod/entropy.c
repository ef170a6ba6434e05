// SPDX-License-Identifier: GPL-2.0
/* Each tuple is drawn from those that are free towards its remote. Nobody keeps
 * count of these, per remote; but draws repeat until one is free, so they take
 * total/free on average. The average over a policy's latest flows says how many
 * tuples were free where these went, each remote weighing as much as it has flows.
 * The logarithm of an average is not below the average of logarithms: what is
 * reported never overstates.
 */

#include <linux/bitops.h>
#include <linux/cfr.h>
#include <linux/limits.h>
#include <linux/math64.h>
#include <linux/minmax.h>

#include "entropy.h"

#define LATE	64	/* flows that the average remembers */

/**
 * cfr_entropy_log2() - a logarithm, by repeated squaring
 * @x: not 0
 *
 * Return: log2(@x) in 1/CFR_ENTROPY_BIT, rounded down.
 */
u32 cfr_entropy_log2(u64 x)
{
	u32 log = __fls(x), bit;
	u64 m = log > 31 ? x >> (log - 31) : x << (31 - log);	/* 1.31 */

	for (bit = CFR_ENTROPY_BIT; bit > 1; bit /= 2) {
		m = m * m >> 31;
		log = log * 2 + (m >> 32);
		m >>= m >> 32;
	}
	return log;
}

/**
 * cfr_entropy_init() - begin with nothing taken
 * @entropy: filled in
 * @tuples: how many a port is drawn with
 * @bits: that each of them has more, of its interface id
 * @floor: bits; 0: none
 */
void cfr_entropy_init(struct cfr_entropy *entropy, u64 tuples, u32 bits,
		      u32 floor)
{
	u64 most = U32_MAX;

	if (floor > bits) {
		most = min_t(u64, tuples, U64_MAX / CFR_ENTROPY_DRAW);
		most = floor - bits < 64 ? most * CFR_ENTROPY_DRAW >> (floor - bits) : 0;
	}
	entropy->full = cfr_entropy_log2(tuples) + bits * CFR_ENTROPY_BIT;
	entropy->most = min_t(u64, most, U32_MAX);
	entropy->draws = CFR_ENTROPY_DRAW;
	entropy->told = false;
}

/**
 * cfr_entropy_average() - a tuple was taken
 * @entropy: of the policy and family
 * @draws: that it took, 1 or more
 *
 * Rounds down, so that it comes to rest at one draw. Of two CPUs at the same time,
 * one may not be heard.
 *
 * Return: whether entropy is low.
 */
bool cfr_entropy_average(struct cfr_entropy *entropy, u32 draws)
{
	u32 old = READ_ONCE(entropy->draws);

	WRITE_ONCE(entropy->draws,
		   div_u64((u64)old * (LATE - 1) + (u64)draws * CFR_ENTROPY_DRAW,
			   LATE));
	return cfr_entropy_low(entropy);
}

/**
 * cfr_entropy_now() - log2 of how many tuples were free, of late
 * @entropy: of the policy and family
 *
 * Return: 1/CFR_ENTROPY_BIT bits.
 */
u32 cfr_entropy_now(const struct cfr_entropy *entropy)
{
	u32 lost = cfr_entropy_log2(READ_ONCE(entropy->draws)) -
		   cfr_entropy_log2(CFR_ENTROPY_DRAW);

	return entropy->full - min(lost, entropy->full);
}
