/* SPDX-License-Identifier: GPL-2.0 */
/* The keys of pairings, and their rotation. */
#ifndef _CFR_EPOCH_H
#define _CFR_EPOCH_H

#include <linux/refcount.h>
#include <linux/seqlock.h>
#include <linux/siphash.h>
#include <linux/workqueue.h>

#include "profile.h"

struct cfr_net;

/**
 * struct cfr_epoch - a policy's key
 * @ref: one for each snapshot that has the policy
 * @cn: whose rotations are counted
 * @knobs: how long an epoch lasts
 * @lock: protects @key: who reads it while it is replaced reads it again
 * @key: never leaves the kernel; the old one is written over
 * @rotation: the end of the epoch
 */
struct cfr_epoch {
	refcount_t ref;
	struct cfr_net *cn;
	struct cfr_knobs knobs;
	seqlock_t lock;		/* protects key */
	siphash_key_t key;
	struct delayed_work rotation;
};

struct cfr_epoch *cfr_epoch_new(struct cfr_net *cn, const struct cfr_knobs *knobs);
struct cfr_epoch *cfr_epoch_get(struct cfr_epoch *epoch);
void cfr_epoch_put(struct cfr_epoch *epoch);
void cfr_epoch_rotate(struct cfr_epoch *epoch);
u64 cfr_epoch_hash(struct cfr_epoch *epoch, const void *data, size_t len);

#endif
