/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CFR_HOOK_H
#define _CFR_HOOK_H

struct cfr_net;

int cfr_hook_register(struct cfr_net *cn);
void cfr_hook_unregister(struct cfr_net *cn);

#endif
