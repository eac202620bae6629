/* Quantized convolutions and products on a CPU whose parameters are constants: what the ways of
 * doing them share. */
#ifndef CX_KERNEL_QLINEAR_CPU_H
#define CX_KERNEL_QLINEAR_CPU_H

#include <stdbool.h>
#include <stdint.h>

#include "device/launch.h"
#include "graph/graph.h"
#include "ops/qlinear.h"

/* A node seen as a convolution; a product has one row of m pixels and a block of k channels. */
struct cx_qlinear_call {
    const struct cx_graph *graph;
    const struct cx_node *node;
    const struct cx_device_info *device;
    bool is_conv;
    struct cx_window window;
    int64_t batch, groups;
    int64_t channels, rows; /* input and output channels a group */
    int64_t taps;
    int64_t w_row, w_channel; /* steps in the weights; taps lie side by side */
    int x_zero;               /* of the input as unsigned bytes */
    bool x_signed;
    int parts; /* signed bytes that a weight less its zero point is the sum of: 1 to 3 */
};

/* False where only the plain kernels do: parameters that a run decides, 16-bit scales, three
 * spatial axes. */
bool cx_qlinear_resolve(const struct cx_device_info *device, const struct cx_graph *graph,
                        const struct cx_node *node, struct cx_qlinear_call *ret_call);

/* Lanes of an int vector, and channels of a block: 8 or 16. */
int cx_qlinear_width(const struct cx_device_info *device);

/* Input I of the node, NULL where it has none. */
const struct cx_value *cx_qlinear_value(const struct cx_qlinear_call *c, uint32_t input);

/* Weight of output channel M of all groups, less its zero point. */
int cx_qlinear_weight(const struct cx_qlinear_call *c, int64_t m, int64_t channel, int64_t tap);
/* One of its parts; those from the second on are 0 for a weight that fits a signed byte. */
int8_t cx_qlinear_weight_part(int weight, int part);

/* Of each output channel, at the places that a kernel wants (see struct cx_qlinear_order): the
 * multiplier of its sums, and its bias with the input's zero point taken in. */
struct cx_qlinear_order {
    const struct cx_qlinear_call *call;
    int64_t group_room; /* places a group, at least rows; the others, up to a full
                           vector behind the last group, are 0 */
};

enum cx_status cx_qlinear_pack_multipliers(struct cx_prepare *p,
                                           const struct cx_qlinear_order *order,
                                           struct cx_arg *ret_arg);
enum cx_status cx_qlinear_pack_bias(struct cx_prepare *p, const struct cx_qlinear_order *order,
                                    struct cx_arg *ret_arg);

/* Packs the weights; FORM names the kernel's order, what is taken off them is added to the name. */
enum cx_status cx_qlinear_pack_weights(struct cx_prepare *p, const struct cx_qlinear_call *c,
                                       const char *form, uint64_t bytes, cx_pack_fn *pack,
                                       const void *context, struct cx_arg *ret_arg);

/* The options DOT (as a candidate of the node), WIDTH, BYTE and HAS_RESIDUAL for cpu/int8_dot.cl.
 */
enum cx_status cx_qlinear_dot_options(struct cx_prepare *p, const struct cx_qlinear_call *c,
                                      struct cx_launch_spec *spec);

/* Appends the arguments of ROUNDING_PARAMETERS. */
void cx_qlinear_rounding_args(struct cx_prepare *p, const struct cx_qlinear_call *c,
                              struct cx_launch_spec *spec);

/* Whether a convolution is of each channel by itself, in a form that the kernel for those has. */
bool cx_qlinear_is_depthwise(const struct cx_qlinear_call *c);
enum cx_status cx_qlinear_depthwise(struct cx_prepare *p, const struct cx_qlinear_call *c);

/* Every other resolved call whose groups are of whole blocks. */
bool cx_qlinear_has_tiles(const struct cx_qlinear_call *c);
enum cx_status cx_qlinear_tiles(struct cx_prepare *p, const struct cx_qlinear_call *c);

#endif
