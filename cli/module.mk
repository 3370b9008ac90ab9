CLI_SOURCES := cli/complain.c cli/completion.c cli/elf_object.c cli/help.c cli/json.c cli/json_message.c cli/names.c cli/names_bits.c cli/opening.c cli/options.c cli/pattern.c \
    cli/progress.c cli/report.c cli/socket_names.c cli/table.c cli/text.c cli/whole_file.c
CLI_LIBRARY := $(B)/lib/libcli.a

$(CLI_LIBRARY): $(call objects,$(CLI_SOURCES))
	$(call say,AR,$@)mkdir -p $(@D) && rm -f $@ && $(AR) rcs $@ $^

# A completion script from each program's own option table: build/…/completion/PROGRAM.
$(B)/completion/%: $(B)/bin/%
	$(call say,GEN,$@)mkdir -p $(@D) && $< --print-completion > $@

COMPLETIONS := $(B)/completion/ckptdump $(B)/completion/ckptedit $(B)/completion/checkpt $(B)/completion/checkptd
LIBRARIES += $(COMPLETIONS)
INSTALL += $(foreach script,$(COMPLETIONS),$(script):share/bash-completion/completions/$(notdir $(script)):644)
