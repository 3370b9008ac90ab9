LIBCKPTFMT_SOURCES := $(wildcard libckptfmt/src/*.c)

$(B)/lib/libckptfmt.a: $(call objects,$(LIBCKPTFMT_SOURCES)) $(SCHEMA_OBJECTS)
	$(call say,AR,$@)mkdir -p $(@D) && rm -f $@ && $(AR) rcs $@ $^

LIBRARIES += $(B)/lib/libckptfmt.a
