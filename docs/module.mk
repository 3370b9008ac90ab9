MANPAGES += docs/checkpt.1 docs/checkpt.conf.5 docs/checkptd.8 docs/ckptdump.1 docs/ckptedit.1 docs/ckptfmt.5 docs/exec_sys_register.3 docs/libckptfmt.3 docs/sys_checkpoint.3 docs/sysent.9
