# checkptd is checkpt under its other name, and systemd's units for it.
$(B)/bin/checkptd: $(B)/bin/checkpt
	$(call say,LINK,$@)ln -sfn checkpt $@
$(B)/systemd/%: checkpt/daemon/%.in Makefile FORCE
	@mkdir -p $(@D) && sed -e 's|@PREFIX@|$(PREFIX)|' $< >$@.new && if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

DAEMON_UNITS := $(B)/systemd/checkptd.socket $(B)/systemd/checkptd.service
LIBRARIES += $(B)/bin/checkptd $(DAEMON_UNITS)
INSTALL += ../bin/checkpt:sbin/checkptd:link $(foreach unit,$(DAEMON_UNITS),$(unit):lib/systemd/system/$(notdir $(unit)):644)
