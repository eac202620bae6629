/* Quantized convolutions on a CPU: by dot products where the parameters are known, in blocks of
 * channels. */
#include "graph/tensor.h"
#include "kernels/qlinear.h"
#include "kernels/qlinear_cpu.h"

static bool has_fast(const struct cx_qlinear_call *c)
{
    return cx_qlinear_is_depthwise(c) || cx_qlinear_has_tiles(c);
}

static enum cx_status prepare(struct cx_prepare *p)
{
    struct cx_qlinear_call c;
    if (cx_prepare_output(p, 0)->layout == CX_LAYOUT_PLAIN)
        return cx_qlinear_plain_conv(p);
    if (!cx_qlinear_resolve(cx_prepare_device(p), cx_prepare_graph(p), cx_prepare_node(p), &c))
        return cx_prepare_fail(p, CX_INTERNAL, "no kernel for its layout");
    return cx_qlinear_is_depthwise(&c) ? cx_qlinear_depthwise(p, &c) : cx_qlinear_tiles(p, &c);
}

static struct cx_layouts layout(const struct cx_layout_query *query)
{
    struct cx_qlinear_call c;
    enum cx_layout blocked = cx_layout_blocked(query->device);
    if (!cx_qlinear_resolve(query->device, query->graph, query->node, &c) || !has_fast(&c))
        return (struct cx_layouts){.input = CX_LAYOUT_PLAIN};
    /* A few planes become quads as they are. A residual would then be PLAIN as well. */
    bool planes = !cx_qlinear_is_depthwise(&c) && c.channels * c.groups <= 4;
    if (planes && cx_qlinear_value(&c, CX_QL_RESIDUAL) != NULL)
        return (struct cx_layouts){.input = CX_LAYOUT_PLAIN};
    return (struct cx_layouts){planes ? CX_LAYOUT_PLAIN : blocked, blocked, .all_inputs = true};
}

const struct cx_kernel cx_kernel_qlinear_conv_cpu = {.prepare = prepare, .layout = layout};
