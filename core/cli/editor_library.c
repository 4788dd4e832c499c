/* Finds libedit and its functions by name. */
#include "cli/editor_library_internal.h"

#include <dlfcn.h>
#include <string.h>

#include "baton/base/error.h"

static const char *const library_names[] = { "libedit.so.2", "libedit.so.0", "libedit.so" };
enum { LIBRARY_NAMES = sizeof library_names / sizeof *library_names };

int editor_library_load(struct editor_library *out, struct error *e)
{
    struct editor_library found;
    void *handle = NULL;
    for (size_t i = 0; !handle && i < LIBRARY_NAMES; i++)
        handle = dlopen(library_names[i], RTLD_LAZY | RTLD_GLOBAL);
    if (!handle)
        return error_set(e, ERROR_IO,
                         "libedit can't be loaded, which a REPL on a terminal needs: %s",
                         dlerror());
    void *symbol;
#define EDITOR_FUNCTION(name)                                                                      \
    if (!(symbol = dlsym(handle, #name)))                                                          \
        return error_set(e, ERROR_IO, "the libedit that is installed has no " #name);              \
    memcpy(&found.name, &symbol, sizeof symbol); /* a cast to a function is not ISO C */
    EDITOR_FUNCTIONS(EDITOR_FUNCTION)
#undef EDITOR_FUNCTION
    *out = found;
    return 0;
}

void *editor_library_client(EditLine *el)
{
    __typeof__(el_get) *get;
    void *client = NULL, *symbol = dlsym(RTLD_DEFAULT, "el_get");
    memcpy(&get, &symbol, sizeof get);
    if (get)
        get(el, EL_CLIENTDATA, &client);
    return client;
}
