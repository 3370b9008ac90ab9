# Drivers that freeze and resume victims. Longer runs: CYCLES=1000 FREEZES=1000 ALL=1 make check.
TESTS += $(wildcard tests/engine/test_*.sh)
ENGINE_TOOLS := await damage plain

$(patsubst %,$(B)/tests/%,$(ENGINE_TOOLS)): $(B)/tests/%: $(B)/obj/tests/engine/%.o
	$(call say,LINK,$@)mkdir -p $(@D) && $(CC) $(LDFLAGS_ALL) -o $@ $^

check-build: victims $(patsubst %,$(B)/tests/%,$(ENGINE_TOOLS))
