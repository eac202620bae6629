/* A device as the rest of the room sees it: memory and properties, no OpenCL types. */
#ifndef CX_DEVICE_H
#define CX_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cx.h"

/* Memory on a device: a block of the arena, or a part of one. */
struct cx_buffer;

/* At least BYTES (over 0) of uninitialised memory, taken from idle blocks when one fits. CX_MEMORY
 * when the device, or the limit it was opened with, is used up; CX_LIMIT when one buffer can't be
 * that large. The caller destroys it. */
enum cx_status cx_buffer_create(struct cx_device *device, uint64_t bytes,
                                struct cx_buffer **ret_buffer, struct cx_error *err);

/* A part of a buffer; OFFSET is a multiple of cx_device_align. Destroy it before its parent. */
enum cx_status cx_buffer_slice(struct cx_buffer *parent, uint64_t offset, uint64_t bytes,
                               struct cx_buffer **ret_buffer, struct cx_error *err);

/* Gives the memory back to the arena for reuse. The queue must be idle. Takes NULL. */
void cx_buffer_destroy(struct cx_buffer *buffer);

uint64_t cx_buffer_bytes(const struct cx_buffer *buffer);

/* Both block until the copy is done, and with it everything enqueued before. */
enum cx_status cx_buffer_write(struct cx_buffer *buffer, uint64_t offset, const void *data,
                               uint64_t bytes, struct cx_error *err);
enum cx_status cx_buffer_read(struct cx_buffer *buffer, uint64_t offset, void *data, uint64_t bytes,
                              struct cx_error *err);

/* The first BYTES of a buffer in the host's memory, to be overwritten; for devices whose memory the
 * host shares. Blocks until nothing uses the buffer. Unmap it before the next launch. */
enum cx_status cx_buffer_map(struct cx_buffer *buffer, uint64_t bytes, void **ret_memory,
                             struct cx_error *err);
enum cx_status cx_buffer_unmap(struct cx_buffer *buffer, void *memory, struct cx_error *err);

/* Sets all of a buffer to zero bytes; blocks. */
enum cx_status cx_buffer_clear(struct cx_buffer *buffer, struct cx_error *err);

/* What offsets of slices must be multiples of: the device's base alignment, at least 128. */
uint64_t cx_device_align(const struct cx_device *device);

/* Whether it was opened with the option block_all. */
bool cx_device_blocks_all(const struct cx_device *device);

/* Whether float models are stored in half, see cx_device_options.precision. */
bool cx_device_halves(const struct cx_device *device);
/* Whether tiled products of halves may add some up in half. */
bool cx_device_half_sums(const struct cx_device *device);

/* How fast one launch reads a buffer of about BYTES in order, when it was read just before: the
 * speed of the cache that holds it, or of memory. Blocks. */
enum cx_status cx_device_measure_read(struct cx_device *device, uint64_t bytes,
                                      double *ret_gbytes_per_s, struct cx_error *err);

/* Gives idle blocks back to the driver. */
void cx_device_trim(struct cx_device *device);

struct cx_choices;

/* The candidate, or the beginning of its name, that kernels take wherever they have it; NULL for
 * none. */
const char *cx_device_candidate(const struct cx_device *device);
/* What was measured on this device; never NULL. */
const struct cx_choices *cx_device_choices(const struct cx_device *device);
/* Adds to it, in memory and on disk where the device has a cache. CX_IO: in memory only. */
enum cx_status cx_device_remember(struct cx_device *device, const struct cx_choices *choices,
                                  struct cx_error *err);

#endif
