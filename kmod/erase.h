/* SPDX-License-Identifier: GPL-2.0 */
/* Erasing every namespace's mappings before the machine sleeps or restarts, and
 * where its crash would write them to a disk.
 */
#ifndef _CFR_ERASE_H
#define _CFR_ERASE_H

#include <linux/kexec.h>

struct cfr_net;

extern bool cfr_erase_allow_crash_kernel;

/* Whether no mapping must come up because of a crash kernel */
static inline bool cfr_erase_crash_kernel(void)
{
	return !READ_ONCE(cfr_erase_allow_crash_kernel) && kexec_crash_loaded();
}

void cfr_erase_net_add(struct cfr_net *cn);
void cfr_erase_net_del(struct cfr_net *cn);
void cfr_erase_watch(void);

int cfr_erase_init(void);
void cfr_erase_exit(void);

#endif
