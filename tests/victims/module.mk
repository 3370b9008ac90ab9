# Programs that state invariants: $(B)/victims/NAME, and NAME-static. No sanitizer, no engine: ordinary programs.
VICTIMS := threads memory files interrupted limits
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

victims: $(VICTIM_PROGRAMS)
.PHONY: victims
