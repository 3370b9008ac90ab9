# sources of ckptedit
