/* SPDX-License-Identifier: GPL-2.0 */
typedef struct {
	int locked;
} spinlock_t;
