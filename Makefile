# SPDX-License-Identifier: GPL-2.0-only
#
# machvm: 'make help' lists the targets. All output goes below build/.

O := $(CURDIR)/build
SERIES := 6.1 6.12
PROVING := debug race
CHECK_MINUTES := 60
ROUNDS ?= 10
PREFIX ?= /usr/local
export MAKEFLAGS += --no-print-directory

# Which kernels: KDIR= a build directory, KVER= a series or release; otherwise
# both series.
ifdef KDIR
kernels := $(abspath $(KDIR))
else ifdef KVER
kernels := $(KVER)
else
kernels := $(SERIES)
endif
# The kernel of the demo, the shell and installing.
one_kernel = $(if $(KVER),$(KVER),6.1)

.PHONY: all modules userpager tools tests deps demo proving check check-quick \
	check-debug check-race soak bench bench-check shell lint abi unit install uninstall clean help

all: modules userpager tools

modules:
	+@set -e; for kernel in $(kernels); do \
		scripts/build-module $$kernel - ; \
	done

userpager:
	@echo "  BUILD   the pager library and machpagerd"
	@$(MAKE) -C userpager O=$(O) all

tools: userpager
	@echo "  BUILD   the tools"
	@$(MAKE) -C tools O=$(O) all

tests: userpager
	@echo "  BUILD   the tests"
	@$(MAKE) -C tests O=$(O) all

deps:
	@scripts/deps

# A second make, since building needs what 'deps' installs.
demo: deps
	@$(MAKE) -s modules KVER=$(one_kernel) KDIR=
	@$(MAKE) -s userpager tools
	@tests/vm/run --kver $(one_kernel) --timeout 900 -- tools/demo/demo.sh

# The kernels first: nothing else takes so long, and that only once.
proving: deps
	@scripts/kernel prepare $(PROVING)
	@set -e; for kernel in $(PROVING); do \
		$(MAKE) -s modules KDIR= KVER=$$kernel; \
	done

check: proving
	@echo '  CHECK   takes up to $(CHECK_MINUTES) minutes on two idle processors;' \
		"the last time: $$(cat $(O)/logs/check.took 2>/dev/null || echo none)"
	@$(MAKE) -s all tests
	@tests/run $(ANEW:%=--anew)

check-quick: deps
	@$(MAKE) -s all tests
	@tests/run --quick

check-debug check-race: check-%: deps
	@scripts/kernel prepare $*
	@$(MAKE) -s modules KDIR= KVER=$*
	@$(MAKE) -s userpager tools tests
	@tests/run --only vm --kver $* 'uapi/*' 'mach/*' 'kunit/*'

soak: deps
	@$(MAKE) -s all tests
	@tests/run --soak $(ROUNDS) $(KVER:%=--kver %)

bench: deps
	@$(MAKE) -s all
	@tools/bench/run

bench-check: deps
	@$(MAKE) -s all
	@tools/bench/run --mode icount $(KVER:%=--kver %)
	@tools/bench/gate $(RENEW:%=--renew) $(O)/bench/results.csv \
		tools/bench/committed.csv

shell: deps
	@$(MAKE) -s modules KVER=$(one_kernel) KDIR=
	@$(MAKE) -s userpager tools
	@tests/vm/run --kver $(one_kernel) --shell

lint: deps
	@tests/lint/run

abi: deps
	@tests/lint/abi --renew

unit: tests
	@tests/run --only unit

install:
	@PREFIX='$(PREFIX)' scripts/install $(if $(KDIR)$(KVER),$(kernels))

uninstall:
	@PREFIX='$(PREFIX)' scripts/install --remove

clean:
	rm -rf $(O)

help:
	@echo 'machvm: Mach memory objects for Linux.'
	@echo
	@echo 'To build'
	@echo '  all (default)  modules, userpager and tools'
	@echo '  modules        build/RELEASE/machvm.ko for Debian 6.1 and 6.12, or'
	@echo '                 for one kernel: KVER=6.1, KVER=6.12, KVER=RELEASE,'
	@echo '                 or KDIR=/lib/modules/$$(uname -r)/build'
	@echo '  userpager      the pager library and machpagerd'
	@echo '  tools          machvmstat, vminfo, vmreplay, benchmarks'
	@echo '  tests          the test programs'
	@echo '  clean          remove build/'
	@echo
	@echo 'To try, in a virtual machine (these install what they need, as root)'
	@echo '  demo           a file served by a pager, read, searched and written'
	@echo '  shell          a prompt in the test machine, module loaded'
	@echo '  bench          machvm against userfaultfd, mmap and pread'
	@echo '                 (demo and shell: KVER= chooses the kernel)'
	@echo
	@echo 'To check'
	@echo '  check          all of it: lint, unit tests, tests on 6.1 and 6.12'
	@echo '                 and on two kernels that watch themselves; what has passed'
	@echo '                 with the same sources counts, unless ANEW=1 is given'
	@echo '  check-quick    what shows most in five minutes'
	@echo '  check-debug    all tests of the interface and in the kernel where KASAN and'
	@echo '                 lockdep look; check runs a short set there'
	@echo '  check-race     all tests of the interface and in the kernel where KCSAN'
	@echo '                 looks for races; check runs a short set there'
	@echo '  soak           ROUNDS=$(ROUNDS) of what finds more the longer it runs: pagers'
	@echo '                 killed, the module loaded, random calls; KVER= chooses'
	@echo '  bench-check    counts of instructions beside those that are committed: fails'
	@echo '                 above 3 %; RENEW=1 commits to the new ones (ten minutes)'
	@echo '  proving        those two kernels, if they are not there, and the'
	@echo '                 modules for them'
	@echo '  lint           style, layering, sparse, warnings, headers, ABI'
	@echo '  abi            write down anew what lint holds interfaces to: after a'
	@echo '                 change of the libraries or of include/uapi'
	@echo '  unit           unit tests, on this machine'
	@echo '  deps           install the Debian packages that all this needs'
	@echo
	@echo 'To use on this machine, as root'
	@echo '  install        module, programs, library, headers, man pages, unit and'
	@echo '                 udev rule; for the running kernel, or KVER=, KDIR=;'
	@echo '                 below PREFIX=$(PREFIX) and DESTDIR='
	@echo '  uninstall      all of that away again, with the same PREFIX='
