/* baton test from the inside: what is tested, how it is told, watching. */
#ifndef CLI_TEST_INTERNAL_H
#define CLI_TEST_INTERNAL_H

#include <stdbool.h>
#include <stdio.h>

#include "baton/base/buf.h"
#include "baton/base/error.h"
#include "baton/base/json.h"
#include "baton/host/suite.h"

struct cli;
struct home;
struct sources;

/* One run of all that is asked for. */
struct test {
    const struct cli *c;
    struct home *home; /* NULL: none */
    char *shipped;
    struct buf shown;   /* name of the file whose cases are printed */
    struct buf results; /* JSON of the cases, for --json */
    struct jsonw w;
    struct buf junit; /* <testcase> elements */
    size_t files;
    struct sources *watched; /* folders that were tested */
};

/* ---- test_report.c ---- */
void test_report_begin(struct test *t);
void test_report_case(void *context, const struct suite_result *r);
void test_report_output(void *context, const char *text, size_t n);
void test_report_end(struct test *t, const struct suite *s);
int test_report_junit(struct test *t, const struct suite *s, const char *path, struct error *e);

/* ---- test_watch.c ---- */
/* Waits until something below a watched folder changes (since the run began, too); false:
 * interrupted. */
bool test_watch_wait(const struct test *t);

#endif
