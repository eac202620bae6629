// Inputs and results too large for a row: files named by what is in them, BLOBS/ab/cdef…, shared by
// equal ones. A file is on the disk before its row is committed, and removed only after the commit
// that took its last row away: a crash leaves at worst a file without a row, which the next start
// removes. Everything but reading is the writing thread's.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "agent/ledger/ledger_internal.h"

#define NAME_SIZE (2 * AGENT_HASH_SIZE + 2) // "ab/cdef…" with its NUL

static void name_of(const uint8_t *hash, char ret_name[NAME_SIZE])
{
    size_t used = 0;
    for (size_t i = 0; i < AGENT_HASH_SIZE; i++) {
        used += (size_t)snprintf(ret_name + used, NAME_SIZE - used, "%02x", hash[i]);
        if (i == 0)
            ret_name[used++] = '/';
    }
    ret_name[used] = '\0';
}

static bool hash_of(const void *bytes, size_t size, uint8_t ret_hash[AGENT_HASH_SIZE])
{
    return EVP_Digest(bytes, size, ret_hash, NULL, EVP_sha256(), NULL) == 1;
}

static bool full_write(int fd, const uint8_t *bytes, size_t size)
{
    while (size > 0) {
        ssize_t n = write(fd, bytes, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        bytes += n;
        size -= (size_t)n;
    }
    return true;
}

// Gives the part file its own name, for good. What is not surely on the disk must not have it: it
// would be taken for whole the next time.
static bool name_file(struct ledger_sqlite *ledger, const char *name, int folder)
{
    if (renameat(ledger->files_fd, "part", ledger->files_fd, name) != 0)
        return false;
    if (fsync(folder) == 0)
        return true;
    int code = errno;
    unlinkat(ledger->files_fd, name, 0);
    errno = code;
    return false;
}

// Writes under a name of nobody's, syncs, and gives it its own.
static bool write_file(struct ledger_sqlite *ledger, const char *name,
                       const struct agent_blob *blob)
{
    char part[3] = {name[0], name[1], '\0'};
    if (mkdirat(ledger->files_fd, part, 0700) == 0) {
        if (fsync(ledger->files_fd) != 0) {
            int code = errno;
            unlinkat(ledger->files_fd, part, AT_REMOVEDIR); // made again, and synced, the next time
            errno = code;
            return false;
        }
    } else if (errno != EEXIST) {
        return false;
    }
    int folder = openat(ledger->files_fd, part, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return false;
    int fd = openat(ledger->files_fd, "part", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool ok = fd >= 0 && full_write(fd, blob->bytes, blob->size) && fsync(fd) == 0;
    int code = errno;
    if (fd >= 0 && close(fd) != 0)
        ok = false;
    ok = ok && name_file(ledger, name, folder);
    code = ok ? 0 : errno != 0 ? errno : code;
    close(folder);
    errno = code;
    return ok;
}

bool agent_ledger_file_put(struct ledger_sqlite *ledger, struct ledger_entry *entry)
{
    char name[NAME_SIZE];
    struct stat there;
    if (entry->in_file || entry->blob == NULL || entry->blob->size <= ledger->inline_max)
        return true;
    if (!hash_of(entry->blob->bytes, entry->blob->size, entry->file)) {
        errno = ENOMEM;
        return false;
    }
    name_of(entry->file, name);
    // Whatever has its name has been synced, and is all of it.
    bool exists = fstatat(ledger->files_fd, name, &there, 0) == 0 &&
                  (uint64_t)there.st_size == entry->blob->size;
    if (!exists && !write_file(ledger, name, entry->blob))
        return false;
    ledger->has_files = entry->in_file = true;
    return true;
}

enum agent_status agent_ledger_file_get(const struct ledger_sqlite *ledger, const uint8_t *hash,
                                        struct agent_blob **ret_blob, struct agent_error *err)
{
    char name[NAME_SIZE];
    uint8_t found[AGENT_HASH_SIZE];
    struct stat there;
    name_of(hash, name);
    int fd = openat(ledger->files_fd, name, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &there) != 0) {
        int code = errno;
        if (fd >= 0)
            close(fd);
        return agent_error_set(err, code == ENOENT ? AGENT_ERR_CORRUPT : AGENT_ERR_IO,
                               "%s: the file %s of a job can't be read: %s", ledger->files_path,
                               name, strerror(code));
    }
    struct agent_blob *blob = agent_blob_new(NULL, (size_t)there.st_size);
    size_t used = 0;
    ssize_t n = blob != NULL ? 1 : 0;
    while (blob != NULL && used < blob->size && n > 0) {
        n = read(fd, blob->bytes + used, blob->size - used);
        used += n > 0 ? (size_t)n : 0;
    }
    close(fd);
    if (blob == NULL)
        return agent_error_set(err, AGENT_ERR_NOMEM, "out of memory");
    if (used != blob->size || !hash_of(blob->bytes, blob->size, found) ||
        memcmp(found, hash, sizeof found) != 0) {
        agent_blob_unref(blob);
        return agent_error_set(err, AGENT_ERR_CORRUPT,
                               "%s: the file %s of a job is damaged; restore it from a backup",
                               ledger->files_path, name);
    }
    *ret_blob = blob;
    return AGENT_OK;
}

// ---- removing

int agent_ledger_file_loose(struct ledger_sqlite *ledger, const void *hash, int size)
{
    if (size != AGENT_HASH_SIZE)
        return SQLITE_OK;
    if (ledger->n_loose == ledger->loose_room) {
        size_t room = ledger->loose_room == 0 ? 64 : ledger->loose_room * 2;
        uint8_t(*grown)[AGENT_HASH_SIZE] = realloc(ledger->loose, room * sizeof *grown);
        if (grown == NULL)
            return SQLITE_NOMEM;
        ledger->loose = grown;
        ledger->loose_room = room;
    }
    memcpy(ledger->loose[ledger->n_loose++], hash, AGENT_HASH_SIZE);
    return SQLITE_OK;
}

// Whether a row has this file. True, too, when that can't be found out.
static bool is_used(struct ledger_sqlite *ledger, const uint8_t *hash)
{
    sqlite3_stmt *statement = ledger->statements[LEDGER_FILE_USED];
    bool used = true;
    if (sqlite3_bind_blob(statement, 1, hash, AGENT_HASH_SIZE, SQLITE_STATIC) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW)
        used = sqlite3_column_int(statement, 0) != 0;
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return used;
}

void agent_ledger_files_drop(struct ledger_sqlite *ledger)
{
    for (size_t i = 0; i < ledger->n_loose; i++) {
        char name[NAME_SIZE];
        name_of(ledger->loose[i], name);
        if (!is_used(ledger, ledger->loose[i]))
            unlinkat(ledger->files_fd, name, 0); // what stays is removed at the next start
    }
    ledger->n_loose = 0;
}

static bool parse_hash(const char *part, const char *rest, uint8_t ret_hash[AGENT_HASH_SIZE])
{
    char hex[2 * AGENT_HASH_SIZE + 1];
    if (strlen(part) != 2 || strlen(rest) != 2 * AGENT_HASH_SIZE - 2)
        return false;
    snprintf(hex, sizeof hex, "%s%s", part, rest);
    if (strspn(hex, "0123456789abcdef") != 2 * AGENT_HASH_SIZE)
        return false;
    for (size_t i = 0; i < AGENT_HASH_SIZE; i++) {
        char byte[3] = {hex[2 * i], hex[2 * i + 1], '\0'};
        ret_hash[i] = (uint8_t)strtoul(byte, NULL, 16);
    }
    return true;
}

static void sweep_folder(struct ledger_sqlite *ledger, const char *part)
{
    int fd = openat(ledger->files_fd, part, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *folder = fd >= 0 ? fdopendir(fd) : NULL;
    if (folder == NULL) {
        if (fd >= 0)
            close(fd);
        return;
    }
    const struct dirent *entry;
    while ((entry = readdir(folder)) != NULL) {
        uint8_t hash[AGENT_HASH_SIZE];
        if (!parse_hash(part, entry->d_name, hash))
            continue; // none of ours
        if (is_used(ledger, hash))
            ledger->has_files = true;
        else
            unlinkat(fd, entry->d_name, 0);
    }
    closedir(folder);
}

enum agent_status agent_ledger_files_open(struct ledger_sqlite *ledger, struct agent_error *err)
{
    if (mkdir(ledger->files_path, 0700) != 0 && errno != EEXIST)
        return agent_error_set(err, AGENT_ERR_IO, "can't make the folder %s: %s",
                               ledger->files_path, strerror(errno));
    ledger->files_fd = open(ledger->files_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int copy = ledger->files_fd >= 0 ? dup(ledger->files_fd) : -1;
    DIR *folder = copy >= 0 ? fdopendir(copy) : NULL;
    if (folder == NULL) {
        enum agent_status status = agent_error_set(
            err, AGENT_ERR_IO, "can't read the folder %s: %s", ledger->files_path, strerror(errno));
        if (copy >= 0)
            close(copy);
        return status;
    }
    const struct dirent *entry;
    while ((entry = readdir(folder)) != NULL) {
        if (strlen(entry->d_name) == 2 && strspn(entry->d_name, "0123456789abcdef") == 2)
            sweep_folder(ledger, entry->d_name);
    }
    closedir(folder);
    unlinkat(ledger->files_fd, "part", 0);
    return AGENT_OK;
}

void agent_ledger_files_close(struct ledger_sqlite *ledger)
{
    if (ledger->files_fd >= 0)
        close(ledger->files_fd);
    free(ledger->loose);
    free(ledger->files_path);
}
