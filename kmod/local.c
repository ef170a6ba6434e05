// SPDX-License-Identifier: GPL-2.0
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/inetdevice.h>
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <net/addrconf.h>
#include <net/if_inet6.h>

#include "config.h"
#include "local.h"
#include "model.h"
#include "net.h"
#include "space.h"

/* A relay's addresses must be nobody's: a local service could claim a port of
 * a pool, and a connected prefix has its addresses looked up on the link one
 * by one instead of routed.
 */

static int check(const struct cfr_model *model, const struct cfr_prefix *host,
		 struct cfr_prefix link, const struct net_device *dev,
		 struct cfr_local *local)
{
	u32 at = cfr_model_find(model, host);

	if (at < model->nprefixes) {
		local->prefix = model->place[at].prefix;
		return -EADDRINUSE;
	}

	cfr_prefix_mask(&link);
	at = cfr_model_place(model, &link);
	if (at)
		at--;		/* may be the one around the link's */
	for (; at < model->nprefixes; at++) {
		const struct cfr_model_place *place = &model->place[at];
		const struct cfr_prefix *p = &model->prefix[place->prefix];

		if (cfr_prefix_overlaps(p, &link))
			strscpy(local->device[place->pool], dev->name, IFNAMSIZ);
		else if (cfr_prefix_cmp(p, &link) > 0)
			break;
	}
	return 0;
}

static int check4(const struct cfr_model *model, struct net_device *dev,
		  struct cfr_local *local)
{
	struct in_device *in_dev = __in_dev_get_rtnl(dev);
	const struct in_ifaddr *ifa;
	int err;

	if (!in_dev)
		return 0;
	in_dev_for_each_ifa_rtnl(ifa, in_dev) {
		struct cfr_prefix host = cfr_prefix4(ifa->ifa_local, 32);

		/* differs from the host's on a link to one peer */
		err = check(model, &host,
			    cfr_prefix4(ifa->ifa_address, ifa->ifa_prefixlen),
			    dev, local);
		if (err)
			return err;
	}
	return 0;
}

static int check6(const struct cfr_model *model, struct net_device *dev,
		  struct cfr_local *local)
{
	struct inet6_dev *idev = __in6_dev_get(dev);
	const struct inet6_ifaddr *ifp;
	int err = 0;

	if (!idev)
		return 0;
	read_lock_bh(&idev->lock);
	list_for_each_entry(ifp, &idev->addr_list, if_list) {
		struct cfr_prefix host = cfr_prefix6(&ifp->addr, 128);
		bool peer = !ipv6_addr_any(&ifp->peer_addr);

		err = check(model, &host,
			    cfr_prefix6(peer ? &ifp->peer_addr : &ifp->addr,
					ifp->prefix_len),
			    dev, local);
		if (err)
			break;
	}
	read_unlock_bh(&idev->lock);
	return err;
}

/**
 * cfr_local_check - hold a model against the namespace's addresses
 * @net: the namespace
 * @model: what is to come into force
 * @local: zeroed; filled in
 *
 * Context: under RTNL, which keeps addresses from coming meanwhile.
 *
 * Return: 0 or -EADDRINUSE if a pool contains a local address.
 */
int cfr_local_check(struct net *net, const struct cfr_model *model,
		    struct cfr_local *local)
{
	struct net_device *dev;
	int err;

	ASSERT_RTNL();
	for_each_netdev(net, dev) {
		err = check4(model, dev, local);
		if (!err)
			err = check6(model, dev, local);
		if (err)
			return err;
	}
	return 0;
}

static struct cfr_claim claim_of(struct cfr_prefix host)
{
	return (struct cfr_claim){
		.prefix = host,
		.space = CFR_SPACE_BYPASS,
		.rank = CFR_RANK_LOCAL,
	};
}

static u32 claims4(struct net_device *dev, struct cfr_claim *claim)
{
	struct in_device *in_dev = __in_dev_get_rtnl(dev);
	const struct in_ifaddr *ifa;
	u32 count = 0;

	if (!in_dev)
		return 0;
	in_dev_for_each_ifa_rtnl(ifa, in_dev) {
		claim[count++] = claim_of(cfr_prefix4(ifa->ifa_local, 32));
		if (ifa->ifa_broadcast)
			claim[count++] = claim_of(cfr_prefix4(ifa->ifa_broadcast,
							      32));
	}
	return count;
}

static u32 claims6(struct net_device *dev, struct cfr_claim *claim, u32 most)
{
	struct inet6_dev *idev = __in6_dev_get(dev);
	const struct inet6_ifaddr *ifp;
	u32 count = 0;

	if (!idev)
		return 0;
	read_lock_bh(&idev->lock);
	list_for_each_entry(ifp, &idev->addr_list, if_list)
		if (count < most)
			claim[count++] = claim_of(cfr_prefix6(&ifp->addr, 128));
	read_unlock_bh(&idev->lock);
	return count;
}

/**
 * cfr_local_count() - how many claims the namespace's addresses make
 * @net: the namespace
 *
 * Context: under RTNL. Autoconfiguration may add IPv6 addresses all the same;
 * the notifier then asks for another look.
 */
u32 cfr_local_count(struct net *net)
{
	const struct inet6_ifaddr *ifp;
	const struct in_ifaddr *ifa;
	struct in_device *in_dev;
	struct inet6_dev *idev;
	struct net_device *dev;
	u32 count4 = 0, count6 = 0;

	ASSERT_RTNL();
	for_each_netdev(net, dev) {
		in_dev = __in_dev_get_rtnl(dev);
		if (in_dev)
			in_dev_for_each_ifa_rtnl(ifa, in_dev)
				count4 += 2;
		idev = __in6_dev_get(dev);
		if (!idev)
			continue;
		read_lock_bh(&idev->lock);
		list_for_each_entry(ifp, &idev->addr_list, if_list)
			count6++;
		read_unlock_bh(&idev->lock);
	}
	return max(count4, count6);
}

/**
 * cfr_local_claims() - claim the namespace's own addresses, never to be relayed
 * @net: the namespace
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6
 * @claim: room for what cfr_local_count() said
 * @most: what cfr_local_count() said
 *
 * Context: under RTNL. Return: how many there are.
 */
u32 cfr_local_claims(struct net *net, u8 family, struct cfr_claim *claim,
		     u32 most)
{
	struct net_device *dev;
	u32 count = 0;

	for_each_netdev(net, dev)
		count += family == NFPROTO_IPV4 ?
			claims4(dev, claim + count) :
			claims6(dev, claim + count, most - count);
	return count;
}

static void report(const struct net_device *dev, const struct cfr_prefix *host)
{
	const struct cfr_net *cn = cfr_pernet(dev_net(dev));
	const struct cfr_config *cfg;
	const struct cfr_model *m;
	u32 at;

	rcu_read_lock();
	cfg = rcu_dereference(cn->config);
	if (cfg) {
		m = cfg->model;
		at = cfr_model_find(m, host);
		if (at < m->nprefixes)
			pr_warn_ratelimited("pool %s contains an address that %s has been given: nothing from outside reaches it there\n",
					    m->pool[m->place[at].pool].name,
					    dev->name);
	}
	rcu_read_unlock();
}

static int cfr_local_event4(struct notifier_block *nb, unsigned long event,
			    void *ptr)
{
	const struct in_ifaddr *ifa = ptr;

	cfr_config_renew(cfr_pernet(dev_net(ifa->ifa_dev->dev)));

	if (event == NETDEV_UP) {
		struct cfr_prefix host = cfr_prefix4(ifa->ifa_local, 32);

		report(ifa->ifa_dev->dev, &host);
	}
	return NOTIFY_DONE;
}

static int cfr_local_event6(struct notifier_block *nb, unsigned long event,
			    void *ptr)
{
	const struct inet6_ifaddr *ifp = ptr;

	cfr_config_renew(cfr_pernet(dev_net(ifp->idev->dev)));
	if (event == NETDEV_UP) {
		struct cfr_prefix host = cfr_prefix6(&ifp->addr, 128);

		report(ifp->idev->dev, &host);
	}
	return NOTIFY_DONE;
}

static struct notifier_block cfr_local_block4 = {
	.notifier_call = cfr_local_event4,
};

static struct notifier_block cfr_local_block6 = {
	.notifier_call = cfr_local_event6,
};

int cfr_local_init(void)
{
	int err;

	err = register_inetaddr_notifier(&cfr_local_block4);
	if (err)
		return err;
	err = register_inet6addr_notifier(&cfr_local_block6);
	if (err)
		goto err_unregister_4;
	return 0;

err_unregister_4:
	unregister_inetaddr_notifier(&cfr_local_block4);
	return err;
}

void cfr_local_exit(void)
{
	unregister_inet6addr_notifier(&cfr_local_block6);
	unregister_inetaddr_notifier(&cfr_local_block4);
}
