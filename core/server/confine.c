/* What a worker gives up: it hosts code of others, so a hole in the interpreter
 * or a library must not lead further than the organisations of this process.
 *
 * seccomp refuses system calls that a worker never makes, above all those that
 * reach the network or start a program (refused with EPERM: a library that only
 * tries goes on), and ends the process at those that nobody tries by accident.
 * Landlock, where the kernel has it, refuses to execute a file, to make devices
 * and sockets, to rename into another folder, and signals to other processes. It does not say which
 * files may be read and written: imports, exports and scripts name files anywhere, and the server
 * opens them with the rights of its user. */
#include "server/confine_internal.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "baton/base/buf.h"
#include "baton/base/log.h"
#include "baton/server/server.h"

/* ---- seccomp ---- */

#if defined(__x86_64__)
#define CONFINE_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define CONFINE_ARCH AUDIT_ARCH_AARCH64
#endif

#ifdef CONFINE_ARCH
static const uint16_t confine_refused[] = {
    /* the network */
    SYS_socket,
    SYS_connect,
    SYS_bind,
    SYS_listen,
    SYS_accept,
    SYS_accept4,
    /* other programs */
    SYS_execve,
    SYS_execveat,
#ifdef SYS_fork
    SYS_fork,
    SYS_vfork,
#endif
    /* other processes and the machine */
    SYS_add_key,
    SYS_request_key,
    SYS_keyctl,
    SYS_perf_event_open,
    SYS_userfaultfd,
    SYS_kcmp,
    SYS_io_uring_setup,
    SYS_pidfd_getfd,
    SYS_chroot,
    SYS_unshare,
    SYS_umount2,
    SYS_swapon,
    SYS_swapoff,
    SYS_acct,
    SYS_syslog,
    SYS_settimeofday,
    SYS_clock_settime,
    SYS_adjtimex,
    SYS_sethostname,
    SYS_setdomainname,
    SYS_open_tree,
    SYS_fsopen,
    SYS_fspick,
    SYS_open_by_handle_at,
};

static const uint16_t confine_fatal[] = {
#ifndef __SANITIZE_ADDRESS__ /* which looks for leaks that way */
    SYS_ptrace,
#endif
    SYS_process_vm_readv,
    SYS_process_vm_writev,
    SYS_mount,
    SYS_pivot_root,
    SYS_move_mount,
    SYS_setns,
    SYS_bpf,
    SYS_init_module,
    SYS_finit_module,
    SYS_delete_module,
    SYS_kexec_load,
    SYS_reboot,
};

enum {
    CONFINE_REFUSED = sizeof confine_refused / sizeof *confine_refused,
    CONFINE_FATAL = sizeof confine_fatal / sizeof *confine_fatal,
    CONFINE_STEPS = 8 + 2 * (CONFINE_REFUSED + CONFINE_FATAL)
};

struct confine_filter {
    struct sock_filter steps[CONFINE_STEPS];
    unsigned short count;
};

static void confine_step(struct confine_filter *f, struct sock_filter step)
{
    f->steps[f->count++] = step;
}

/* If the number is this one (or, by `jump` BPF_JGE, above it): that is its fate. */
static void confine_rule(struct confine_filter *f, uint16_t jump, uint32_t number, uint32_t fate)
{
    confine_step(f, (struct sock_filter)BPF_JUMP(BPF_JMP | jump | BPF_K, number, 0, 1));
    confine_step(f, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, fate));
}

static void confine_load(struct confine_filter *f, uint32_t offset)
{
    confine_step(f, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset));
}

static int confine_calls(void)
{
    struct confine_filter f = { .count = 0 };
    confine_load(&f, offsetof(struct seccomp_data, arch));
    confine_step(&f, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, CONFINE_ARCH, 1, 0));
    confine_step(&f, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS));
    confine_load(&f, offsetof(struct seccomp_data, nr));
    for (size_t i = 0; i < CONFINE_REFUSED; i++)
        confine_rule(&f, BPF_JEQ, confine_refused[i], SECCOMP_RET_ERRNO | EPERM);
    for (size_t i = 0; i < CONFINE_FATAL; i++)
        confine_rule(&f, BPF_JEQ, confine_fatal[i], SECCOMP_RET_KILL_PROCESS);
    /* Numbers of another table of calls (x32), where the lists above would not apply. */
    confine_rule(&f, BPF_JGE, 0x40000000, SECCOMP_RET_ERRNO | ENOSYS);
    confine_step(&f, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
    struct sock_fprog program = { .len = f.count, .filter = f.steps };
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) == 0
               ? 0
               : -errno;
}

static bool confine_has_seccomp(void)
{
    uint32_t action = SECCOMP_RET_KILL_PROCESS;
    return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}
#else
static int confine_calls(void)
{
    return -ENOSYS;
}

static bool confine_has_seccomp(void)
{
    return false;
}
#endif

/* ---- Landlock ---- */

/* As the newest kernel has it: <linux/landlock.h> of Debian 12 ends before the second member, and a
 * kernel is told the size that it knows. */
struct confine_ruleset {
    uint64_t files, network, scoped;
};
enum {
    CONFINE_EXECUTE = 1 << 0,
    CONFINE_MAKE_CHAR = 1 << 6,
    CONFINE_MAKE_SOCK = 1 << 9,
    CONFINE_MAKE_FIFO = 1 << 10,
    CONFINE_MAKE_BLOCK = 1 << 11,
    CONFINE_TCP = 1 << 0 | 1 << 1,    /* version 4: bind, connect */
    CONFINE_SCOPES = 1 << 0 | 1 << 1, /* version 6: abstract sockets, signals */
    CONFINE_VERSION = 1 << 0          /* asks for the version */
};

/* 0: it has none. */
static int confine_landlock_version(void)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, CONFINE_VERSION);
    return version > 0 ? (int)version : 0;
}

static int confine_files(int version)
{
    struct confine_ruleset wanted = { .files = CONFINE_EXECUTE | CONFINE_MAKE_CHAR |
                                               CONFINE_MAKE_SOCK | CONFINE_MAKE_FIFO |
                                               CONFINE_MAKE_BLOCK };
    size_t known = sizeof wanted.files;
    if (version >= 4) {
        wanted.network = CONFINE_TCP;
        known = offsetof(struct confine_ruleset, scoped);
    }
    if (version >= 6) {
        wanted.scoped = CONFINE_SCOPES;
        known = sizeof wanted;
    }
    long rules = syscall(SYS_landlock_create_ruleset, &wanted, known, 0);
    if (rules < 0)
        return -errno;
    int rc = syscall(SYS_landlock_restrict_self, rules, 0) ? -errno : 0;
    close((int)rules);
    return rc;
}

/* ---- both ---- */

static void confine_say(const char *what, int rc)
{
    if (rc)
        log_write(LOG_WARN, NULL, "a worker runs without %s: %s", what, strerror(-rc));
}

void confine__apply(void)
{
    int version = confine_landlock_version();
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) {
        confine_say("seccomp and Landlock", -errno);
        return;
    }
    if (version) /* first: the filter may stay silent about it */
        confine_say("Landlock", confine_files(version));
    if (confine_has_seccomp())
        confine_say("seccomp", confine_calls());
}

void server_confinement(struct buf *out)
{
    int version = confine_landlock_version();
    buf_puts(out, confine_has_seccomp() ? "seccomp: on; " : "seccomp: not in this kernel; ");
    if (version)
        buf_printf(out, "Landlock: on (version %d)", version);
    else
        buf_puts(out, "Landlock: not in this kernel");
}
