/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CFR_NETLINK_H
#define _CFR_NETLINK_H

struct cfr_net;

void cfr_netlink_tell(const struct cfr_net *cn);
int cfr_netlink_init(void);
void cfr_netlink_exit(void);

#endif
