# Drivers that freeze and resume victims. Longer runs: CYCLES=1000 FREEZES=1000 ALL=1 make check.
TESTS += $(wildcard tests/engine/test_*.sh)
ENGINE_TOOLS := at_call await damage plain

$(patsubst %,$(B)/tests/%,$(ENGINE_TOOLS)): $(B)/tests/%: $(B)/obj/tests/engine/%.o
	$(call say,LINK,$@)mkdir -p $(@D) && $(CC) $(LDFLAGS_ALL) -o $@ $^

$(B)/tests/no_ptrace.so: tests/engine/no_ptrace.c
	$(call say,LINK,$@)mkdir -p $(@D) && $(CC) $(WARN) -fPIC -shared -o $@ $<

check-build: victims $(patsubst %,$(B)/tests/%,$(ENGINE_TOOLS) no_ptrace.so)
