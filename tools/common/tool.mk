# SPDX-License-Identifier: GPL-2.0-only
#
# A tool: one program of all C files of its directory. Its Makefile names it in
# 'tool', may name files of tools/common in 'common', and what is linked as well,
# below O, in 'linked', and says 'pager := y' if it is one, by libuserpager; then it
# includes this. O is the build directory.
O ?= $(abspath ../../build)
top := $(abspath ../..)
out := $(O)/tools/$(notdir $(CURDIR))
program := $(O)/bin/$(tool)

CFLAGS ?= -O2 -g -Wall -Wextra -Werror
override CFLAGS += -std=gnu11 -D_GNU_SOURCE -I$(top)/include/uapi \
	-I$(top)/tools -MMD -MP

ifdef pager
userpager := $(O)/lib/libuserpager.a
LDLIBS += -luring -lpthread
override CFLAGS += -I$(top)/userpager/libuserpager/include
endif

objects := $(patsubst %.c,$(out)/%.o,$(wildcard *.c)) \
	$(common:%=$(out)/common/%.o)

.PHONY: all clean
all: $(program)

$(program): $(objects) $(linked:%=$(O)/%) $(userpager)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(out)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -c -o $@ $<

$(out)/common/%.o: ../common/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -c -o $@ $<

$(userpager):
	$(MAKE) -C $(top)/userpager O=$(O) $@

clean:
	rm -rf $(out) $(program)

-include $(wildcard $(out)/*.d $(out)/common/*.d)
