UNIT_TESTS := $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/test_*.c))
TESTS += $(patsubst %,$(B)/tests/%,$(UNIT_TESTS))

$(B)/tests/test_%: $(B)/obj/tests/unit/test_%.o $(B)/lib/libengine.a $(CLI_LIBRARY) $(B)/lib/libckptfmt.a
	$(call say,LINK,$@)mkdir -p $(@D) && $(CC) $(filter-out -Wl$(comma)--gc-sections,$(LDFLAGS_ALL)) -o $@ $^ -lcriterion $(LIBS_FMT) -lelf
# Memory that runs out: its own functions stand before those of the C library.
$(B)/tests/test_fmt_memory: override LDFLAGS += $(patsubst %,-Wl$(comma)--wrap=%,malloc calloc realloc strdup strndup)
