// SPDX-License-Identifier: GPL-2.0
/* Memory outlives a kernel: a hibernation image, a kexec'ed kernel, whoever
 * holds a suspended machine or a crash kernel, which dumps it to a disk, could
 * read the mappings. Hibernation is vetoed, beside a crash kernel nothing is
 * relayed, the others find nothing.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/list.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/panic_notifier.h>
#include <linux/rculist.h>
#include <linux/reboot.h>
#include <linux/suspend.h>
#include <linux/workqueue.h>

#include "config.h"
#include "erase.h"
#include "net.h"

#define LOOK_INTERVAL	(2 * HZ)

bool cfr_erase_allow_crash_kernel;
module_param_named(allow_crash_kernel, cfr_erase_allow_crash_kernel, bool, 0644);
MODULE_PARM_DESC(allow_crash_kernel, "relay even while a crash kernel is loaded, whose dump would hold mappings");

static DEFINE_MUTEX(nets_mutex);	/* protects nets */
static LIST_HEAD(nets);			/* under RCU for a panic's sake */

void cfr_erase_net_add(struct cfr_net *cn)
{
	mutex_lock(&nets_mutex);
	list_add_tail_rcu(&cn->erase, &nets);
	mutex_unlock(&nets_mutex);
}

void cfr_erase_net_del(struct cfr_net *cn)
{
	mutex_lock(&nets_mutex);
	list_del_rcu(&cn->erase);
	mutex_unlock(&nets_mutex);
}

/* With the keys, which say who had which address */
static void erase(struct cfr_net *cn)
{
	cfr_flow_erase(cn);
	cfr_config_forget(cn);
}

static void erase_nets(void)
{
	struct cfr_net *cn;

	mutex_lock(&nets_mutex);
	list_for_each_entry(cn, &nets, erase)
		erase(cn);
	mutex_unlock(&nets_mutex);
	rcu_barrier();
}

static bool asleep;		/* or about to be: under nets_mutex, as the next */
static bool crash_kernel;	/* was there when last looked for */

static void shut_or_open(void)
{
	cfr_flow_shut(asleep ? CFR_STAT_suspended :
		      crash_kernel ? CFR_STAT_crash_kernel : CFR_STAT_COUNT);
}

static void set_asleep(bool on)
{
	mutex_lock(&nets_mutex);
	asleep = on;
	shut_or_open();
	mutex_unlock(&nets_mutex);
}

/* Until the machine has slept no new mapping comes up behind the eraser, so that no
 * flow is left which the old key sealed.
 */
static void erase_all(void)
{
	struct cfr_net *cn;

	set_asleep(true);
	erase_nets();
	mutex_lock(&nets_mutex);
	list_for_each_entry(cn, &nets, erase)
		cfr_seal_renew(&cn->flows.seal);
	mutex_unlock(&nets_mutex);
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

static void cfr_erase_look(struct work_struct *work);
static DECLARE_DELAYED_WORK(look, cfr_erase_look);

/**
 * cfr_erase_watch() - look out for a crash kernel while there are policies
 *
 * Nobody says when one is loaded.
 */
void cfr_erase_watch(void)
{
	queue_delayed_work(system_power_efficient_wq, &look, LOOK_INTERVAL);
}

static void cfr_erase_look(struct work_struct *work)
{
	bool there = relaying() && cfr_erase_crash_kernel(), news;

	mutex_lock(&nets_mutex);
	news = there != crash_kernel;
	crash_kernel = there;
	if (news)
		shut_or_open();
	mutex_unlock(&nets_mutex);
	if (news && there) {
		pr_warn("a crash kernel is loaded, whose dump would hold mappings: all are erased, and no flow opens until it is unloaded\n");
		erase_nets();
	}
	if (relaying())
		cfr_erase_watch();
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
		set_asleep(false);
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

/* The last that a kernel does, before a crash kernel dumps its memory if that was
 * told to wait (crash_kexec_post_notifiers). There is no time for flows, but for keys
 * there is: those that sealed mappings are under, and those of pairings. All other
 * CPUs stand still, with locks held or lists half done.
 */
static int cfr_erase_panic(struct notifier_block *nb, unsigned long event,
			   void *unused)
{
	struct cfr_net *cn;

	list_for_each_entry_rcu(cn, &nets, erase, true) {
		cfr_seal_wipe(&cn->flows.seal);
		cfr_config_wipe(cn);
	}
	return NOTIFY_DONE;
}

static struct notifier_block panic_notifier = {
	.notifier_call = cfr_erase_panic,
	.priority = INT_MAX,
};

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
	atomic_notifier_chain_register(&panic_notifier_list, &panic_notifier);
	return 0;

err_unregister_pm:
	unregister_pm_notifier(&pm_notifier);
	return err;
}

void cfr_erase_exit(void)
{
	cancel_delayed_work_sync(&look);
	atomic_notifier_chain_unregister(&panic_notifier_list, &panic_notifier);
	unregister_reboot_notifier(&reboot_notifier);
	unregister_pm_notifier(&pm_notifier);
}
