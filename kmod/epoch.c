// SPDX-License-Identifier: GPL-2.0
/* A pairing is a keyed hash, so nothing has to be remembered of who has which
 * address, and once its key is gone nobody can find out. An epoch ends after its
 * length, give or take a draw up to the jitter, so that one that ended does not
 * tell when the next will. Live flows have their address and do not ask again.
 */

#include <linux/random.h>
#include <linux/slab.h>

#include "epoch.h"
#include "net.h"
#include "stats.h"

static void new_key(struct cfr_epoch *epoch)
{
	siphash_key_t key;

	get_random_bytes(&key, sizeof(key));
	write_seqlock_bh(&epoch->lock);
	epoch->key = key;
	write_sequnlock_bh(&epoch->lock);
	memzero_explicit(&key, sizeof(key));
}

static unsigned long length(const struct cfr_epoch *epoch)
{
	u32 jitter = epoch->knobs.jitter;
	u32 seconds = epoch->knobs.epoch - jitter +
		      get_random_u32_below(2 * jitter + 1);

	return (unsigned long)seconds * HZ;
}

/* Power-efficient, but not deferrable: a key must not outlive its epoch because
 * a machine is idle.
 */
static void wait(struct cfr_epoch *epoch)
{
	mod_delayed_work(system_power_efficient_wq, &epoch->rotation,
			 length(epoch));
}

/**
 * cfr_epoch_rotate() - end an epoch now
 * @epoch: whose key is replaced, and nothing is left of the old one
 *
 * Context: process.
 */
void cfr_epoch_rotate(struct cfr_epoch *epoch)
{
	new_key(epoch);
	cfr_stats_inc(epoch->cn, epochs_rotated);
	wait(epoch);
}

static void cfr_epoch_over(struct work_struct *work)
{
	cfr_epoch_rotate(container_of(to_delayed_work(work), struct cfr_epoch,
				      rotation));
}

/**
 * cfr_epoch_new() - a key and its first epoch
 * @cn: the namespace
 * @knobs: of the policy
 *
 * Return: NULL without memory.
 */
struct cfr_epoch *cfr_epoch_new(struct cfr_net *cn, const struct cfr_knobs *knobs)
{
	struct cfr_epoch *epoch = kzalloc(sizeof(*epoch), GFP_KERNEL_ACCOUNT);

	if (!epoch)
		return NULL;
	refcount_set(&epoch->ref, 1);
	epoch->cn = cn;
	epoch->knobs = *knobs;
	seqlock_init(&epoch->lock);
	new_key(epoch);
	INIT_DELAYED_WORK(&epoch->rotation, cfr_epoch_over);
	wait(epoch);
	return epoch;
}

struct cfr_epoch *cfr_epoch_get(struct cfr_epoch *epoch)
{
	refcount_inc(&epoch->ref);
	return epoch;
}

/**
 * cfr_epoch_put() - give up a reference, and with the last one the key
 * @epoch: or NULL
 *
 * Context: process, and no packet can see it any more.
 */
void cfr_epoch_put(struct cfr_epoch *epoch)
{
	if (!epoch || !refcount_dec_and_test(&epoch->ref))
		return;
	cancel_delayed_work_sync(&epoch->rotation);
	kfree_sensitive(epoch);
}

/**
 * cfr_epoch_hash() - what the key makes of some bytes
 * @epoch: of the policy
 * @data: the bytes
 * @len: how many
 *
 * Context: any.
 */
u64 cfr_epoch_hash(struct cfr_epoch *epoch, const void *data, size_t len)
{
	unsigned int seq;
	u64 hash;

	do {
		seq = read_seqbegin(&epoch->lock);
		hash = siphash(data, len, &epoch->key);
	} while (read_seqretry(&epoch->lock, seq));
	return hash;
}
