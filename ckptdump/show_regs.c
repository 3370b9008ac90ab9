#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ckptdump/dump.h"
#include "ckptdump/registers.h"
#include "ckptdump/system_calls.h"
#include "cli/names.h"
#include "schemas/threads.pb-c.h"

/* The order people read them in, four a line. */
static const uint8_t reading_order[] = {
    REG_RAX, REG_RBX, REG_RCX, REG_RDX, REG_RSI, REG_RDI, REG_RBP, REG_RSP, REG_R8, REG_R9, REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15,
    REG_RIP, REG_EFLAGS, REG_ORIG_RAX, REG_FS_BASE, REG_GS_BASE, REG_CS, REG_SS, REG_DS, REG_ES, REG_FS, REG_GS,
};

/* The legacy area has MXCSR at 24 and XMM0 at 160, the XSAVE header's XSTATE_BV is at 512 (Intel SDM vol. 1, 13.4). */
enum { XSAVE_MXCSR = 24, XSAVE_XMM = 160, XSAVE_BV = 512, XSAVE_MINIMUM = 576, XMM_COUNT = 16, XMM_SIZE = 16 };

static const struct cli_name components[] = {
    {1ull << 0, "x87"}, {1ull << 1, "sse"}, {1ull << 2, "avx"}, {1ull << 3, "bndregs"}, {1ull << 4, "bndcsr"}, {1ull << 5, "opmask"},
    {1ull << 6, "zmm_hi256"}, {1ull << 7, "hi16_zmm"}, {1ull << 9, "pkru"}, {1ull << 17, "tilecfg"}, {1ull << 18, "tiledata"}, {0, NULL},
};

static void print_vectors(const struct registers *registers)
{
    uint32_t mxcsr;
    uint64_t present;
    memcpy(&mxcsr, registers->xsave + XSAVE_MXCSR, sizeof(mxcsr));
    memcpy(&present, registers->xsave + XSAVE_BV, sizeof(present));
    struct cli_text text = {0};
    cli_add_bits(&text, components, present, "none in use");
    printf("  xsave %zu bytes, %s, mxcsr %08x\n", registers->xsave_size, cli_text_get(&text), mxcsr);
    cli_text_deinit(&text);
    for (unsigned i = 0; i < XMM_COUNT && (present & 2) != 0; i++) {
        uint64_t halves[2];
        memcpy(halves, registers->xsave + XSAVE_XMM + i * XMM_SIZE, sizeof(halves));
        printf("%s%5s%-2u %016" PRIx64 "%016" PRIx64 "%s", i % 2 == 0 ? "  " : " ", "xmm", i, halves[1], halves[0], i % 2 == 1 ? "\n" : "");
    }
}

/* A system call that the freeze interrupted shows its restart in rax. */
static void print_call(const struct registers *registers)
{
    int64_t result = (int64_t)registers->values[REG_RAX];
    if ((int64_t)registers->values[REG_ORIG_RAX] < 0)
        return;
    const char *name = system_call_name(registers->values[REG_ORIG_RAX]);
    printf("  in system call %" PRIu64, registers->values[REG_ORIG_RAX]);
    if (name != NULL)
        printf(" (%s)", name);
    if (result <= -512 && result >= -516 && cli_error_name(result) != NULL)
        printf(", interrupted (%s)", cli_error_name(result));
    putchar('\n');
}

static void print_thread(struct dump *dump, const struct registers *registers)
{
    bool several = image_records(&dump->image, CKPT__KIND__KIND_PROCESS)->count > 1;
    printf("thread %d", registers->tid);
    if (several)
        printf(" of process %d", image_pid(&dump->image, registers->process));
    putchar('\n');
    for (size_t i = 0; i < sizeof(reading_order); i++) {
        uint8_t reg = reading_order[i];
        bool segment = reg == REG_CS || reg == REG_SS || reg >= REG_DS;
        bool last = i % 4 == 3 || i + 1 == sizeof(reading_order);
        printf("  %8s %0*" PRIx64 "%s", register_names[reg], segment ? 4 : 16, registers->values[reg], last ? "\n" : segment ? "            " : "");
    }
    print_call(registers);
    if (registers->xsave_size >= XSAVE_MINIMUM)
        print_vectors(registers);
}

void show_regs(struct dump *dump)
{
    struct registers registers;
    struct note_cursor cursor = {0};
    size_t threads = 0;
    for (; registers_next(&dump->image, &cursor, &registers); threads++)
        print_thread(dump, &registers);
    if (threads == 0)
        show_none("registers");
}

void json_regs(struct dump *dump)
{
    struct registers registers;
    struct note_cursor cursor = {0};
    cli_json_list(&dump->json, "registers");
    while (registers_next(&dump->image, &cursor, &registers)) {
        cli_json_object(&dump->json, NULL);
        cli_json_int(&dump->json, "process", registers.process);
        cli_json_int(&dump->json, "tid", registers.tid);
        for (size_t i = 0; i < REG_COUNT; i++) {
            char text[24];
            snprintf(text, sizeof(text), "0x%" PRIx64, registers.values[i]);
            cli_json_string(&dump->json, register_names[i], text);
        }
        cli_json_base64(&dump->json, "xsave", registers.xsave, registers.xsave_size);
        cli_json_end_object(&dump->json);
    }
    cli_json_end_list(&dump->json);
}
