#include "device/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_BYTES 4096

bool cx_file_make_folders(const char *path)
{
    char part[PATH_BYTES];
    size_t n = strlen(path);
    if (n == 0 || n >= sizeof part) {
        errno = ENAMETOOLONG;
        return false;
    }
    memcpy(part, path, n + 1);
    for (char *at = part + 1; *at != '\0'; at++) {
        if (*at != '/')
            continue;
        *at = '\0';
        if (mkdir(part, 0755) != 0 && errno != EEXIST)
            return false;
        *at = '/';
    }
    return mkdir(part, 0755) == 0 || errno == EEXIST;
}

bool cx_file_read(int fd, void *data, size_t bytes)
{
    for (size_t at = 0; at < bytes;) {
        ssize_t n = read(fd, (char *)data + at, bytes - at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        at += (size_t)n;
    }
    return true;
}

static bool write_all(int fd, const void *data, size_t bytes)
{
    for (size_t at = 0; at < bytes;) {
        ssize_t n = write(fd, (const char *)data + at, bytes - at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        at += (size_t)n;
    }
    return true;
}

bool cx_file_replace(const char *folder, const char *path, const struct cx_file_part *parts,
                     size_t n)
{
    char temporary[PATH_BYTES];
    int length = snprintf(temporary, sizeof temporary, "%s/new-XXXXXX", folder);
    if (length < 0 || (size_t)length >= sizeof temporary) {
        errno = ENAMETOOLONG;
        return false;
    }
    int fd = mkstemp(temporary);
    if (fd < 0)
        return false;
    /* An agent of another user than the one who tuned or built reads it too. */
    bool written = fchmod(fd, 0644) == 0;
    for (size_t i = 0; i < n && written; i++)
        written = write_all(fd, parts[i].data, parts[i].bytes);
    written = written && fsync(fd) == 0;
    int reason = errno;
    if (close(fd) != 0 || !written || rename(temporary, path) != 0) {
        reason = written ? errno : reason;
        unlink(temporary);
        errno = reason;
        return false;
    }
    return true;
}
