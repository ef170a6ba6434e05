// SPDX-License-Identifier: GPL-2.0
/* Replies of the kernel. The first byte says to what: its lowest bits are the
 * request, its highest whether finding the family is part of it.
 */
#include <string.h>

#include "command.h"
#include "fake.h"
#include "nft.h"
#include "print.h"

static void get_conf(void)
{
	struct nl_fault fault;
	struct conf conf;

	if (nl_conf_get(&conf, &fault))
		return;
	fake_check(&conf);
	conf_free(&conf);
}

static void get_stats(void)
{
	struct nl_stats stats;
	struct nl_fault fault;

	if (!nl_stats_get(&stats, &fault)) {
		print_stats(&stats, true, true);
		print_stats(&stats, true, false);
	}
	nl_stats_free(&stats);
}

static bool on_entropy(const struct nl_entropy *entropy, void *data)
{
	(void)data;
	print_entropy(entropy, entropy->v4);
	return true;
}

static bool on_anonymity(const struct nl_anonymity *anonymity, void *data)
{
	(void)data;
	print_anonymity(anonymity, anonymity->v4);
	return true;
}

static void set_conf(void)
{
	struct conf conf = {};
	struct nl_reply reply;
	struct nl_fault fault;

	strcpy(conf_add_pool(&conf)->name, "web4");
	if (nl_conf_set(&conf, &reply, &fault))
		refuse(&fault);
	else
		print_reply(&reply, true);
	nl_reply_free(&reply);
	conf_free(&conf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nl_fault fault;

	if (!size)
		return 0;
	fake_kernel(data + 1, size - 1, !(*data & 0x80));
	switch (*data & 7) {
	case 0:
		get_conf();
		break;
	case 1:
		get_stats();
		break;
	case 2:
		set_conf();
		break;
	case 3:
		nft_has("table", "chain", &fault);
		break;
	case 4:
		nl_flush(&fault);
		break;
	case 5:
		nl_listen(&(struct nl_events){ on_entropy, on_anonymity, NULL },
			  &fault);
		break;
	}
	return 0;
}
