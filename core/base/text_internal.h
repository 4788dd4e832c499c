/* UTF-8 steps shared by the files of this room. */
#ifndef BATON_CORE_BASE_TEXT_INTERNAL_H
#define BATON_CORE_BASE_TEXT_INTERNAL_H

#include <stddef.h>
#include <stdint.h>

struct buf;

/* Length of the valid sequence (Unicode table 3-7: no overlong forms, no surrogates) that starts
 * at p, or 0. n > 0. */
static inline size_t text__utf8_length(const unsigned char *p, size_t n)
{
    if (p[0] < 0x80)
        return 1;
    if (p[0] < 0xC2 || p[0] > 0xF4 || n < 2)
        return 0;
    unsigned low = 0x80, high = 0xBF;
    if (p[0] == 0xE0)
        low = 0xA0;
    else if (p[0] == 0xED)
        high = 0x9F;
    else if (p[0] == 0xF0)
        low = 0x90;
    else if (p[0] == 0xF4)
        high = 0x8F;
    if (p[1] < low || p[1] > high)
        return 0;
    size_t length = p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : 4;
    if (n < length)
        return 0;
    for (size_t i = 2; i < length; i++) {
        if ((p[i] & 0xC0) != 0x80)
            return 0;
    }
    return length;
}

/* The code point of a valid sequence of `length` bytes. */
static inline uint32_t text__utf8_decode(const unsigned char *p, size_t length)
{
    static const unsigned char first_mask[] = { 0, 0x7F, 0x1F, 0x0F, 0x07 };
    uint32_t code = p[0] & first_mask[length];
    for (size_t i = 1; i < length; i++)
        code = code << 6 | (p[i] & 0x3Fu);
    return code;
}

/* Appends a code point; one that cannot be encoded as U+FFFD. */
void text__utf8_put(struct buf *out, uint32_t code);

#endif
