/* Convolution on a CPU: what its ways share. conv.c lists the ways and takes one of what they
 * offer for a node; each way stands in a file of its own. */
#ifndef CX_CONV_CPU_H
#define CX_CONV_CPU_H

#include <stdbool.h>
#include <stdint.h>

#include "device/launch.h"
#include "graph/graph.h"
#include "ops/window.h"

/* A node in numbers. Those inside one image fit int32_t. */
struct cx_conv_call {
    struct cx_prepare *p; /* NULL while layouts are asked for */
    const struct cx_device_info *device;
    const struct cx_node *node;
    const struct cx_value *x, *w, *bias, *y; /* bias: NULL when absent */
    struct cx_window window;
    int64_t batch, groups;
    int64_t channels, rows; /* input and output channels a group */
    int64_t taps, pixels;   /* of the window; of an output plane */
    const struct cx_epilogue *epilogue;
};

/* Floating-point operations of the node, two for a multiplication with its addition. */
double cx_conv_flops(const struct cx_conv_call *c);

/* The same as a cost (below), if every compute unit did useful steps all the time. */
double cx_conv_cycles(const struct cx_conv_call *c);

#define CX_CONV_OFFERS_MAX 32

/* One of the ways to do a node. */
struct cx_conv_offer {
    const char *name; /* stable: choices are remembered by it */
    double cost;      /* estimate: cycles until the last compute unit is done, each doing one
                         fused multiply-add of a vector a cycle */
    enum cx_status (*prepare)(const struct cx_conv_call *c, uint32_t variant);
    uint32_t variant; /* for prepare */
};

/* Writes what it can do for the node, best guess first, to offers with room for ROOM; returns how
 * many. May be asked again for the same node and must answer the same. */
typedef uint32_t cx_conv_offer_fn(const struct cx_conv_call *c, struct cx_conv_offer *offers,
                                  uint32_t room);

cx_conv_offer_fn cx_conv_offer_blocked;  /* conv_blocked.c: the output in a blocked layout */
cx_conv_offer_fn cx_conv_offer_winograd; /* conv_winograd.c: blocked, 3x3 of stride 1 */
cx_conv_offer_fn cx_conv_offer_depthwise_blocks; /* conv_depthwise_blocks.c */
cx_conv_offer_fn cx_conv_offer_rows;             /* conv_rows.c: values in PLAIN */
cx_conv_offer_fn cx_conv_offer_depthwise;        /* conv_depthwise.c: PLAIN, a channel by itself */

/* Whether a blocked layout will do: cx_conv_offer_blocked would offer something for an output in
 * one, and an input in the same one or, for few channels, in PLAIN. Looks at no layouts. */
bool cx_conv_blocked_fits(const struct cx_conv_call *c);

/* Whether every channel is by itself and cx_conv_offer_depthwise_blocks would take it. Looks at no
 * layouts. */
bool cx_conv_depthwise_blocks_fits(const struct cx_conv_call *c);

/* The bias operand as an argument, or zeros, so that kernels need no form without one. */
enum cx_status cx_conv_bias_arg(const struct cx_conv_call *c, struct cx_arg *ret_arg);

/* Adds the bias, constant or absent, as an argument: zeros where there is none and up to a whole
 * pair of blocks. */
enum cx_status cx_conv_arg_bias_blocks(struct cx_launch_spec *spec, const struct cx_conv_call *c,
                                       int64_t block);

/* Adds the arguments low and high, between which the activation keeps values: infinite for those
 * that do something else, which only ACT tells. So all of the others are one program. */
void cx_conv_arg_bounds(struct cx_launch_spec *spec, const struct cx_conv_call *c);

/* Adds the options ACT and HAS_RESIDUAL and the arguments alpha and beta. */
void cx_conv_arg_epilogue(struct cx_launch_spec *spec, const struct cx_conv_call *c);

#endif
