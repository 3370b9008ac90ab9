TESTS += $(wildcard tests/cli/test_*.sh)

$(B)/tests/make_image: $(B)/obj/tests/cli/make_image.o $(B)/lib/libckptfmt.a
	$(call say,LINK,$@)mkdir -p $(@D) && $(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS_FMT)

$(B)/tests/no_tmpfile.so: tests/cli/no_tmpfile.c
	$(call say,LINK,$@)mkdir -p $(@D) && $(CC) -std=gnu11 -D_GNU_SOURCE $(WARN) -fPIC -shared -o $@ $<

check-build: $(B)/tests/make_image $(B)/tests/no_tmpfile.so
