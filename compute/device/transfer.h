/* Copies that go on beside the device's compute queue: pinned host memory, a buffer on the device
 * for it, and a queue each way. Nothing here waits but cx_transfer_wait and cx_transfers_finish. */
#ifndef CX_TRANSFER_H
#define CX_TRANSFER_H

#include <stdint.h>

#include "cx.h"
#include "device/device.h"

/* One operand of one run in flight. */
struct cx_transfer;

/* The host memory is the driver's (pinned, where it has such), mapped for the transfer's life.
 * Makes the device's two queues for copies when they are first needed. */
enum cx_status cx_transfer_create(struct cx_device *device, uint64_t bytes,
                                  struct cx_transfer **ret_transfer, struct cx_error *err);
/* All queues must be idle, see cx_transfers_finish. Takes NULL. */
void cx_transfer_destroy(struct cx_transfer *transfer);

/* What is sent is written here, what was fetched is read here. */
void *cx_transfer_host(struct cx_transfer *transfer);

/* Host memory to the device beside what computes; from there to TO, in the compute queue's order.
 * The host memory may change, and the transfer be sent again, once a command that was enqueued for
 * computing afterwards is known to be done. */
enum cx_status cx_transfer_send(struct cx_transfer *transfer, struct cx_buffer *to,
                                struct cx_error *err);

/* FROM, as it is when the compute queue comes to this command, to the host. */
enum cx_status cx_transfer_fetch(struct cx_transfer *transfer, struct cx_buffer *from,
                                 struct cx_error *err);
/* Blocks until the last fetch has arrived. */
enum cx_status cx_transfer_wait(struct cx_transfer *transfer, struct cx_error *err);

/* Has the driver begin with all that was enqueued on the device's queues. */
enum cx_status cx_transfers_flush(struct cx_device *device, struct cx_error *err);
/* Blocks until all queues of the device are empty. */
void cx_transfers_finish(struct cx_device *device);

#endif
