/* A program that checkpoints itself when it is told to, from its main loop: the handler only sets a reminder. ^E does that under `checkpt run`, or kill(1):
 *
 *     cc -o iterate iterate.c -lcheckpt
 *     checkpt run ./iterate            and type ^E
 *     checkpt -r x.ckpt
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/checkpoint.h>
#include <unistd.h>

static volatile sig_atomic_t wanted;

static void remind(int number)
{
    (void)number;
    wanted = 1;
}

/* To a new file that takes the name once it is whole: after a thaw memory is mapped from the old one. */
static void checkpoint(void)
{
    int image = open("x.ckpt.new", O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (image < 0) {
        printf("x.ckpt.new: %s\n", strerror(errno));
        return;
    }
    switch (sys_checkpoint(CKPT_FREEZE, image, -1, -1)) {
    case -1:
        printf("not checkpointed: %s\n", strerror(errno));
        break;
    case 0:
        if (rename("x.ckpt.new", "x.ckpt") == 0)
            printf("checkpointed, going on\n");
        break;
    default:
        printf("resuming from checkpoint.\n");
    }
    close(image); /* which in the resumed program leads to the image */
}

int main(void)
{
    signal(SIGCKPT, remind);
    for (int i = 0;; i++) {
        printf("iteration: %d\n", i);
        fflush(stdout);
        sleep(1);
        if (wanted) {
            wanted = 0;
            checkpoint();
            fflush(stdout);
        }
    }
}
