/* SPDX-License-Identifier: GPL-2.0 */
struct work_struct {
	int pending;
};

struct delayed_work {
	struct work_struct work;
};
