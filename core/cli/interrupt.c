/* Ctrl-C. A signal handler can reach nothing but statics, so the few there are
 * live here: which one came, and a descriptor that wakes whoever polls. */
#include "cli/cli_internal.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { INTERRUPT_PATIENCE = 3 }; /* so many while busy end the process */

static volatile sig_atomic_t interrupt_signal; /* since the last interrupt_take; 0: none */
static volatile sig_atomic_t interrupt_is_busy, interrupt_times;
static void (*volatile interrupt_stop)(void *context);
static void *volatile interrupt_context;
static volatile sig_atomic_t interrupt_fd = -1;
static int interrupt_depth; /* opened so many times more than closed */

static void interrupt_handle(int signal_number)
{
    int saved = errno;
    interrupt_signal = signal_number;
    if (interrupt_is_busy) {
        if (++interrupt_times >= INTERRUPT_PATIENCE)
            _exit(CLI_INTERRUPTED);
        if (interrupt_stop)
            interrupt_stop(interrupt_context);
    }
    if (interrupt_fd >= 0) {
        uint64_t one = 1;
        ssize_t ignored = write(interrupt_fd, &one, sizeof one);
        (void)ignored; /* full: it is readable already */
    }
    errno = saved;
}

int interrupt_open(void)
{
    if (interrupt_depth++ > 0)
        return interrupt_fd;
    interrupt_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct sigaction action = { .sa_handler = interrupt_handle, .sa_flags = SA_RESTART };
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    return interrupt_fd;
}

void interrupt_close(void)
{
    if (--interrupt_depth > 0)
        return;
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    if (interrupt_fd >= 0)
        close(interrupt_fd);
    interrupt_fd = -1;
    interrupt_signal = 0;
    interrupt_rest();
}

void interrupt_busy(void (*stop)(void *context), void *context)
{
    interrupt_times = 0;
    interrupt_context = context;
    interrupt_stop = stop;
    interrupt_is_busy = 1;
}

void interrupt_rest(void)
{
    interrupt_is_busy = 0;
    interrupt_stop = NULL;
}

int interrupt_take(void)
{
    int was = interrupt_signal;
    interrupt_signal = 0;
    if (interrupt_fd >= 0) {
        uint64_t drained;
        ssize_t ignored = read(interrupt_fd, &drained, sizeof drained);
        (void)ignored;
    }
    return was;
}
