/* Weights in files beside the model. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "error.h"
#include "onnx/internal.h"
#include "onnx/onnx.h"

/* What the entries of external_data say. */
struct place {
    const char *location;
    uint64_t offset, length;
    bool has_length;
};

static bool parse_number(const char *text, uint64_t *ret_number)
{
    if (text[0] < '0' || text[0] > '9')
        return false;
    char *end;
    errno = 0;
    uint64_t number = strtoull(text, &end, 10);
    if (errno != 0 || *end != '\0')
        return false;
    *ret_number = number;
    return true;
}

static enum cx_status read_place(const struct onnx_source *source, const Onnx__Tensor *proto,
                                 const char *what, struct place *ret_place)
{
    struct place place = {0};
    for (size_t i = 0; i < proto->n_external_data; i++) {
        const char *key = proto->external_data[i]->key;
        const char *value = proto->external_data[i]->value;
        if (key == NULL || value == NULL)
            continue;
        bool good = true;
        if (strcmp(key, "location") == 0)
            place.location = value;
        else if (strcmp(key, "offset") == 0)
            good = parse_number(value, &place.offset);
        else if (strcmp(key, "length") == 0)
            good = place.has_length = parse_number(value, &place.length);
        if (!good)
            return cx_error_set(source->error, CX_FORMAT,
                                "tensor '%s': external data has the %s '%.40s'", what, key, value);
    }
    if (place.location == NULL || place.location[0] == '\0')
        return cx_error_set(source->error, CX_FORMAT,
                            "tensor '%s': external data without a location", what);
    *ret_place = place;
    return CX_OK;
}

/* A model may name files below its own folder, and nothing else on the machine. */
static bool location_is_safe(const char *location)
{
    if (location[0] == '/' || strlen(location) >= PATH_MAX)
        return false;
    for (const char *part = location; part != NULL;) {
        const char *slash = strchr(part, '/');
        size_t len = slash != NULL ? (size_t)(slash - part) : strlen(part);
        if (len == 2 && part[0] == '.' && part[1] == '.')
            return false;
        part = slash != NULL ? slash + 1 : NULL;
    }
    return true;
}

/* Opens LOCATION part by part without following links, so that none leads out of DIR. */
static int open_below(const char *dir, const char *location)
{
    int at = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    const char *part = location;
    while (at >= 0) {
        char name[NAME_MAX + 1];
        const char *slash = strchr(part, '/');
        size_t len = slash != NULL ? (size_t)(slash - part) : strlen(part);
        if (len > NAME_MAX) {
            close(at);
            errno = ENAMETOOLONG;
            return -1;
        }
        memcpy(name, part, len);
        name[len] = '\0';
        int flags = slash != NULL ? O_PATH | O_DIRECTORY : O_RDONLY | O_NONBLOCK;
        int next = openat(at, len == 0 ? "." : name, flags | O_NOFOLLOW | O_CLOEXEC);
        int saved = errno;
        close(at);
        errno = saved;
        if (next < 0 || slash == NULL)
            return next;
        at = next;
        part = slash + 1;
    }
    return -1;
}

static enum cx_status map_file(const struct onnx_source *source, const char *location,
                               struct onnx_mapping *ret_mapping)
{
    struct stat info;
    struct onnx_mapping mapping = {0};
    enum cx_status status = CX_IO;
    int fd = open_below(source->dir, location);
    if (fd < 0 || fstat(fd, &info) != 0) {
        cx_error_set(source->error, CX_IO, "external data '%.128s': %s", location, strerror(errno));
        goto out;
    }
    if (!S_ISREG(info.st_mode) || info.st_size <= 0) {
        cx_error_set(source->error, CX_IO, "external data '%.128s': not a file with data",
                     location);
        goto out;
    }
    mapping.size = (size_t)info.st_size;
    mapping.location = strdup(location);
    mapping.data = mmap(NULL, mapping.size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (mapping.location == NULL || mapping.data == MAP_FAILED) {
        if (mapping.data != MAP_FAILED)
            munmap(mapping.data, mapping.size);
        free(mapping.location);
        status = cx_error_set(source->error, CX_MEMORY, "external data '%.128s': %s", location,
                              strerror(errno));
        goto out;
    }
    *ret_mapping = mapping;
    status = CX_OK;
out:
    if (fd >= 0)
        close(fd);
    return status;
}

static enum cx_status find_mapping(const struct onnx_source *source, const char *location,
                                   const struct onnx_mapping **ret_mapping)
{
    struct onnx_owner *owner = source->owner;
    for (uint32_t i = 0; i < owner->mapping_count; i++) {
        if (strcmp(owner->mappings[i].location, location) == 0) {
            *ret_mapping = &owner->mappings[i];
            return CX_OK;
        }
    }
    if (owner->mapping_count == CX_ONNX_EXTERNAL_MAX)
        return cx_error_set(source->error, CX_LIMIT, "more than %d external data files",
                            CX_ONNX_EXTERNAL_MAX);
    struct onnx_mapping *mapping = &owner->mappings[owner->mapping_count];
    enum cx_status status = map_file(source, location, mapping);
    if (status == CX_OK) {
        owner->mapping_count++;
        *ret_mapping = mapping;
    }
    return status;
}

enum cx_status cx_onnx_read_external(const struct onnx_source *source, const Onnx__Tensor *proto,
                                     const char *what, size_t size, const void **ret_data)
{
    struct place place = {0};
    const struct onnx_mapping *mapping = NULL;
    if (source->owner == NULL || source->dir == NULL)
        return cx_error_set(source->error, CX_UNSUPPORTED,
                            "tensor '%s': external data is not read here", what);
    enum cx_status status = read_place(source, proto, what, &place);
    if (status != CX_OK)
        return status;
    if (!location_is_safe(place.location))
        return cx_error_set(source->error, CX_FORMAT,
                            "tensor '%s': external data '%.128s' lies outside the model's folder",
                            what, place.location);
    if (place.has_length && place.length != size)
        return cx_error_set(source->error, CX_FORMAT,
                            "tensor '%s': external data of %" PRIu64 " bytes where %zu are needed",
                            what, place.length, size);
    if (size == 0) {
        *ret_data = NULL;
        return CX_OK;
    }
    status = find_mapping(source, place.location, &mapping);
    if (status != CX_OK)
        return status;
    if (place.offset > mapping->size || size > mapping->size - place.offset)
        return cx_error_set(source->error, CX_FORMAT,
                            "tensor '%s': '%.128s' has %zu bytes, %zu from byte %" PRIu64
                            " are needed",
                            what, place.location, mapping->size, size, place.offset);
    const void *data = (const char *)mapping->data + place.offset;
    /* Elements are read through pointers of their type: odd offsets need a copy. */
    if (place.offset % 16 != 0) {
        data = cx_arena_copy(source->arena, data, size);
        if (data == NULL)
            return cx_error_set(source->error, CX_MEMORY, "tensor '%s': out of memory", what);
    }
    *ret_data = data;
    return CX_OK;
}
