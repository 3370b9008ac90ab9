# checkpt: see README.md. Two commands do everything: `make demo` and `make check`.
#   make            the programs, library and man pages, in build/release (SAN=1: build/san)
#   make install    PREFIX=/usr/local LIBDIR=lib DESTDIR=; make uninstall with the same
#   make check      QUICK=1 for the short tests only; SAN=1 with ASan and UBSan; see tests/HOWTO.md
#   make bench clean
#   make CC=clang CONFIG=clang CFLAGS=-Werror: another compiler, in build/clang

.DEFAULT_GOAL := all
MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
.DELETE_ON_ERROR:
.SECONDARY:

VERSION := 1.0.0
SAN ?=
CONFIG ?= $(if $(SAN),san,release)
B := build/$(CONFIG)
PREFIX ?= /usr/local
LIBDIR ?= lib
CC := $(if $(filter default undefined,$(origin CC)),gcc,$(CC))
AR ?= ar
V ?=
Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-8s%s\n' '$(1)' '$(2)';)

comma := ,
OPT ?= -O2 -g
WARN := -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion -Wstrict-prototypes -Wmissing-prototypes
SANFLAGS := $(if $(SAN),-fsanitize=address$(comma)undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
CPPFLAGS_ALL = -D_GNU_SOURCE -I$(B)/gen -Ilibckptfmt/include -I. $(CPPFLAGS)
CFLAGS_ALL = -std=gnu11 $(OPT) $(WARN) -fPIC -fvisibility=hidden -ffunction-sections -fdata-sections $(SANFLAGS) $(CFLAGS)
LDFLAGS_ALL = $(SANFLAGS) -Wl,--gc-sections -Wl,-z,relro,-z,now $(LDFLAGS)
LIBS_FMT := -lprotobuf-c -lxxhash -lzstd -lpthread

# Each module.mk adds to these.
PROGRAMS :=      # built programs: $(B)/bin/NAME
HELPERS :=       # programs that programs start: $(B)/bin/NAME, installed in libexec/checkpt
LIBRARIES :=
TESTS :=         # executables that print TAP
INSTALL :=       # source:destination-below-PREFIX:mode; for a symbolic link text:destination-below-PREFIX:link. Libraries go to $(LIBDIR)/
MANPAGES :=

# objects of a list of sources
objects = $(patsubst %.c,$(B)/obj/%.o,$(patsubst %.S,$(B)/obj/%.o,$(1)))

include schemas/module.mk
include libckptfmt/module.mk
include cli/module.mk
include ckptdump/module.mk
include ckptedit/module.mk
include checkpt/module.mk
include tests/module.mk
include bench/module.mk
include docs/module.mk
include examples/module.mk
include demo/module.mk
include python/module.mk

all: $(PROGRAMS) $(HELPERS) $(LIBRARIES)

$(B)/obj/%.o: %.c | $(GENERATED)
	$(call say,CC,$<)mkdir -p $(@D) && $(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) $(FLAGS_$(firstword $(subst /, ,$<))) -MMD -MP -c -o $@ $<
$(B)/obj/%.o: %.S
	$(call say,AS,$<)mkdir -p $(@D) && $(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<
$(B)/obj/gen/%.o: $(B)/gen/%.c Makefile
	$(call say,CC,$(notdir $<))mkdir -p $(@D) && $(CC) $(CPPFLAGS_ALL) -std=gnu11 $(OPT) -w -fPIC $(SANFLAGS) -MMD -MP -c -o $@ $<

# One list of packages, for people and for `make demo` and `make check`.
DEPS := gcc g++ clang libclang-rt-14-dev make pkg-config libc6-dev libelf-dev libdw-dev protobuf-c-compiler protobuf-compiler libprotobuf-dev \
        libprotobuf-c-dev libzstd-dev libxxhash-dev libcriterion-dev mandoc gdb elfutils binutils file python3 perl sqlite3 strace xxhash zstd procps borgbackup \
        python3-protobuf
deps:
	@missing=$$(for p in $(DEPS); do dpkg-query -W -f='$${Status}\n' $$p 2>/dev/null | grep -q '^install ok installed' || echo $$p; done); \
	if [ -n "$$missing" ]; then \
	    if ! command -v apt-get >/dev/null; then echo "no apt-get here: going on without" $$missing; exit 0; fi; \
	    if [ $$(id -u) = 0 ]; then sudo=; elif command -v sudo >/dev/null; then sudo=sudo; \
	    else echo "to be installed by root:" $$missing; exit 1; fi; \
	    echo "installing:" $$missing; \
	    ($$sudo apt-get update -qq && $$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing) >/dev/null; \
	fi

# One list for both.
INSTALLED = $(foreach p,$(PROGRAMS),$(p):bin/$(notdir $(p)):755) $(foreach p,$(HELPERS),$(p):libexec/checkpt/$(notdir $(p)):755) $(INSTALL) \
    $(foreach page,$(MANPAGES),$(page):share/man/man$(subst .,,$(suffix $(page)))/$(notdir $(page)):644)
ROOT = $(DESTDIR)$(PREFIX)

install: all
	@set -e; umask 022; IFS=:; echo '$(INSTALLED)' | tr ' ' '\n' | while read -r source name mode; do \
	    mkdir -p "$(ROOT)/$${name%/*}"; \
	    if [ "$$mode" = link ]; then ln -sfn "$$source" "$(ROOT)/$$name"; \
	    else install -m "$$mode" "$$source" "$(ROOT)/$$name"; fi; \
	    echo "  INSTALL $(ROOT)/$$name"; \
	done

# Directories go where nothing is left in them: ours, and below DESTDIR all.
uninstall:
	@set -e; IFS=:; echo '$(INSTALLED)' | tr ' ' '\n' | while read -r source name mode; do \
	    echo "  REMOVE  $(ROOT)/$$name"; \
	    rm -f "$(ROOT)/$$name"; \
	    directory=$${name%/*}; \
	    case $(if $(DESTDIR),all)$$directory in all*|*ckptfmt*|*checkpt*) ;; *) continue ;; esac; \
	    while [ "$$directory" != . ]; do \
	        rmdir "$(ROOT)/$$directory" 2>/dev/null || break; \
	        case $$directory in */*) directory=$${directory%/*} ;; *) break ;; esac; \
	    done; \
	done
	@$(if $(DESTDIR),cd "$(DESTDIR)" && rmdir -p ".$(PREFIX)" 2>/dev/null || true,true)

clean:
	rm -rf build

-include $(shell find $(B)/obj -name '*.d' 2>/dev/null)

.PHONY: all deps clean check demo bench install uninstall
