# sources of ckptdump
