# Malformed images, as descriptions for the maker, with the sentence that each must get; and small images damaged in every way.
TESTS += $(wildcard tests/malformed/test_*.sh)

$(B)/tests/damage_image: $(B)/obj/tests/malformed/damage.o $(B)/lib/libckptfmt.a
	$(call say,LINK,$@)mkdir -p $(@D) && $(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS_FMT)

check-build: $(B)/tests/damage_image
