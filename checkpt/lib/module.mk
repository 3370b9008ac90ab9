# libcheckpt: no sanitizers; it runs in handlers, and beside the C library.
LIBCHECKPT_SOURCES := $(wildcard checkpt/lib/*.c)
LIBCHECKPT_OBJECTS := $(patsubst %.c,$(B)/obj/%.o,$(LIBCHECKPT_SOURCES))
LIBCHECKPT_HEADERS := checkpt/include/sys/checkpoint.h checkpt/include/sys/resident.h checkpt/include/sys/sysent.h
LIBCHECKPT_SO := libcheckpt.so.1
CHECKPT_PROGRAM ?= $(PREFIX)/bin/checkpt

$(LIBCHECKPT_OBJECTS): CPPFLAGS_ALL += -DCHECKPT_PROGRAM='"$(CHECKPT_PROGRAM)"'
$(LIBCHECKPT_OBJECTS): SANFLAGS := -fno-stack-protector

$(B)/lib/libcheckpt.a: $(LIBCHECKPT_OBJECTS)
	$(call say,AR,$@)mkdir -p $(@D) && rm -f $@ && ld -r -o $(B)/lib/libcheckpt.o $^ && objcopy --localize-hidden $(B)/lib/libcheckpt.o && \
	$(AR) rcs $@ $(B)/lib/libcheckpt.o

$(B)/lib/libcheckpt.so.$(VERSION): $(LIBCHECKPT_OBJECTS) checkpt/lib/libcheckpt.map
	$(call say,LINK,$@)mkdir -p $(@D) && $(CC) -shared $(filter-out $(SANFLAGS),$(LDFLAGS_ALL)) -Wl,-soname,$(LIBCHECKPT_SO) \
	    -Wl,--version-script=checkpt/lib/libcheckpt.map -Wl,-z,defs -o $@ $(LIBCHECKPT_OBJECTS) && \
	ln -sfn $(@F) $(B)/lib/$(LIBCHECKPT_SO) && ln -sfn $(LIBCHECKPT_SO) $(B)/lib/libcheckpt.so

$(B)/lib/pkgconfig/checkpt.pc: checkpt/lib/checkpt.pc.in FORCE
	@mkdir -p $(@D) && sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' -e 's|@VERSION@|$(VERSION)|' $< >$@.new && \
	if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

LIBRARIES += $(B)/lib/libcheckpt.a $(B)/lib/libcheckpt.so.$(VERSION) $(B)/lib/pkgconfig/checkpt.pc
INSTALL += $(foreach header,$(LIBCHECKPT_HEADERS),$(header):include/sys/$(notdir $(header)):644) \
    $(B)/lib/libcheckpt.a:$(LIBDIR)/libcheckpt.a:644 \
    $(B)/lib/libcheckpt.so.$(VERSION):$(LIBDIR)/libcheckpt.so.$(VERSION):755 \
    libcheckpt.so.$(VERSION):$(LIBDIR)/$(LIBCHECKPT_SO):link \
    $(LIBCHECKPT_SO):$(LIBDIR)/libcheckpt.so:link \
    $(B)/lib/pkgconfig/checkpt.pc:$(LIBDIR)/pkgconfig/checkpt.pc:644
