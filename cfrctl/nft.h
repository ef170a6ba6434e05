/* SPDX-License-Identifier: GPL-2.0 */
/* nftables: asked by netlink, told through the nft program. */
#ifndef CFRCTL_NFT_H
#define CFRCTL_NFT_H

#include <stdio.h>

#include "nl.h"

/* What is written to @out becomes one transaction. */
struct nft {
	FILE *out;
	char *text;
	size_t length;
};

void nft_begin(struct nft *nft);
int nft_commit(struct nft *nft, struct nl_fault *fault);	/* 0 or -1 */
void nft_abort(struct nft *nft);

/* Is the table there, or this chain of it? 1, 0 or -1 */
int nft_has(const char *table, const char *chain, struct nl_fault *fault);

#endif
