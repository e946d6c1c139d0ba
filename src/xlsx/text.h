#ifndef OSS_TEXT_H
#define OSS_TEXT_H

#include <stddef.h>

/* What a cell has to know of its text. */
typedef struct {
    size_t units; /* UTF-16 code units, by which Excel counts */
    size_t width; /* widest line in columns: a wide East Asian character takes two */
    size_t lines; /* 1 + number of newlines */
    int control;  /* holds a control character other than newline and tab */
} oss_text_size;

/* 0 if the text is not UTF-8 or holds U+FFFE or U+FFFF, which XML cannot; else 1. O(bytes). */
int oss_text_measure(const char *text, oss_text_size *size);

/* The next line of a paragraph that is wrapped to `width` columns (at least 1): returns its end,
 * and in *next the start of the line after it, NULL after the last. Breaks at spaces and newlines,
 * else within a word that is too long. `text` must be valid UTF-8. */
const char *oss_text_line(const char *text, size_t width, const char **next);

/* 1 if the text holds what Excel would read as an escaped character, such as "_x0041_". */
int oss_text_has_escape(const char *text);

/* Copies the text with each such "_" written as "_x005F_". `out` has room for 7 * strlen(text) + 1.
 */
void oss_text_escape(const char *text, char *out);

#endif
