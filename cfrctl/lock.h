/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CFRCTL_LOCK_H
#define CFRCTL_LOCK_H

/* One cfrctl at a time changes configuration and kill switch, which are two
 * things that must agree.
 */
int lock_take(void);
void lock_release(int lock);

#endif
