CKPTDUMP_SOURCES := ckptdump/dump.c ckptdump/file_text.c ckptdump/foreign.c ckptdump/image.c ckptdump/main.c ckptdump/memory.c \
    ckptdump/registers.c ckptdump/show_args.c ckptdump/show_fds.c ckptdump/show_hex.c ckptdump/show_index.c ckptdump/show_limits.c \
    ckptdump/show_maps.c ckptdump/show_notes.c ckptdump/show_regs.c ckptdump/show_signals.c ckptdump/show_strings.c \
    ckptdump/show_summary.c ckptdump/show_threads.c ckptdump/show_timers.c ckptdump/show_verify.c ckptdump/stored.c

$(B)/bin/ckptdump: $(call objects,$(CKPTDUMP_SOURCES)) $(CLI_LIBRARY) $(B)/lib/libckptfmt.a
	$(call say,LINK,$@)mkdir -p $(@D) && $(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS_FMT)

PROGRAMS += $(B)/bin/ckptdump
