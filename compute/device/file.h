/* Small files that appear whole or not at all. */
#ifndef CX_FILE_H
#define CX_FILE_H

#include <stdbool.h>
#include <stddef.h>

/* Makes a folder and its parents. False, with errno, when it can't. */
bool cx_file_make_folders(const char *path);

/* Reads exactly BYTES from an open file. */
bool cx_file_read(int fd, void *data, size_t bytes);

struct cx_file_part {
    const void *data;
    size_t bytes;
};

/* Puts a file of these parts, one after the other, in the place of PATH, which is FOLDER's: by a
 * new file and a rename, so that a reader finds the old one or the new one. False, with errno and
 * nothing left behind, when it can't. Blocks until the bytes are on the disk. */
bool cx_file_replace(const char *folder, const char *path, const struct cx_file_part *parts,
                     size_t n);

#endif
