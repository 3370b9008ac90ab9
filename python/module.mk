# The module for Python applications: built against the system's Python where its headers are there.
PYTHON_CONFIG ?= $(wildcard /usr/bin/python3.11-config)
ifneq ($(PYTHON_CONFIG),)
$(B)/python/_checkpt_resident.so: python/_checkpt_resident.c checkpt/include/sys/resident.h $(B)/lib/libcheckpt.a
	$(call say,PYTHON,$@)mkdir -p $(@D) && $(CC) -std=gnu11 -O2 -Wall -Wextra -shared -fPIC -fvisibility=hidden -Icheckpt/include $$($(PYTHON_CONFIG) --includes) -o $@ $< \
	    $(B)/lib/libcheckpt.a
LIBRARIES += $(B)/python/_checkpt_resident.so
INSTALL += $(B)/python/_checkpt_resident.so:$(LIBDIR)/checkpt/python/_checkpt_resident.so:755 python/checkpt_resident.py:$(LIBDIR)/checkpt/python/checkpt_resident.py:644
endif
