#include "checkpt/arch/x86_64/newcomer.h"

#include <signal.h>
#include <string.h>

#include "checkpt/listen/default_action.h"

extern const unsigned char newcomer_handler[], newcomer_restorer[];

_Static_assert(sizeof(struct newcomer_detour) == NEWCOMER_DETOUR_SIZE && offsetof(struct newcomer_detour, home) == NEWCOMER_HOME &&
                   offsetof(struct newcomer_detour, start) == NEWCOMER_START && offsetof(struct newcomer_detour, length) == NEWCOMER_LENGTH &&
                   offsetof(struct newcomer_detour, protection) == NEWCOMER_PROTECTION,
               "the detour knows its struct by offsets");
_Static_assert(sizeof(struct newcomer_page) == NEWCOMER_PAGE_DATA_SIZE && offsetof(struct newcomer_page, back) == NEWCOMER_BACK &&
                   offsetof(struct newcomer_page, freed) == NEWCOMER_FREED && offsetof(struct newcomer_page, unclean) == NEWCOMER_UNCLEAN &&
                   offsetof(struct newcomer_page, name) == NEWCOMER_NAME,
               "the page's code knows its struct by offsets");

enum { RESTORER_FLAG = 0x04000000 }; /* SA_RESTORER */

/* jmp *0(%rip), and its operand */
static const unsigned char indirect[] = {0xff, 0x25, 0, 0, 0, 0};
_Static_assert(sizeof(indirect) + sizeof(uint64_t) == NEWCOMER_JUMP_SIZE, "the jump's size");

void newcomer_jump(unsigned char jump[NEWCOMER_JUMP_SIZE], uint64_t to)
{
    memcpy(jump, indirect, sizeof(indirect));
    memcpy(jump + sizeof(indirect), &to, sizeof(to));
}

bool newcomer_is_jump(const unsigned char *bytes)
{
    return memcmp(bytes, indirect, sizeof(indirect)) == 0;
}

void newcomer_page_build(unsigned char *bytes, uint64_t page, const struct newcomer_detour *detour, uint64_t unclean, uint64_t freed)
{
    const struct newcomer_page data = {
        .action = {
            .handler = page + (uint64_t)(newcomer_handler - newcomer_page),
            .flags = RESTORER_FLAG | SA_RESTART | SA_ONSTACK,
            .restorer = page + (uint64_t)(newcomer_restorer - newcomer_page),
            .mask = ~0ull,
        },
        .back = detour->home,
        .freed = freed,
        .unclean = unclean,
        .name = "checkpt: default action",
    };
    memset(bytes, 0, NEWCOMER_PAGE_SIZE);
    memcpy(bytes, newcomer_page, newcomer_page_code());
    memcpy(bytes + newcomer_page_code(), &data, sizeof(data));
}
