/* The diary of disk.c, as image.c reads it. */
#ifndef CRASH_DISK_INTERNAL_H
#define CRASH_DISK_INTERNAL_H

#include "baton/base/buf.h"
#include "disk.h"

enum op_kind { OP_CREATE, OP_WRITE, OP_TRUNCATE, OP_SYNC, OP_DELETE, OP_DELETE_SYNC };

struct op {
    enum op_kind kind;
    size_t inode;
    int64_t offset; /* OP_TRUNCATE: the size */
    size_t len;
    uint8_t *data;
};

struct diary {
    struct op *ops;
    size_t count, room;
    char **names;  /* of inodes */
    bool *current; /* the inode still has its name */
    size_t inode_count;
};
struct diary *disk__diary(void);

#endif
