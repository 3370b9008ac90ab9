# Programs that state invariants: $(B)/victims/NAME, and NAME-static. No sanitizer, no engine: ordinary programs.
VICTIMS := threads memory files interrupted limits restless standard rare filtered eventfd timerfd signalfd epoll inotify sockets pipes
VICTIMS += large
victim_objects = $(filter $(patsubst %.c,$(B)/obj/%.o,$(wildcard tests/victims/$(1).c tests/victims/$(1)_*.c)),$(patsubst %.c,$(B)/obj/%.o,$(wildcard tests/victims/*.c)))
VICTIM_PROGRAMS := $(foreach v,$(VICTIMS),$(B)/victims/$(v) $(B)/victims/$(v)-static)

define victim_rules
$(B)/victims/$(1): $(call victim_objects,$(1)) $(B)/obj/tests/victims/victim.o
	$$(call say,LINK,$$@)mkdir -p $$(@D) && $$(CC) -o $$@ $$^ -lpthread -lm
$(B)/victims/$(1)-static: $(call victim_objects,$(1)) $(B)/obj/tests/victims/victim.o
	$$(call say,LINK,$$@)mkdir -p $$(@D) && $$(CC) -static -o $$@ $$^ -lpthread -lm
endef
$(foreach v,$(VICTIMS),$(eval $(call victim_rules,$(v))))

$(B)/obj/tests/victims/%.o: SANFLAGS :=

VICTIM_PROGRAMS += $(B)/victims/tiny
$(B)/victims/tiny: tests/victims/tiny.c
	$(call say,LINK,$@)mkdir -p $(@D) && $(CC) -std=gnu11 -O2 -Wall -Wextra -fno-stack-protector -static -nostdlib -o $@ $<

VICTIM_PROGRAMS += $(B)/victims/arguments
$(B)/victims/arguments: $(B)/obj/tests/victims/arguments.o
	$(call say,LINK,$@)mkdir -p $(@D) && $(CC) -o $@ $^ -lpthread

# What is bound lazily, and may lack what it does not call.
VICTIM_PROGRAMS += $(B)/victims/lazy $(B)/victims/lazy-lacking $(B)/victims/plugin.so
LAZY_BUILD = $(CC) -std=gnu11 -O2 -Wall -Wextra -Wl,-z,lazy -o $@ $<
$(B)/victims/lazy: tests/victims/lazy.c
	$(call say,LINK,$@)mkdir -p $(@D) && $(LAZY_BUILD)
# Linked with a library that has the function, and run with one that lacks it.
$(B)/obj/tests/victims/plugin-whole.so: tests/victims/plugin.c
	$(call say,LINK,$@)mkdir -p $(@D) && $(LAZY_BUILD) -shared -fPIC -DWHOLE -Wl,-soname,plugin.so
$(B)/victims/lazy-lacking: tests/victims/lazy.c $(B)/obj/tests/victims/plugin-whole.so
	$(call say,LINK,$@)mkdir -p $(@D) && $(LAZY_BUILD) -DLACKING $(filter %.so,$^) -Wl,-rpath,'$$ORIGIN'
$(B)/victims/plugin.so: tests/victims/plugin.c
	$(call say,LINK,$@)mkdir -p $(@D) && $(LAZY_BUILD) -shared -fPIC

# Programs that checkpoint themselves, built as their users would.
SELF_OBJECTS := $(B)/obj/tests/victims/self.o $(B)/obj/tests/victims/self_errors.o $(B)/obj/tests/victims/self_again.o \
    $(B)/obj/tests/victims/warm.o
$(SELF_OBJECTS): CPPFLAGS_ALL += -Icheckpt/include -I.
VICTIM_PROGRAMS += $(B)/victims/self $(B)/victims/self-static $(B)/victims/self-again $(B)/victims/self-errors $(B)/victims/self-errors-static $(B)/victims/self-raw
$(B)/victims/self: $(B)/obj/tests/victims/self.o $(B)/obj/tests/victims/victim.o $(B)/lib/libcheckpt.so.$(VERSION)
	$(call say,LINK,$@)mkdir -p $(@D) && $(CC) -o $@ $(filter %.o,$^) -L$(B)/lib -lcheckpt -Wl,-rpath,'$$ORIGIN/../lib' -lpthread
$(B)/victims/self-static: $(B)/obj/tests/victims/self.o $(B)/obj/tests/victims/victim.o $(B)/lib/libcheckpt.a
	$(call say,LINK,$@)mkdir -p $(@D) && $(CC) -static -o $@ $^ -lpthread
$(B)/victims/self-again: $(B)/obj/tests/victims/self_again.o $(B)/obj/tests/victims/victim.o $(B)/lib/libcheckpt.so.$(VERSION)
	$(call say,LINK,$@)mkdir -p $(@D) && $(CC) -o $@ $(filter %.o,$^) -L$(B)/lib -lcheckpt -Wl,-rpath,'$$ORIGIN/../lib'
VICTIM_PROGRAMS += $(B)/victims/warm
$(B)/victims/warm: $(B)/obj/tests/victims/warm.o $(B)/lib/libcheckpt.so.$(VERSION)
	$(call say,LINK,$@)mkdir -p $(@D) && $(CC) -o $@ $(filter %.o,$^) -L$(B)/lib -lcheckpt -Wl,-rpath,'$$ORIGIN/../lib' -lpthread
$(B)/victims/self-errors: $(B)/obj/tests/victims/self_errors.o $(B)/lib/libcheckpt.so.$(VERSION)
	$(call say,LINK,$@)mkdir -p $(@D) && $(CC) -o $@ $(filter %.o,$^) -L$(B)/lib -lcheckpt -Wl,-rpath,'$$ORIGIN/../lib'
$(B)/victims/self-errors-static: $(B)/obj/tests/victims/self_errors.o $(B)/lib/libcheckpt.a
	$(call say,LINK,$@)mkdir -p $(@D) && $(CC) -static -o $@ $^
$(B)/victims/self-raw: tests/victims/self_raw.c
	$(call say,LINK,$@)mkdir -p $(@D) && $(CC) -std=gnu11 -O2 -Wall -Wextra -fno-stack-protector -static -nostdlib -o $@ $<

VICTIM_PROGRAMS += $(B)/victims/turncoat
$(B)/victims/turncoat: $(B)/obj/tests/victims/turncoat.o
	$(call say,LINK,$@)mkdir -p $(@D) && $(CC) -static -o $@ $^

victims: $(VICTIM_PROGRAMS)
.PHONY: victims
