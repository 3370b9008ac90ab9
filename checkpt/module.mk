# sources of checkpt
