# make demo: a real program frozen, looked at, edited and resumed.
demo:
	@$(MAKE) --no-print-directory deps
	@$(MAKE) --no-print-directory demo-built
demo-built: all
	@sh demo/demo.sh $(B)/bin
.PHONY: demo-built
