/* SPDX-License-Identifier: GPL-2.0 */
#define HZ	1000
static unsigned long jiffies;
