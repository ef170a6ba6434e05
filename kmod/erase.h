/* SPDX-License-Identifier: GPL-2.0 */
/* Erasing every namespace's mappings before the machine sleeps or restarts. */
#ifndef _CFR_ERASE_H
#define _CFR_ERASE_H

struct cfr_net;

void cfr_erase_net_add(struct cfr_net *cn);
void cfr_erase_net_del(struct cfr_net *cn);

int cfr_erase_init(void);
void cfr_erase_exit(void);

#endif
