// SPDX-License-Identifier: GPL-2.0
/* CFR, the Customer-Facing Relay (draft-scalone-cfr-source-privacy): the order
 * in which its parts come and go.
 */

#include <linux/module.h>
#include <net/net_namespace.h>

#include "config.h"
#include "erase.h"
#include "net.h"
#include "netlink.h"
#include "refuse.h"
#include "stats.h"

unsigned int cfr_net_id;

static int __net_init cfr_main_net_init(struct net *net)
{
	struct cfr_net *cn = cfr_pernet(net);
	int err;

	cn->net = net;
	cfr_refuse_net_init(cn);
	cn->stats = alloc_percpu(struct cfr_stats);
	if (!cn->stats)
		return -ENOMEM;
	err = cfr_flow_net_init(cn);
	if (err)
		goto err_free_stats;
	err = cfr_config_net_init(cn);
	if (err)
		goto err_exit_flows;
	cfr_erase_net_add(cn);
	return 0;

err_exit_flows:
	cfr_flow_net_exit(cn);
err_free_stats:
	free_percpu(cn->stats);
	return err;
}

static void __net_exit cfr_main_net_pre_exit(struct net *net)
{
	cfr_config_net_pre_exit(cfr_pernet(net));
}

/* A grace period after the hooks have gone */
static void __net_exit cfr_main_net_exit_batch(struct list_head *exits)
{
	struct cfr_net *cn;
	struct net *net;

	list_for_each_entry(net, exits, exit_list) {
		cn = cfr_pernet(net);
		cfr_erase_net_del(cn);
		cfr_flow_net_exit(cn);	/* and with it gc, which reads the configuration */
		cfr_config_net_exit(cn);
		free_percpu(cn->stats);
	}
}

static struct pernet_operations net_ops = {
	.init = cfr_main_net_init,
	.pre_exit = cfr_main_net_pre_exit,
	.exit_batch = cfr_main_net_exit_batch,
	.id = &cfr_net_id,
	.size = sizeof(struct cfr_net),
};

static int __init cfr_main_init(void)
{
	int err;

	err = cfr_flow_init();
	if (err)
		return err;
	err = register_pernet_subsys(&net_ops);
	if (err)
		goto err_exit_flow;
	err = cfr_erase_init();
	if (err)
		goto err_unregister_pernet;
	err = cfr_config_init();
	if (err)
		goto err_exit_erase;
	err = cfr_netlink_init();
	if (err)
		goto err_exit_config;
	return 0;

err_exit_config:
	cfr_config_exit();
err_exit_erase:
	cfr_erase_exit();
err_unregister_pernet:
	unregister_pernet_subsys(&net_ops);
err_exit_flow:
	cfr_flow_exit();
	return err;
}

static void __exit cfr_main_exit(void)
{
	cfr_netlink_exit();
	cfr_config_exit();
	cfr_erase_exit();
	unregister_pernet_subsys(&net_ops);
	cfr_flow_exit();
}

module_init(cfr_main_init);
module_exit(cfr_main_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Customer-Facing Relay");
MODULE_AUTHOR("The CFR authors");
MODULE_VERSION(CFR_VERSION);
