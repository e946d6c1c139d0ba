#include "text.h"

#include <stdint.h>
#include <string.h>

/* Decodes one character; returns its length in bytes, 0 if it is not UTF-8 (overlong forms and
 * surrogates are not). */
static size_t decode(const unsigned char *s, uint32_t *point)
{
    static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    size_t length;
    uint32_t value;
    if (s[0] < 0x80) {
        *point = s[0];
        return 1;
    }
    if ((s[0] & 0xE0) == 0xC0) {
        length = 2;
        value = s[0] & 0x1Fu;
    } else if ((s[0] & 0xF0) == 0xE0) {
        length = 3;
        value = s[0] & 0x0Fu;
    } else if ((s[0] & 0xF8) == 0xF0) {
        length = 4;
        value = s[0] & 0x07u;
    } else {
        return 0;
    }
    for (size_t i = 1; i < length; i++) {
        if ((s[i] & 0xC0) != 0x80)
            return 0;
        value = value << 6 | (s[i] & 0x3Fu);
    }
    if (value < least[length] || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF))
        return 0;
    *point = value;
    return length;
}

static size_t columns_of(uint32_t point)
{
    const int wide = (point >= 0x1100 && point <= 0x115F) || (point >= 0x2E80 && point <= 0xA4CF) ||
                     (point >= 0xAC00 && point <= 0xD7A3) || (point >= 0xF900 && point <= 0xFAFF) ||
                     (point >= 0xFE30 && point <= 0xFE6F) || (point >= 0xFF00 && point <= 0xFF60) ||
                     (point >= 0x1F300 && point <= 0x1FAFF) ||
                     (point >= 0x20000 && point <= 0x3FFFD);
    const int combining = point >= 0x300 && point <= 0x36F;
    return combining ? 0 : wide ? 2 : 1;
}

int oss_text_measure(const char *text, oss_text_size *size)
{
    oss_text_size out = { 0, 0, 1, 0 };
    size_t line = 0;
    for (const unsigned char *s = (const unsigned char *) text; *s;) {
        if (*s >= 0x20 && *s < 0x7F) {
            line++;
            out.units++;
            s++;
            continue;
        }
        uint32_t point;
        const size_t length = decode(s, &point);
        if (!length || point == 0xFFFE || point == 0xFFFF)
            return 0;
        s += length;
        out.units += point > 0xFFFF ? 2 : 1;
        if (point == '\n') {
            if (line > out.width)
                out.width = line;
            line = 0;
            out.lines++;
        } else {
            if (point < 0x20 && point != '\t')
                out.control = 1;
            line += columns_of(point);
        }
    }
    if (line > out.width)
        out.width = line;
    *size = out;
    return 1;
}

const char *oss_text_line(const char *text, size_t width, const char **next)
{
    const char *s = text, *space = NULL;
    size_t used = 0;
    while (*s && *s != '\n') {
        uint32_t point;
        size_t length = decode((const unsigned char *) s, &point);
        if (!length) { /* not reached on valid text; keeps the loop moving */
            length = 1;
            point = '?';
        }
        used += columns_of(point);
        if (*s == ' ')
            space = s > text && s[-1] == ' ' ? space : s;
        else if (used > width && s > text)
            break;
        s += length;
    }
    if (!*s) {
        *next = NULL;
        return s;
    }
    if (*s == '\n') {
        *next = s + 1;
        return s;
    }
    const char *end = space && space > text ? space : s;
    const char *start = end;
    while (*start == ' ')
        start++;
    *next = *start ? start : NULL;
    return end;
}

static int is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F') || (c >= 'a' && c <= 'f');
}

static int escape_at(const char *s)
{
    return s[0] == '_' && s[1] == 'x' && is_hex(s[2]) && is_hex(s[3]) && is_hex(s[4]) &&
           is_hex(s[5]) && s[6] == '_';
}

int oss_text_has_escape(const char *text)
{
    for (const char *s = strstr(text, "_x"); s; s = strstr(s + 1, "_x"))
        if (escape_at(s))
            return 1;
    return 0;
}

void oss_text_escape(const char *text, char *out)
{
    for (const char *s = text; *s; s++) {
        if (escape_at(s)) {
            memcpy(out, "_x005F_", 7);
            out += 7;
        } else {
            *out++ = *s;
        }
    }
    *out = '\0';
}
