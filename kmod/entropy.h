/* SPDX-License-Identifier: GPL-2.0 */
/* How hard to guess the tuples that a policy draws are. */
#ifndef _CFR_ENTROPY_H
#define _CFR_ENTROPY_H

#include <linux/compiler.h>
#include <linux/types.h>

/* One draw, in the units that averages are kept in */
#define CFR_ENTROPY_DRAW	4096

/**
 * struct cfr_entropy - of one policy's draws in one family
 * @full: log2 of how many tuples there are, 1/CFR_ENTROPY_BIT bits
 * @most: draws per tuple beyond which the policy's floor is not kept
 * @draws: draws per tuple of late, on average: all tuples over those that are free,
 *	where the flows go to
 * @told: that it is low
 */
struct cfr_entropy {
	u32 full;
	u32 most;
	u32 draws;
	bool told;
};

u32 cfr_entropy_log2(u64 x);
void cfr_entropy_init(struct cfr_entropy *entropy, u64 tuples, u32 bits,
		      u32 floor);
bool cfr_entropy_average(struct cfr_entropy *entropy, u32 draws);
u32 cfr_entropy_now(const struct cfr_entropy *entropy);

/* A tuple was taken. Nearly always at the first draw, and then nothing is written.
 * Return: whether entropy is low.
 */
static inline bool cfr_entropy_drawn(struct cfr_entropy *entropy, u32 draws)
{
	if (likely(draws == 1 && READ_ONCE(entropy->draws) == CFR_ENTROPY_DRAW))
		return false;
	return cfr_entropy_average(entropy, draws);
}

/* Fewer of late than the floor asks for? With nothing taken: fewer at all? */
static inline bool cfr_entropy_low(const struct cfr_entropy *entropy)
{
	return READ_ONCE(entropy->draws) > entropy->most;
}

#endif
