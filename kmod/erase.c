// SPDX-License-Identifier: GPL-2.0
/* Memory outlives a kernel: a hibernation image, a kexec'ed kernel or whoever
 * holds a suspended machine could read the mappings. Hibernation is vetoed,
 * the others find nothing.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/reboot.h>
#include <linux/suspend.h>

#include "config.h"
#include "erase.h"
#include "net.h"

static DEFINE_MUTEX(nets_mutex);	/* protects nets */
static LIST_HEAD(nets);

void cfr_erase_net_add(struct cfr_net *cn)
{
	mutex_lock(&nets_mutex);
	list_add_tail(&cn->erase, &nets);
	mutex_unlock(&nets_mutex);
}

void cfr_erase_net_del(struct cfr_net *cn)
{
	mutex_lock(&nets_mutex);
	list_del(&cn->erase);
	mutex_unlock(&nets_mutex);
}

/* With the keys, which say who had which address */
static void erase(struct cfr_net *cn)
{
	cfr_flow_erase(cn);
	cfr_config_forget(cn);
}

/* Until the machine has slept no new mapping comes up behind the eraser. */
static void erase_all(void)
{
	struct cfr_net *cn;

	cfr_flow_seal(true);
	mutex_lock(&nets_mutex);
	list_for_each_entry(cn, &nets, erase)
		erase(cn);
	mutex_unlock(&nets_mutex);
	rcu_barrier();
}

static bool relaying(void)
{
	struct cfr_net *cn;
	bool yes = false;

	mutex_lock(&nets_mutex);
	list_for_each_entry(cn, &nets, erase)
		yes |= rcu_access_pointer(cn->config) != NULL;
	mutex_unlock(&nets_mutex);
	return yes;
}

static int cfr_erase_pm(struct notifier_block *nb, unsigned long event,
			void *unused)
{
	switch (event) {
	case PM_HIBERNATION_PREPARE:
		if (relaying()) {
			pr_warn("hibernation refused: its image would hold mappings; remove the policies first\n");
			return notifier_from_errno(-EBUSY);
		}
		erase_all();
		break;
	case PM_SUSPEND_PREPARE:
		erase_all();
		break;
	case PM_POST_SUSPEND:
	case PM_POST_HIBERNATION:
		cfr_flow_seal(false);
		break;
	}
	return NOTIFY_DONE;
}

static int cfr_erase_reboot(struct notifier_block *nb, unsigned long event,
			    void *unused)
{
	erase_all();
	pr_info("all mappings erased\n");
	return NOTIFY_DONE;
}

static struct notifier_block pm_notifier = {
	.notifier_call = cfr_erase_pm,
};

/* Also called by kexec. */
static struct notifier_block reboot_notifier = {
	.notifier_call = cfr_erase_reboot,
};

int cfr_erase_init(void)
{
	int err;

	err = register_pm_notifier(&pm_notifier);
	if (err)
		return err;
	err = register_reboot_notifier(&reboot_notifier);
	if (err)
		goto err_unregister_pm;
	return 0;

err_unregister_pm:
	unregister_pm_notifier(&pm_notifier);
	return err;
}

void cfr_erase_exit(void)
{
	unregister_reboot_notifier(&reboot_notifier);
	unregister_pm_notifier(&pm_notifier);
}
