"""The debugger's notes, as the kernel lays them out on x86-64 (fs/binfmt_elf.c, <sys/procfs.h>, Intel's manual 13.4)."""

from text import Mistake

NT_PRSTATUS, NT_PRFPREG, NT_PRPSINFO, NT_AUXV, NT_SIGINFO, NT_X86_XSTATE = 1, 2, 3, 6, 0x53494749, 0x202
REGISTERS = ["r15", "r14", "r13", "r12", "rbp", "rbx", "r11", "r10", "r9", "r8", "rax", "rcx", "rdx", "rsi", "rdi", "orig_rax", "rip", "cs",
             "eflags", "rsp", "ss", "fs_base", "gs_base", "ds", "es", "fs", "gs"]
USUAL = {"cs": 0x33, "ss": 0x2B, "eflags": 0x202, "orig_rax": -1}
MXCSR, XCR0_AT, XSTATE_BV_AT = 24, 464, 512


def put(buffer, at, value, size):
    buffer[at:at + size] = (value & ((1 << 8 * size) - 1)).to_bytes(size, "little")


def prstatus(tid, registers):
    body = bytearray(336)
    put(body, 32, tid, 4)
    values = {**USUAL, **registers}
    for name in values:
        if name not in REGISTERS:
            raise Mistake(f"{name}: no such register")
    for i, name in enumerate(REGISTERS):
        put(body, 112 + 8 * i, values.get(name, 0), 8)
    return bytes(body)


def prpsinfo(pid, name, arguments):
    body = bytearray(136)
    put(body, 24, pid, 4)
    body[40:56] = name[:16].ljust(16, b"\0")
    body[56:136] = arguments[:80].ljust(80, b"\0")
    return bytes(body)


def xstate(features, size=576):
    """Initial floating point state in the standard XSAVE form, of a CPU with these features."""
    body = bytearray(size)
    put(body, 0, 0x37F, 2)
    put(body, MXCSR, 0x1F80, 4)
    put(body, XCR0_AT, features, 8)
    put(body, XSTATE_BV_AT, 3, 8)
    return bytes(body)


def fpregs():
    return xstate(0)[:512]


def auxv(pairs):
    return b"".join((number & ((1 << 64) - 1)).to_bytes(8, "little") for pair in [*pairs, (0, 0)] for number in pair)
