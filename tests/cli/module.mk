TESTS += $(wildcard tests/cli/test_*.sh)

$(B)/tests/make_image: $(B)/obj/tests/cli/make_image.o $(B)/lib/libckptfmt.a
	$(call say,LINK,$@)mkdir -p $(@D) && $(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS_FMT)

check-build: $(B)/tests/make_image
