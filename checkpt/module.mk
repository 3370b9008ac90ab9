CHECKPT_ARCH := x86_64
CHECKPT_STATIONS := policy model proc tracee resource freeze thaw daemon sysent listen run resident cmd
CHECKPT_SOURCES := $(filter-out checkpt/cmd/main.c,$(wildcard checkpt/*.c checkpt/arch/$(CHECKPT_ARCH)/*.[cS] $(patsubst %,checkpt/%/*.c,$(CHECKPT_STATIONS))))

$(B)/lib/libengine.a: $(call objects,$(CHECKPT_SOURCES))
	$(call say,AR,$@)mkdir -p $(@D) && rm -f $@ && $(AR) rcs $@ $^

# What modules of system calls find in the program that loads them.
EXPORTED := $(foreach name,syscall_helper_register syscall_helper_unregister lkmnosys lkmressys td_copyin td_copyout td_copyinstr,-Wl$(comma)-u$(comma)$(name) -Wl$(comma)--export-dynamic-symbol=$(name))

$(B)/bin/checkpt: $(B)/obj/checkpt/cmd/main.o $(B)/lib/libengine.a $(CLI_LIBRARY) $(B)/lib/libckptfmt.a
	$(call say,LINK,$@)mkdir -p $(@D) && $(CC) $(LDFLAGS_ALL) $(EXPORTED) -o $@ $^ $(LIBS_FMT) -lelf
PROGRAMS += $(B)/bin/checkpt
LIBRARIES += $(B)/lib/libengine.a

include checkpt/daemon/module.mk
include checkpt/lib/module.mk
include checkpt/resident/module.mk
