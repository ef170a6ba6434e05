# SPDX-License-Identifier: GPL-2.0
# For people; the module's own build description is Kbuild, which kernel builds prefer.

VERSION := $(shell cat VERSION)
KVER ?= $(shell uname -r)
KDIR ?= /lib/modules/$(KVER)/build
PREFIX ?= /usr/local
DKMS_SOURCE = $(DESTDIR)/usr/src/cfr-$(VERSION)

all: module tool

help:
	@echo 'make demo            a relay at work in a VM, beside nftables masquerade (root)'
	@echo 'make check           the selftests in a VM (root); ROW=12|13|testing TESTS="a b"'
	@echo 'make check-matrix    the selftests on the rows that CI runs'
	@echo 'make check-all       the selftests on all rows, into doc/kernels.md (hours); ROW= TESTS='
	@echo 'make gates           static checks: warnings, sparse, checkpatch, clang, shellcheck ...'
	@echo 'make kunit           the unit tests of the module on User-mode Linux (root)'
	@echo 'make fuzz            packets and netlink messages thrown at the module; DURATION=seconds each'
	@echo 'make coverage        which lines of the module its tests reach, into doc/coverage.md'
	@echo 'make bench           instructions per packet, into doc/performance.{md,json}'
	@echo 'make                 the module for this kernel (KVER=, KDIR=) and cfrctl'
	@echo 'make install         both, and the manual page (PREFIX=, DESTDIR=)'
	@echo 'make dkms_install    the module as a DKMS source instead'
	@echo 'make clean           what was built here; make distclean: the cached VM roots too'

demo:
	@selftests/demo/run

check:
	@selftests/vm/run $(if $(ROW),--row $(ROW)) --tests "$(TESTS)"

check-matrix:
	@selftests/vm/run --row ci --tests "$(TESTS)"

# Hours where there is no KVM; ROW= and TESTS= narrow it
check-all:
	@selftests/vm/run --record --row $(or $(ROW),all) --tests "$(TESTS)"

gates:
	@selftests/gates/run $(GATES)

# The module natively, on User-mode Linux with KASAN and its like
kunit:
	@selftests/uml/run kunit

fuzz:
	@selftests/uml/run --duration $(or $(DURATION),90) $(if $(SEED),--seed $(SEED)) packets netlink

coverage:
	@selftests/uml/coverage --duration $(or $(DURATION),90)

bench:
	@selftests/bench/run

module:
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules

modules: module

tool:
	$(MAKE) -C cfrctl

install: tool_install modules_install

tool_install: tool
	install -D -m 755 cfrctl/cfrctl $(DESTDIR)$(PREFIX)/sbin/cfrctl
	install -d $(DESTDIR)$(PREFIX)/share/man/man8
	sed 's/@VERSION@/$(VERSION)/g' doc/cfrctl.8 >$(DESTDIR)$(PREFIX)/share/man/man8/cfrctl.8

modules_install: module
	$(MAKE) -C $(KDIR) M=$(CURDIR) $(if $(DESTDIR),INSTALL_MOD_PATH=$(DESTDIR)) modules_install
	$(if $(DESTDIR),,depmod $(KVER))

# What DKMS builds from, and no more
dkms_install:
	install -d $(DKMS_SOURCE)
	cp -r Kbuild VERSION LICENSE dkms.conf kmod uapi $(DKMS_SOURCE)/
	@echo 'now: dkms install cfr/$(VERSION)'

clean:
	-$(MAKE) -C $(KDIR) M=$(CURDIR) clean
	$(MAKE) -C cfrctl clean
	$(MAKE) -C selftests clean

distclean: clean
	rm -rf --one-file-system $${XDG_CACHE_HOME:-$$HOME/.cache}/cfr

.PHONY: all help kunit fuzz coverage demo check check-matrix check-all gates bench module modules tool install tool_install \
	modules_install dkms_install clean distclean
