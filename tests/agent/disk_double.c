#include "tests/agent/disk_double.h"

#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

struct file {
    sqlite3_file base;
    sqlite3_file *real; // behind this one
};

static sqlite3_vfs vfs;
static sqlite3_vfs *below;
static atomic_int count, mode = DISK_WORKS, begin_at;

void disk_double_set(enum disk_double_mode new_mode, int at)
{
    atomic_store(&count, 0);
    atomic_store(&begin_at, at);
    atomic_store(&mode, new_mode);
}

int disk_double_count(void)
{
    return atomic_load(&count);
}

// What happens to this write or sync: SQLITE_OK, an error, or nothing any more.
static int judge(bool *ret_tear)
{
    int now = atomic_fetch_add(&count, 1) + 1, at = atomic_load(&begin_at);
    switch (atomic_load(&mode)) {
    case DISK_ENDS:
        if (now == at)
            _exit(9);
        return SQLITE_OK;
    case DISK_TEARS:
        *ret_tear = now == at;
        return SQLITE_OK;
    case DISK_FAILS:
        return now >= at ? SQLITE_IOERR_WRITE : SQLITE_OK;
    case DISK_FULL:
        return now >= at ? SQLITE_FULL : SQLITE_OK;
    default:
        return SQLITE_OK;
    }
}

static sqlite3_file *real_of(sqlite3_file *file)
{
    return ((struct file *)file)->real;
}

static int file_write(sqlite3_file *file, const void *bytes, int size, sqlite3_int64 offset)
{
    bool tear = false;
    int status = judge(&tear);
    if (status != SQLITE_OK)
        return status;
    if (tear) {
        real_of(file)->pMethods->xWrite(real_of(file), bytes, size / 2, offset);
        _exit(9);
    }
    return real_of(file)->pMethods->xWrite(real_of(file), bytes, size, offset);
}

static int file_sync(sqlite3_file *file, int flags)
{
    bool tear = false;
    int status = judge(&tear);
    if (tear)
        _exit(9);
    return status == SQLITE_OK     ? real_of(file)->pMethods->xSync(real_of(file), flags)
           : status == SQLITE_FULL ? status
                                   : SQLITE_IOERR_FSYNC;
}

static int file_close(sqlite3_file *file)
{
    return real_of(file)->pMethods->xClose(real_of(file));
}

static int file_read(sqlite3_file *file, void *bytes, int size, sqlite3_int64 offset)
{
    return real_of(file)->pMethods->xRead(real_of(file), bytes, size, offset);
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    return real_of(file)->pMethods->xTruncate(real_of(file), size);
}

static int file_size(sqlite3_file *file, sqlite3_int64 *ret_size)
{
    return real_of(file)->pMethods->xFileSize(real_of(file), ret_size);
}

static int file_lock(sqlite3_file *file, int lock)
{
    return real_of(file)->pMethods->xLock(real_of(file), lock);
}

static int file_unlock(sqlite3_file *file, int lock)
{
    return real_of(file)->pMethods->xUnlock(real_of(file), lock);
}

static int file_reserved(sqlite3_file *file, int *ret_is)
{
    return real_of(file)->pMethods->xCheckReservedLock(real_of(file), ret_is);
}

static int file_control(sqlite3_file *file, int op, void *argument)
{
    return real_of(file)->pMethods->xFileControl(real_of(file), op, argument);
}

static int file_sector(sqlite3_file *file)
{
    return real_of(file)->pMethods->xSectorSize(real_of(file));
}

static int file_character(sqlite3_file *file)
{
    return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}

static int file_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **ret_at)
{
    return real_of(file)->pMethods->xShmMap(real_of(file), page, size, extend, ret_at);
}

static int file_shm_lock(sqlite3_file *file, int offset, int n, int flags)
{
    return real_of(file)->pMethods->xShmLock(real_of(file), offset, n, flags);
}

static void file_shm_barrier(sqlite3_file *file)
{
    real_of(file)->pMethods->xShmBarrier(real_of(file));
}

static int file_shm_unmap(sqlite3_file *file, int remove)
{
    return real_of(file)->pMethods->xShmUnmap(real_of(file), remove);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_reserved,
    .xFileControl = file_control,
    .xSectorSize = file_sector,
    .xDeviceCharacteristics = file_character,
    .xShmMap = file_shm_map,
    .xShmLock = file_shm_lock,
    .xShmBarrier = file_shm_barrier,
    .xShmUnmap = file_shm_unmap,
};

static int open_file(sqlite3_vfs *self, const char *name, sqlite3_file *to, int flags,
                     int *ret_flags)
{
    struct file *file = (struct file *)to;
    (void)self;
    file->real = (sqlite3_file *)(file + 1);
    int status = below->xOpen(below, name, file->real, flags, ret_flags);
    to->pMethods = file->real->pMethods != NULL ? &methods : NULL;
    return status;
}

void disk_double_install(void)
{
    below = sqlite3_vfs_find(NULL);
    vfs = *below;
    vfs.zName = "disk_double";
    vfs.pNext = NULL;
    vfs.szOsFile += (int)sizeof(struct file);
    vfs.xOpen = open_file;
    sqlite3_vfs_register(&vfs, 1);
}
