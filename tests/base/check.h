/* What the tests of this room share. Include it first: cmocka wants its headers in this order. */
#ifndef BATON_TESTS_BASE_CHECK_H
#define BATON_TESTS_BASE_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "baton/base/buf.h"
#include "baton/base/error.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))

/* The buffer holds exactly `text`; it is emptied for the next case. */
static inline void check_buf(struct buf *b, const char *text)
{
    assert_string_equal(buf_text(b), text);
    assert_int_equal(b->len, strlen(text));
    buf_clear(b);
}

/* The call failed with `code`, and its message holds `part`. */
static inline void check_error(int rc, const struct error *e, enum error_code code,
                               const char *part)
{
    assert_int_equal(rc, -(int)code);
    assert_int_equal(e->code, code);
    if (!strstr(e->message, part))
        fail_msg("\"%s\" is not in \"%s\"", part, e->message);
}

#endif
