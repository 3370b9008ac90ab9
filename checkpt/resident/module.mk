# What stands in for resident programs: freestanding, one segment, nothing to relocate.
START_OBJECTS := $(patsubst checkpt/resident/start/%,$(B)/obj/start/%.o,$(wildcard checkpt/resident/start/*.[cS]))
START_FLAGS := -Os -fPIE -ffreestanding -fno-stack-protector -fno-asynchronous-unwind-tables -fcf-protection=none -fvisibility=hidden \
    $(if $(findstring clang,$(CC)),-fno-builtin,-fno-tree-loop-distribute-patterns)
$(B)/obj/start/%.o: checkpt/resident/start/%
	$(call say,CC,$<)mkdir -p $(@D) && $(CC) -D_GNU_SOURCE -I. -std=gnu11 $(WARN) $(START_FLAGS) -MMD -MP -c -o $@ $<
$(B)/bin/checkpt-start: $(START_OBJECTS) checkpt/resident/start/start.ld
	$(call say,LINK,$@)mkdir -p $(@D) && $(CC) -nostdlib -static -Wl,-pie -Wl,--no-dynamic-linker -Wl,--build-id=none -Wl,-T,checkpt/resident/start/start.ld -o $@ $(START_OBJECTS)
HELPERS += $(B)/bin/checkpt-start
