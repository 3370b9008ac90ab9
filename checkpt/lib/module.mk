# libcheckpt: no sanitizers; it runs in handlers, and beside the C library.
LIBCHECKPT_SOURCES := $(wildcard checkpt/lib/*.c)
LIBCHECKPT_OBJECTS := $(patsubst %.c,$(B)/obj/%.o,$(LIBCHECKPT_SOURCES))
LIBCHECKPT_HEADERS := checkpt/include/sys/checkpoint.h checkpt/include/sys/resident.h checkpt/include/sys/sysent.h
LIBCHECKPT_SO := libcheckpt.so.1
CHECKPT_PROGRAM ?= $(PREFIX)/bin/checkpt

$(LIBCHECKPT_OBJECTS): CPPFLAGS_ALL += -DCHECKPT_PROGRAM='"$(CHECKPT_PROGRAM)"'
$(LIBCHECKPT_OBJECTS): SANFLAGS := -fno-stack-protector

# The libraries below a directory, of these objects.
define libcheckpt_rules
$(1)/libcheckpt.a: $(2)
	$$(call say,AR,$$@)mkdir -p $$(@D) && rm -f $$@ && ld -r -o $(1)/libcheckpt.o $(2) && objcopy --localize-hidden $(1)/libcheckpt.o && \
	$$(AR) rcs $$@ $(1)/libcheckpt.o

$(1)/libcheckpt.so.$(VERSION): $(2) checkpt/lib/libcheckpt.map
	$$(call say,LINK,$$@)mkdir -p $$(@D) && $$(CC) -shared $$(filter-out $$(SANFLAGS),$$(LDFLAGS_ALL)) -Wl,-soname,$(LIBCHECKPT_SO) \
	    -Wl,--version-script=checkpt/lib/libcheckpt.map -Wl,-z,defs -o $$@ $(2) && \
	ln -sfn $$(@F) $(1)/$(LIBCHECKPT_SO) && ln -sfn $(LIBCHECKPT_SO) $(1)/libcheckpt.so
endef
$(eval $(call libcheckpt_rules,$(B)/lib,$(LIBCHECKPT_OBJECTS)))

# The library knows where its program is, and PREFIX may be told to `make install` alone: what is installed is linked for it, beside what runs from the tree.
LIBCHECKPT_PLACED := $(B)/placed$(PREFIX)
LIBCHECKPT_PLACED_OBJECTS := $(patsubst $(B)/obj/checkpt/lib/helper.o,$(LIBCHECKPT_PLACED)/helper.o,$(LIBCHECKPT_OBJECTS))
$(LIBCHECKPT_PLACED)/helper.o: CPPFLAGS_ALL += -DCHECKPT_PROGRAM='"$(PREFIX)/bin/checkpt"'
$(LIBCHECKPT_PLACED)/helper.o: SANFLAGS := -fno-stack-protector
$(LIBCHECKPT_PLACED)/helper.o: checkpt/lib/helper.c | $(GENERATED)
	$(call say,CC,$<)mkdir -p $(@D) && $(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) $(FLAGS_checkpt) -MMD -MP -c -o $@ $<
-include $(LIBCHECKPT_PLACED)/helper.d
$(eval $(call libcheckpt_rules,$(LIBCHECKPT_PLACED),$(LIBCHECKPT_PLACED_OBJECTS)))

$(B)/lib/pkgconfig/checkpt.pc: checkpt/lib/checkpt.pc.in FORCE
	@mkdir -p $(@D) && sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' -e 's|@VERSION@|$(VERSION)|' $< >$@.new && \
	if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

LIBRARIES += $(LIBCHECKPT_PLACED)/libcheckpt.a $(LIBCHECKPT_PLACED)/libcheckpt.so.$(VERSION)
LIBRARIES += $(B)/lib/libcheckpt.a $(B)/lib/libcheckpt.so.$(VERSION) $(B)/lib/pkgconfig/checkpt.pc
INSTALL += $(foreach header,$(LIBCHECKPT_HEADERS),$(header):include/sys/$(notdir $(header)):644) \
    $(LIBCHECKPT_PLACED)/libcheckpt.a:$(LIBDIR)/libcheckpt.a:644 \
    $(LIBCHECKPT_PLACED)/libcheckpt.so.$(VERSION):$(LIBDIR)/libcheckpt.so.$(VERSION):755 \
    libcheckpt.so.$(VERSION):$(LIBDIR)/$(LIBCHECKPT_SO):link \
    $(LIBCHECKPT_SO):$(LIBDIR)/libcheckpt.so:link \
    $(B)/lib/pkgconfig/checkpt.pc:$(LIBDIR)/pkgconfig/checkpt.pc:644
