/* The table of commands: one entry for each cmd_*.c, in the order of the help. */
#include "cli/cli_internal.h"

#include <string.h>

#include "baton/base/buf.h"
#include "baton/base/text.h"

static const struct command *const commands[] = {
    &command_init,
    &command_org_add,
    &command_org_list,
    &command_org_show,
    &command_repl,
    &command_run,
    &command_call,
    &command_report,
    &command_test,
    &command_import,
    &command_export,
    &command_serve,
    &command_status,
    &command_reload,
    &command_stop,
    &command_audit,
    &command_doctor,
    &command_version,
    &command_help,
    &command_reference,
    &command_check,
    &command_graph,
    &command_new,
    &command_explain,
    &command_migrate,
    &command_replay,
    &command_clock,
    &command_calendar_show,
    &command_calendar_preview,
    &command_backup,
    &command_restore,
    &command_org_export,
    &command_org_erase,
    &command_person_show,
    &command_person_erase,
    &command_audit_checkpoint,
    &command_audit_key,
    &command_plugin_list,
    &command_plugin_on,
    &command_plugin_off,
    &command_worker,
};
enum { COMMANDS = sizeof commands / sizeof commands[0] };

const struct command *command_at(size_t index)
{
    return index < COMMANDS ? commands[index] : NULL;
}

const struct command *command_named(const char *name)
{
    for (size_t i = 0; i < COMMANDS; i++)
        if (!strcmp(commands[i]->name, name))
            return commands[i];
    return NULL;
}

bool command_is_group(const char *word)
{
    size_t n = strlen(word);
    for (size_t i = 0; i < COMMANDS; i++)
        if (!strncmp(commands[i]->name, word, n) && commands[i]->name[n] == ' ')
            return true;
    return false;
}

int command_unknown(const char *word, struct error *e)
{
    const char *names[COMMANDS + 1];
    size_t count = 0;
    for (size_t i = 0; i < COMMANDS; i++)
        if (!commands[i]->hidden)
            names[count++] = commands[i]->name;
    names[count] = NULL;
    struct buf near = BUF_INIT;
    text_suggest(word, names, &near);
    error_set(e, ERROR_INVALID, "unknown command \"%s\"%s", word,
              near.len ? buf_text(&near) : ", see baton help");
    buf_free(&near);
    return -ERROR_INVALID;
}
