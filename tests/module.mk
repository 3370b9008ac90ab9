# Tests print TAP; tests/run adds them up.
-include tests/unit/module.mk
-include tests/cli/module.mk
-include tests/victims/module.mk
-include tests/engine/module.mk
-include tests/house/module.mk

check:
	@$(MAKE) --no-print-directory deps
	@$(MAKE) --no-print-directory check-built
check-built: $(TESTS) all
	@CKPT_BIN=$(B)/bin sh tests/run $(TESTS)
.PHONY: check-built
