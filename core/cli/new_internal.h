/* What `baton new` writes: new_templates.c. "{{name}}" and "{{title}}" are filled in. */
#ifndef CLI_NEW_INTERNAL_H
#define CLI_NEW_INTERNAL_H

struct new_file {
    const char *path; /* below the folder; {{name}} too */
    const char *text;
};
/* Ended by path NULL. */
extern const struct new_file new_plugin_files[], new_workflow_files[], new_script_files[];

#endif
