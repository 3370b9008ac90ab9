LIBCKPTFMT_SOURCES := $(wildcard libckptfmt/src/*.c)
LIBCKPTFMT_HEADERS := $(wildcard libckptfmt/include/ckptfmt/*.h)
LIBCKPTFMT_OBJECTS := $(call objects,$(LIBCKPTFMT_SOURCES)) $(SCHEMA_OBJECTS)
LIBCKPTFMT_SO := libckptfmt.so.1

# One object whose internal names are gone, so that they never meet those of the programs that link it.
$(B)/lib/libckptfmt.a: $(LIBCKPTFMT_OBJECTS)
	$(call say,AR,$@)mkdir -p $(@D) && rm -f $@ && ld -r -o $(B)/lib/libckptfmt.o $^ && objcopy --localize-hidden $(B)/lib/libckptfmt.o && \
	$(AR) rcs $@ $(B)/lib/libckptfmt.o

$(B)/lib/libckptfmt.so.$(VERSION): $(LIBCKPTFMT_OBJECTS) libckptfmt/libckptfmt.map
	$(call say,LINK,$@)mkdir -p $(@D) && $(CC) -shared $(LDFLAGS_ALL) -Wl,-soname,$(LIBCKPTFMT_SO) -Wl,--version-script=libckptfmt/libckptfmt.map \
	    $(if $(SAN),,-Wl$(comma)-z$(comma)defs) -o $@ $(LIBCKPTFMT_OBJECTS) $(LIBS_FMT) && \
	ln -sfn $(@F) $(B)/lib/$(LIBCKPTFMT_SO) && ln -sfn $(LIBCKPTFMT_SO) $(B)/lib/libckptfmt.so

# Made anew whenever make runs with another prefix.
$(B)/lib/pkgconfig/ckptfmt.pc: libckptfmt/ckptfmt.pc.in FORCE
	@mkdir -p $(@D) && sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' -e 's|@VERSION@|$(VERSION)|' $< >$@.new && \
	if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi
FORCE:
.PHONY: FORCE

LIBRARIES += $(B)/lib/libckptfmt.a $(B)/lib/libckptfmt.so.$(VERSION) $(B)/lib/pkgconfig/ckptfmt.pc
INSTALL += $(foreach header,$(LIBCKPTFMT_HEADERS),$(header):include/ckptfmt/$(notdir $(header)):644) \
    $(foreach header,$(GENERATED),$(header):include/ckptfmt/schemas/$(notdir $(header)):644) \
    $(foreach schema,$(SCHEMAS),$(schema):share/ckptfmt/schemas/$(notdir $(schema)):644) \
    $(B)/lib/libckptfmt.a:$(LIBDIR)/libckptfmt.a:644 \
    $(B)/lib/libckptfmt.so.$(VERSION):$(LIBDIR)/libckptfmt.so.$(VERSION):755 \
    libckptfmt.so.$(VERSION):$(LIBDIR)/$(LIBCKPTFMT_SO):link \
    $(LIBCKPTFMT_SO):$(LIBDIR)/libckptfmt.so:link \
    $(B)/lib/pkgconfig/ckptfmt.pc:$(LIBDIR)/pkgconfig/ckptfmt.pc:644

# Lines of the library that its own tests reach.
COVERAGE_TESTS = $(patsubst %,build/coverage/tests/%,$(filter test_fmt_%,$(UNIT_TESTS)))
coverage:
	@$(MAKE) --no-print-directory CONFIG=coverage OPT='-O0 -g' CFLAGS=--coverage LDFLAGS=--coverage all $(COVERAGE_TESTS) $(patsubst %,build/coverage/tests/%,damage_image make_image) $(patsubst %,build/coverage/tests/replay_%,$(FUZZ_TARGETS))
	@find build/coverage/obj/libckptfmt -name '*.gcda' -delete
	@CKPT_BIN=build/coverage/bin sh tests/run $(COVERAGE_TESTS) tests/make/test_make.sh tests/malformed/test_*.sh tests/fuzz/test_replay.sh \
	    tests/cli/test_edit_pages.sh tests/cli/test_dump_cores.sh >build/coverage/tests.log; tail -n 1 build/coverage/tests.log
	@sh libckptfmt/coverage.sh build/coverage/obj/libckptfmt/src
.PHONY: coverage
