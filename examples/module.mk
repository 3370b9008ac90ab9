# Examples are built as their readers would build them: with the installed headers' names and no flags of ours.
EXAMPLES := $(B)/examples/tally.so
LIBRARIES += $(EXAMPLES)

$(B)/examples/%.so: examples/%.c checkpt/include/sys/sysent.h
	$(call say,EXAMPLE,$@)mkdir -p $(@D) && $(CC) -Wall -Wextra -O2 -shared -fPIC -Icheckpt/include -o $@ $<

EXAMPLES += $(B)/examples/iterate
LIBRARIES += $(B)/examples/iterate
$(B)/examples/iterate: examples/iterate.c checkpt/include/sys/checkpoint.h $(B)/lib/libcheckpt.so.$(VERSION)
	$(call say,EXAMPLE,$@)mkdir -p $(@D) && $(CC) -Wall -Wextra -O2 -Icheckpt/include -o $@ $< -L$(B)/lib -lcheckpt -Wl,-rpath,'$$ORIGIN/../lib'
