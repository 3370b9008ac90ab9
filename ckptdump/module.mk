CKPTDUMP_SOURCES := $(sort $(wildcard ckptdump/*.c))

$(B)/bin/ckptdump: $(call objects,$(CKPTDUMP_SOURCES)) $(CLI_LIBRARY) $(B)/lib/libckptfmt.a
	$(call say,LINK,$@)mkdir -p $(@D) && $(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS_FMT) -ldw -lelf

# Names of system calls, from the kernel's own header.
$(B)/gen/system_call_names.h:
	$(call say,GEN,$@)mkdir -p $(@D) && echo '#include <asm/unistd_64.h>' | $(CC) -E -dM - | sed -n 's/^#define __NR_\([a-z0-9_]*\) \([0-9]*\)$$/[\2] = "\1",/p' | sort -V >$@
$(B)/obj/ckptdump/system_calls.o: $(B)/gen/system_call_names.h

# What messages and fields mean, from the comments of the schemas.
$(B)/gen/schema_meanings.h: ckptdump/meanings.awk $(SCHEMAS)
	$(call say,GEN,$@)mkdir -p $(@D) && for schema in $(SCHEMAS); do awk -f $< $$schema || exit 1; done >$@
$(B)/obj/ckptdump/schema.o: $(B)/gen/schema_meanings.h

PROGRAMS += $(B)/bin/ckptdump
