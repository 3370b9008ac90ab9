CKPTEDIT_SOURCES := ckptedit/attributes.c ckptedit/deadly.c ckptedit/debugger_notes.c ckptedit/descriptors.c ckptedit/edit.c ckptedit/edit_drop_fd.c \
    ckptedit/edit_fd.c ckptedit/edit_image.c ckptedit/edit_limits.c ckptedit/edit_move_path.c ckptedit/edit_process.c ckptedit/edit_redact.c \
    ckptedit/edit_signals.c ckptedit/edit_timers.c ckptedit/identity.c ckptedit/main.c ckptedit/message.c ckptedit/records.c \
    ckptedit/redactions.c ckptedit/references.c ckptedit/request.c ckptedit/rewrite.c \
    ckptedit/salvage.c ckptedit/scan.c

$(B)/bin/ckptedit: $(call objects,$(CKPTEDIT_SOURCES)) $(CLI_LIBRARY) $(B)/lib/libckptfmt.a
	$(call say,LINK,$@)mkdir -p $(@D) && $(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS_FMT) -lelf

PROGRAMS += $(B)/bin/ckptedit
