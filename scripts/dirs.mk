# SPDX-License-Identifier: GPL-2.0-only
#
# To be included by the Makefile of a directory whose subdirectories have
# Makefiles of their own, and nothing to do with each other.
O ?= $(abspath ../build)
dirs := $(patsubst %/Makefile,%,$(wildcard */Makefile))

.PHONY: all clean $(dirs)
all: $(dirs)

$(dirs):
	@$(MAKE) -C $@ O=$(O) all

clean:
	@set -e; for dir in $(dirs); do $(MAKE) -C $$dir O=$(O) clean; done
