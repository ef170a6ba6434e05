/* SPDX-License-Identifier: GPL-2.0 */
/* The knobs of a policy, and the profiles that set them together. */
#ifndef _CFR_PROFILE_H
#define _CFR_PROFILE_H

#include <linux/types.h>
#include <linux/cfr.h>

struct netlink_ext_ack;
struct nlattr;

/**
 * struct cfr_knobs - what a policy does, in all
 * @scope: enum cfr_scope
 * @filter: enum cfr_filter
 * @hairpin: customers reach each other's relay tuples
 * @pairing: enum cfr_pairing
 * @normalise: enum cfr_normalise
 * @epoch: of the pairing's key, seconds
 * @jitter: by which an epoch may be longer or shorter
 * @touch: bits of enum cfr_field, beside what @normalise touches
 * @leave: the same, of what it does not
 * @entropy: floor of what tuples are drawn from, bits; 0: none
 * @low: enum cfr_low
 * @anonymity: floor of customers behind each address in use; 0: none
 */
struct cfr_knobs {
	u8 scope;
	u8 filter;
	u8 hairpin;
	u8 pairing;
	u8 normalise;
	u32 epoch;
	u32 jitter;
	u32 touch;
	u32 leave;
	u32 entropy;
	u8 low;
	u32 anonymity;
};

/**
 * struct cfr_profile_choice - as the operator wrote it
 * @profile: enum cfr_profile
 * @own: bits CFR_KNOBS_A_*: the operator's, not the profile's
 * @knobs: what comes of it
 */
struct cfr_profile_choice {
	u8 profile;
	u32 own;
	struct cfr_knobs knobs;
};

int cfr_profile_parse(struct cfr_profile_choice *choice,
		      const struct nlattr *profile, const struct nlattr *nest,
		      struct netlink_ext_ack *extack);

#endif
