CKPTEDIT_SOURCES := ckptedit/edit_drop_fd.c ckptedit/main.c ckptedit/records.c ckptedit/references.c ckptedit/rewrite.c

$(B)/bin/ckptedit: $(call objects,$(CKPTEDIT_SOURCES)) $(CLI_LIBRARY) $(B)/lib/libckptfmt.a
	$(call say,LINK,$@)mkdir -p $(@D) && $(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS_FMT)

PROGRAMS += $(B)/bin/ckptedit
