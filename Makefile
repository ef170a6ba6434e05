# SPDX-License-Identifier: GPL-2.0
# For people; the module's own build description is Kbuild, which kernel builds prefer.

VERSION := $(shell cat VERSION)
KVER ?= $(shell uname -r)
KDIR ?= /lib/modules/$(KVER)/build
PREFIX ?= /usr/local
SBINDIR ?= $(PREFIX)/sbin
RPM_TOP ?= ../rpmbuild
RPMBUILD ?= rpmbuild
DKMS_SOURCE = $(DESTDIR)/usr/src/cfr-$(VERSION)

all: module tool

help:
	@echo 'make demo            a relay at work in a VM, beside nftables masquerade (root)'
	@echo 'make check           the selftests in a VM (root); ROW=12|13|testing TESTS="a b"'
	@echo 'make check-matrix    the selftests on the rows that CI runs'
	@echo 'make check-all       what CI has no time for: all rows, long fuzzing, coverage, packages (hours),'
	@echo '                     recorded in doc/; ROW= TESTS= for a row alone'
	@echo 'make gates           static checks: warnings, sparse, checkpatch, clang, shellcheck ...'
	@echo 'make kunit           the unit tests of the module on User-mode Linux (root)'
	@echo 'make fuzz            packets and netlink messages thrown at the module; DURATION=seconds each'
	@echo 'make fuzz-tool       command lines, files and replies thrown at the tool; DURATION=seconds in all'
	@echo 'make prove           proofs by cbmc: the parser stays inside a packet, checksums follow'
	@echo 'make conformance     what the RFCs ask and what tests show of it, into doc/conformance.{md,json}'
	@echo 'make coverage        which lines of the module its tests reach, into doc/coverage.md'
	@echo 'make bench           instructions per packet, into doc/performance.{md,json}'
	@echo 'make transfers       what normalisation costs TCP, in simulated time, into doc/transfers.{md,json} (half an hour)'
	@echo 'make memory          search a VM'\''s memory for what ended flows might have left'
	@echo 'make audit           how well a server can link flows, into doc/audit.{md,json} (SEED=N)'
	@echo 'make                 the module for this kernel (KVER=, KDIR=) and cfrctl'
	@echo 'make install         both, and the manual page (PREFIX=, DESTDIR=)'
	@echo 'make dkms_install    the module as a DKMS source instead'
	@echo 'make deb             Debian packages of both, into the parent directory'
	@echo 'make rpm             RPM packages of both, into RPM_TOP=../rpmbuild'
	@echo 'make package-test    packages built, judged, installed, booted, upgraded and purged in copies of the roots (root); ROW='
	@echo 'make clean           what was built here; make distclean: the cached VM roots too'

demo:
	@selftests/demo/run

check:
	@selftests/vm/run $(if $(ROW),--row $(ROW)) --tests "$(TESTS)"

check-matrix:
	@selftests/vm/run --row ci --tests "$(TESTS)"

# Hours where there is no KVM; ROW= and TESTS= narrow it to a row
check-all:
	@selftests/check-all $(if $(ROW),--row $(ROW)) $(if $(TESTS),--tests "$(TESTS)")

gates:
	@selftests/gates/run $(GATES)

# The module natively, on User-mode Linux with KASAN and its like
kunit:
	@selftests/uml/run kunit

fuzz:
	@selftests/uml/run --duration $(or $(DURATION),90) $(if $(SEED),--seed $(SEED)) packets netlink

# The tool's parsers, by libFuzzer under ASan and UBSan
fuzz-tool:
	@selftests/fuzz/tool/run --duration $(or $(DURATION),40)

prove:
	@selftests/prove/run

# Of results that are there: make check-all records them
conformance:
	@selftests/conformance/report

coverage:
	@selftests/uml/coverage --duration $(or $(DURATION),90)

bench:
	@selftests/bench/run

transfers:
	@selftests/transfers/run

# What a relay's RAM holds while flows live, and afterwards
memory:
	@selftests/memory/run $(if $(ROW),--row $(ROW))

audit:
	@selftests/audit/run $(if $(SEED),--seed $(SEED))

module:
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules

modules: module

tool:
	$(MAKE) -C cfrctl

deb:
	dpkg-buildpackage --unsigned-source --unsigned-changes --build=full

# The spec wants its source as rpmbuild would fetch it.
rpm:
	install -d $(RPM_TOP)/SOURCES
	sed 's/@VERSION@/$(VERSION)/g' dist/cfr.spec.in >$(RPM_TOP)/cfr.spec
	tar --exclude='*.o' --exclude='.*' --transform 's,^,cfr-$(VERSION)/,' -czf $(RPM_TOP)/SOURCES/cfr-$(VERSION).tar.gz \
		Kbuild LICENSE Makefile README.md VERSION cfrctl dist dkms.conf doc kmod uapi
	$(RPMBUILD) --define '_topdir $(abspath $(RPM_TOP))' -ba $(RPM_TOP)/cfr.spec

package-test:
	@selftests/packaging/run $(if $(ROW),--row $(ROW))

install: tool_install service_install modules_install

tool_install: tool
	install -D -m 755 cfrctl/cfrctl $(DESTDIR)$(SBINDIR)/cfrctl
	install -d $(DESTDIR)$(PREFIX)/share/man/man8
	sed 's/@VERSION@/$(VERSION)/g' doc/cfrctl.8 >$(DESTDIR)$(PREFIX)/share/man/man8/cfrctl.8

# A configuration that is there stays.
service_install:
	install -D -m 644 dist/cfr.service $(DESTDIR)$(PREFIX)/lib/systemd/system/cfr.service
	install -D -m 644 dist/modules-load.conf $(DESTDIR)$(PREFIX)/lib/modules-load.d/cfr.conf
	test -e $(DESTDIR)/etc/cfr/cfr.conf || install -D -m 644 dist/cfr.conf $(DESTDIR)/etc/cfr/cfr.conf

modules_install: module
	$(MAKE) -C $(KDIR) M=$(CURDIR) $(if $(DESTDIR),INSTALL_MOD_PATH=$(DESTDIR)) modules_install
	$(if $(DESTDIR),,depmod $(KVER))

# What DKMS builds from, and no more
dkms_install:
	install -d $(DKMS_SOURCE)
	tar --exclude='*.o' --exclude='.*' --exclude=kmod/tests -cf - Kbuild VERSION LICENSE dkms.conf dist/dkms-notice kmod uapi | \
		tar --no-same-owner -C $(DKMS_SOURCE) -xf -
	@echo 'now: dkms install cfr/$(VERSION)'

clean:
	-$(MAKE) -C $(KDIR) M=$(CURDIR) clean
	$(MAKE) -C cfrctl clean
	$(MAKE) -C selftests clean

distclean: clean
	rm -rf --one-file-system $${XDG_CACHE_HOME:-$$HOME/.cache}/cfr

.PHONY: all help audit memory transfers kunit fuzz fuzz-tool prove conformance coverage demo check check-matrix check-all gates bench module modules tool deb rpm \
	package-test install tool_install service_install modules_install dkms_install clean distclean
