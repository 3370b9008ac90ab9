# Fuzzing. `make fuzz` builds the targets with clang and runs each for FUZZ_SECONDS; `make check` replays what is stored.
FUZZ_TARGETS := verify stream record edit
FUZZ_SECONDS ?= 60
FUZZ_IMAGES := verify stream edit
FUZZ_SHARED := fuzz parts
# What a target needs beside the library: the tools whose code it goes through.
FUZZ_OBJECTS_record = $(B)/obj/tests/fuzz/printed.o $(call objects,$(filter-out ckptdump/main.c,$(CKPTDUMP_SOURCES))) $(CLI_LIBRARY)
FUZZ_LIBS_record := -ldw -lelf
FUZZ_OBJECTS_edit = $(patsubst %,$(B)/obj/tests/fuzz/%.o,edits printed) $(call objects,$(filter-out ckptedit/main.c,$(CKPTEDIT_SOURCES))) $(CLI_LIBRARY)
FUZZ_LIBS_edit := -lelf

TESTS += $(wildcard tests/fuzz/test_*.sh)

define fuzz_rules
$(B)/tests/replay_$(1): $$(patsubst %,$(B)/obj/tests/fuzz/%.o,fuzz_$(1) $(FUZZ_SHARED) replay) $(FUZZ_OBJECTS_$(1)) $(B)/lib/libckptfmt.a
	$$(call say,LINK,$$@)mkdir -p $$(@D) && $$(CC) $$(LDFLAGS_ALL) -o $$@ $$^ $$(LIBS_FMT) $(FUZZ_LIBS_$(1))
$(B)/fuzz/$(1): $$(patsubst %,$(B)/obj/tests/fuzz/%.o,fuzz_$(1) $(FUZZ_SHARED) mutate_message $(if $(filter $(1),$(FUZZ_IMAGES)),mutate,mutate_record)) $(FUZZ_OBJECTS_$(1)) $(B)/lib/libckptfmt.a
	$$(call say,LINK,$$@)mkdir -p $$(@D) && $$(CC) $$(LDFLAGS_ALL) -fsanitize=fuzzer -o $$@ $$^ $$(LIBS_FMT) $(FUZZ_LIBS_$(1))
endef
$(foreach target,$(FUZZ_TARGETS),$(eval $(call fuzz_rules,$(target))))

check-built: $(patsubst %,$(B)/tests/replay_%,$(FUZZ_TARGETS))

# The sanitizers and libFuzzer's coverage, in a build of its own.
FUZZ_FLAGS := -fsanitize=fuzzer-no-link -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
fuzz:
	@$(MAKE) --no-print-directory CC=clang CONFIG=fuzz OPT='-O1 -g' CFLAGS='$(FUZZ_FLAGS)' LDFLAGS='-fsanitize=address,undefined' \
	    $(patsubst %,build/fuzz/fuzz/%,$(FUZZ_TARGETS))
	@FUZZ_SECONDS=$(FUZZ_SECONDS) sh tests/fuzz/run build/fuzz/fuzz $(FUZZ_TARGETS)
.PHONY: fuzz
