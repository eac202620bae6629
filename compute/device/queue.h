/* Prepared launches and the queue they go to, without OpenCL types: what a plan is made of. */
#ifndef CX_QUEUE_H
#define CX_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "cx.h"
#include "device/device.h"
#include "device/launch.h"

/* One kernel object with its arguments set. */
struct cx_launch;

/* Builds what spec needs and sets its arguments; buffers[i] belongs to args[i] where that names
 * memory, and is NULL for CX_ARG_NULL. May block while the driver compiles. The buffers must
 * outlive the launch. */
enum cx_status cx_launch_create(struct cx_device *device, const struct cx_launch_spec *spec,
                                struct cx_buffer *const *buffers, struct cx_launch **ret_launch,
                                struct cx_error *err);
void cx_launch_destroy(struct cx_launch *launch);

/* When commands ran, by the device's clock. A zeroed struct is one that was not used. */
struct cx_stamp {
    void *event;
    void *before; /* where one stamp covers several commands: ended when the first could start */
};

/* A product that CLBlast does, its operands known. */
struct cx_gemm;

/* Whether CLBlast may do this product on this device; then also the bytes of temp memory that it
 * needs, 0 for none. */
bool cx_gemm_choose(struct cx_device *device, const struct cx_gemm_spec *spec,
                    uint64_t *ret_temp_bytes);
/* Whether the device was opened to take CLBlast wherever it has a routine. */
bool cx_gemm_wanted(const struct cx_device *device);
/* Builds nothing: the first cx_queue_gemm does, and may block for many seconds. temp is NULL where
 * cx_gemm_choose said 0. The buffers must outlive the result. */
enum cx_status cx_gemm_create(struct cx_device *device, const struct cx_gemm_spec *spec,
                              struct cx_buffer *a, struct cx_buffer *b, struct cx_buffer *y,
                              struct cx_buffer *temp, struct cx_gemm **ret_gemm,
                              struct cx_error *err);
void cx_gemm_destroy(struct cx_gemm *gemm);
/* The routine's name, for profiles; static storage. */
const char *cx_gemm_name(const struct cx_gemm *gemm);
double cx_gemm_flops(const struct cx_gemm *gemm);

/* Enqueue; none of them waits. stamp may be NULL; one in use is dropped first. Host memory must
 * stay until cx_queue_finish. */
enum cx_status cx_queue_launch(struct cx_launch *launch, struct cx_stamp *stamp,
                               struct cx_error *err);
enum cx_status cx_queue_gemm(struct cx_gemm *gemm, struct cx_stamp *stamp, struct cx_error *err);
enum cx_status cx_queue_write(struct cx_buffer *buffer, const void *data, uint64_t bytes,
                              struct cx_stamp *stamp, struct cx_error *err);
enum cx_status cx_queue_read(struct cx_buffer *buffer, void *data, uint64_t bytes,
                             struct cx_stamp *stamp, struct cx_error *err);
/* Blocks until all that was enqueued is done. */
enum cx_status cx_queue_finish(struct cx_device *device, struct cx_error *err);

/* False when the stamp was not used or the device kept no times. */
bool cx_stamp_read(const struct cx_stamp *stamp, uint64_t *ret_start_ns, uint64_t *ret_end_ns);
void cx_stamp_clear(struct cx_stamp *stamp);

bool cx_device_profiling(const struct cx_device *device);
/* Whether somebody may want a run to end early, and does. */
bool cx_device_stops(const struct cx_device *device);
bool cx_device_stop_wanted(const struct cx_device *device);
/* From the next run on. */
void cx_device_set_profiling(struct cx_device *device, bool profiling);

#endif
