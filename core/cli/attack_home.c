/* The scratch home of the attacks, and the server that serves it: the program
 * that runs here, a second time.
 *
 * The server dies with us, whatever ends us (PR_SET_PDEATHSIG); what it logs
 * goes to serve.log of the home, which is looked at in the end. */
#include "cli/attack_run_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "baton/base/error.h"
#include "baton/base/memory.h"
#include "baton/host/home.h"
#include "cli/cli_internal.h"

enum { HOME_START_MS = 20000, HOME_STOP_MS = 5000, HOME_READY_FD = 3 };

/* One worker: what one organisation does must not hurt another in the same process either. */
static const char home_ini[] = "[home]\nplugins = plugins\nsocket = baton.sock\nlog = info\n"
                               "sleep_after = 2 seconds\nworkers = 1\n";
static const char home_plugin_ini[] =
    "[plugin]\nname = %s\nversion = 1.0.0\napi = 1\n"
    "permissions = people, partners, services, locations, staff, messages, timers, consents\n";
static const char home_works[] = "baton.command('works', {}, function() return 'well' end)\n";

/* ---- files ---- */

static int home_write(const struct attack_run *run, const char *name, const char *text,
                      struct error *e)
{
    struct buf path = BUF_INIT;
    buf_printf(&path, "%s/%s", run->dir, name);
    for (char *p = path.data + strlen(run->dir) + 1; (p = strchr(p, '/')); p++) {
        *p = '\0';
        mkdir(path.data, 0700);
        *p = '/';
    }
    FILE *file = fopen(path.data, "we");
    bool good = file && fputs(text, file) >= 0;
    good = file && fclose(file) == 0 && good;
    int rc = good ? 0 : error_set(e, ERROR_IO, "can't write %s: %s", path.data, strerror(errno));
    buf_free(&path);
    return rc;
}

static int home_write_plugin(const struct attack_run *run, const char *dir, const char *name,
                             const char *lua, struct error *e)
{
    struct buf path = BUF_INIT, ini = BUF_INIT;
    buf_printf(&path, "%s/plugins/%s/plugin.ini", dir, name);
    buf_printf(&ini, home_plugin_ini, name);
    int rc = home_write(run, path.data, ini.data, e);
    buf_clear(&path);
    buf_printf(&path, "%s/plugins/%s/init.lua", dir, name);
    if (!rc)
        rc = home_write(run, path.data, lua, e);
    buf_free(&path);
    buf_free(&ini);
    return rc;
}

static int home_remove(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st;
    (void)flag;
    (void)ftw;
    return remove(path);
}

/* ---- organisations ---- */

/* The function of the attack, and `run`, which keeps what it returns for the command "last". */
static void plugin_head(const struct attack *a, struct buf *out)
{
    const char *args = a->place == ATTACK_HANDLER                              ? "event, row"
                       : a->place == ATTACK_GUARD || a->place == ATTACK_EFFECT ? "r, call"
                       : a->place == ATTACK_JOB || a->place == ATTACK_MAIN     ? "..."
                                                                               : "args";
    buf_printf(out,
               "local function attack(%s)\n%s\nend\nlocal last\n"
               "local function run(...) local a, b = attack(...) last = a return a, b end\n"
               "baton.command('last', {}, function() return tostring(last) end)\n",
               args, a->lua);
}

static void plugin_text(const struct attack *a, struct buf *out)
{
    static const char flow[] =
        "baton.workflow{ name = 'w', stages = { {name = 'a'}, {name = 'b', final = true, outcome = "
        "'b'} },\n  transitions = { { name = 'go', from = 'a', to = 'b'%s } } }\n";
    const char *hook = a->place == ATTACK_GUARD ? ", guard = function(...) local a, b = run(...) "
                                                  "return a ~= false, b end"
                       : a->place == ATTACK_EFFECT ? ", effect = run"
                                                   : "";
    if (a->place == ATTACK_MAIN && a->end != ATTACK_HARMLESS) {
        buf_puts(out, a->lua);
        return;
    }
    plugin_head(a, out);
    buf_printf(out, flow, hook);
    if (a->place == ATTACK_MAIN)
        buf_puts(out, "run()\n");
    else if (a->place == ATTACK_HANDLER)
        buf_puts(out, "baton.on('referral.opened', run)\n");
    else if (a->place == ATTACK_JOB)
        buf_puts(out, "baton.job('attack', {every = '1 minute'}, run)\n");
    else if (a->place == ATTACK_COMMAND)
        buf_puts(out, "baton.command('attack', {}, run)\n");
    else if (a->place == ATTACK_REPORT)
        buf_puts(out, "baton.report('attack', {}, run)\n");
}

/* Filling memory takes a while, and what is to go well is not to be stopped on a busy machine. */
int attack__call_ms(const struct attack *a)
{
    if (!a || a->end != ATTACK_STOPPED || a->place == ATTACK_GUARD || a->place == ATTACK_EFFECT ||
        a->place == ATTACK_HANDLER)
        return ATTACK_CALL_MS;
    return a->group == ATTACK_GROUP_MEMORY ? ATTACK_FILL_MS : ATTACK_BRIEF_MS;
}

int attack__add_org(struct attack_run *run, const char *org, const struct attack *a,
                    struct error *e)
{
    bool plugin = a && a->place != ATTACK_SESSION && a->place != ATTACK_SCRIPT;
    struct buf dir = BUF_INIT, text = BUF_INIT;
    buf_printf(&dir, "orgs/%s", org);
    int rc = home_add_org(run->home, org, NULL, e);
    if (!rc && plugin) {
        plugin_text(a, &text);
        rc = home_write_plugin(run, dir.data, "attack", text.data, e);
    }
    buf_clear(&text);
    buf_printf(&text,
               "[org]\ntitle = %s\nclock = movable\nplugins = %sworks\n[limits]\ncall_ms = %d\n",
               org, plugin ? "attack, " : "", attack__call_ms(a));
    buf_puts(&dir, "/org.ini");
    if (!rc)
        rc = home_write(run, dir.data, text.data, e);
    buf_free(&dir);
    buf_free(&text);
    return rc;
}

/* ---- the server ---- */

static void server_child(const struct attack_run *run, int ready)
{
    char log_path[sizeof run->dir + 16];
    snprintf(log_path, sizeof log_path, "%s/serve.log", run->dir);
    int log = open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setpgid(0, 0); /* a Ctrl-C is ours to handle */
    if (log < 0 || null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0 ||
        dup2(log, STDERR_FILENO) < 0)
        _exit(CLI_IO);
    if (ready == HOME_READY_FD)
        fcntl(ready, F_SETFD, 0);
    else
        dup2(ready, HOME_READY_FD);
    execl("/proc/self/exe", "baton", "--home", run->dir, "serve", "--log", "info", "--ready-fd",
          "3", (char *)NULL);
    _exit(CLI_IO);
}

int attack__start_server(struct attack_run *run, struct error *e)
{
    int fds[2];
    char ready;
    if (pipe2(fds, O_CLOEXEC))
        return error_set(e, ERROR_IO, "can't make a pipe: %s", strerror(errno));
    fflush(stdout);
    run->server = fork();
    if (run->server == 0)
        server_child(run, fds[1]);
    close(fds[1]);
    struct pollfd polled = { .fd = fds[0], .events = POLLIN };
    bool listens =
        run->server > 0 && poll(&polled, 1, HOME_START_MS) == 1 && read(fds[0], &ready, 1) == 1;
    close(fds[0]);
    if (listens)
        return 0;
    attack__stop_server(run);
    return error_set(e, ERROR_IO, "the server of the scratch home %s does not start: see serve.log",
                     run->dir);
}

void attack__stop_server(struct attack_run *run)
{
    if (run->server <= 0)
        return;
    kill(run->server, SIGTERM);
    for (int waited_ms = 0; waitpid(run->server, NULL, WNOHANG) == 0; waited_ms += 10) {
        if (waited_ms == HOME_STOP_MS)
            kill(run->server, SIGKILL);
        usleep(10000);
    }
    run->server = 0;
}

static int64_t starved_of(long pid)
{
    char path[64];
    long long ran_ns, waited_ns = 0;
    snprintf(path, sizeof path, "/proc/%ld/schedstat", pid);
    FILE *file = fopen(path, "re");
    if (!file || fscanf(file, "%lld %lld", &ran_ns, &waited_ns) != 2)
        waited_ns = 0;
    if (file)
        fclose(file);
    return waited_ns / 1000000;
}

int64_t attack__starved_ms(const struct attack_run *run)
{
    char path[96];
    long child;
    int64_t total = starved_of(getpid()) + starved_of(run->server);
    snprintf(path, sizeof path, "/proc/%ld/task/%ld/children", (long)run->server,
             (long)run->server);
    FILE *file = fopen(path, "re");
    while (file && fscanf(file, "%ld", &child) == 1)
        total += starved_of(child);
    if (file)
        fclose(file);
    return total;
}

/* ---- all of it ---- */

static int home_fill(struct attack_run *run, struct error *e)
{
    char *shipped = place_plugins();
    int rc = home_init(run->dir, e);
    if (!rc)
        rc = home_write(run, "baton.ini", home_ini, e);
    if (!rc)
        rc = home_write_plugin(run, ".", "works", home_works, e);
    if (!rc)
        rc = home_write(run, "work/secret.txt", "nobody's business\n", e);
    if (!rc)
        rc = home_open(&run->home, run->dir, shipped, e);
    if (!rc)
        rc = attack__add_org(run, "witness", NULL, e);
    mem_free(shipped);
    return rc;
}

int attack__home_open(struct attack_run *run, struct error *e)
{
    const char *tmp = getenv("TMPDIR");
    int n = snprintf(run->dir, sizeof run->dir - 16, "%s/baton-attack-XXXXXX",
                     tmp && *tmp ? tmp : "/tmp");
    if (n >= (int)sizeof run->dir - 16 || !mkdtemp(run->dir)) {
        run->dir[0] = '\0';
        return error_set(e, ERROR_IO, "can't make a scratch home in %.200s: %s", tmp ? tmp : "/tmp",
                         strerror(errno));
    }
    return home_fill(run, e);
}

void attack__home_close(struct attack_run *run)
{
    attack__stop_server(run);
    home_close(run->home);
    run->home = NULL;
    if (run->dir[0])
        nftw(run->dir, home_remove, 16, FTW_DEPTH | FTW_PHYS);
}
