#include "tensor.h"

size_t net_dtype_size(uint8_t dtype)
{
    // Indexed by ONNX's TensorProto.DataType; 0 where elements have no fixed size.
    static const uint8_t sizes[] = {0, 4, 1, 1, 2, 2, 4, 8, 0, 1, 2, 8, 4, 8, 8, 16, 2};
    return dtype < sizeof(sizes) ? sizes[dtype] : 0;
}

// Whether `len` is the product of the dims and the element size.
static bool tensor_fits(const struct net_tensor *tensor)
{
    uint64_t bytes = net_dtype_size(tensor->dtype);
    bool empty = false;
    for (uint8_t i = 0; i < tensor->rank; i++) {
        if (tensor->dims[i] < 0)
            return false;
        empty = empty || tensor->dims[i] == 0;
    }
    for (uint8_t i = 0; i < tensor->rank && !empty; i++)
        if (__builtin_mul_overflow(bytes, (uint64_t)tensor->dims[i], &bytes))
            return false;
    return tensor->data.len == (empty ? 0 : bytes);
}

static void write_tensor(struct net_writer *w, const struct net_tensor *tensor)
{
    net_write_text(w, "tensor name", tensor->name, NET_TENSOR_NAME_MAX);
    net_write_check(w, net_dtype_size(tensor->dtype) > 0, "tensor dtype", "can not be sent");
    net_write_check(w, tensor->rank <= NET_RANK_MAX, "tensor rank", "is too great");
    if (w->status)
        return;
    net_write_check(w, tensor_fits(tensor), "tensor bytes", "do not fit its shape");
    net_write_u8(w, tensor->dtype);
    net_write_u8(w, tensor->rank);
    for (uint8_t i = 0; i < tensor->rank; i++)
        net_write_u64(w, (uint64_t)tensor->dims[i]);
    net_write_bytes64(w, tensor->data);
}

void net_write_tensors(struct net_writer *w, struct net_bytes packed,
                       const struct net_tensor *tensors, uint8_t count)
{
    if (packed.len > 0) {
        net_write_raw(w, packed.data, packed.len);
        return;
    }
    net_write_check(w, count <= NET_TENSORS_MAX, "tensors", "are too many");
    net_write_u8(w, count);
    size_t bytes = 0;
    for (uint8_t i = 0; i < count && !w->status; i++)
        if (__builtin_add_overflow(bytes, tensors[i].data.len, &bytes))
            bytes = SIZE_MAX;
    net_write_reserve(w, bytes);
    for (uint8_t i = 0; i < count && !w->status; i++)
        write_tensor(w, &tensors[i]);
}

static void read_tensor(struct net_reader *r, struct net_tensor *ret_tensor)
{
    struct net_tensor *t = ret_tensor;
    t->name = net_read_text(r, "tensor name", NET_TENSOR_NAME_MAX);
    t->dtype = net_read_u8(r, "tensor dtype");
    net_read_check(r, net_dtype_size(t->dtype) > 0, NET_ERR_PROTOCOL, "tensor dtype",
                   "is not one that is sent");
    t->rank = net_read_u8(r, "tensor rank");
    net_read_check(r, t->rank <= NET_RANK_MAX, NET_ERR_PROTOCOL, "tensor rank", "is too great");
    if (r->status)
        return;
    for (uint8_t i = 0; i < t->rank; i++)
        t->dims[i] = (int64_t)net_read_u64(r, "tensor dims");
    for (uint8_t i = t->rank; i < NET_RANK_MAX; i++)
        t->dims[i] = 0;
    t->data = net_read_bytes64(r, "tensor bytes", (size_t)(r->end - r->at));
    if (!r->status)
        net_read_check(r, tensor_fits(t), NET_ERR_PROTOCOL, "tensor bytes", "do not fit its shape");
}

uint8_t net_read_tensors(struct net_reader *r, struct net_tensor *tensors,
                         struct net_bytes *ret_packed)
{
    const uint8_t *start = r->at;
    uint8_t count = net_read_u8(r, "tensors");
    net_read_check(r, count <= NET_TENSORS_MAX, NET_ERR_PROTOCOL, "tensors", "are too many");
    for (uint8_t i = 0; i < count && !r->status; i++)
        read_tensor(r, &tensors[i]);
    *ret_packed = r->status ? (struct net_bytes){NULL, 0}
                            : (struct net_bytes){start, (size_t)(r->at - start)};
    return count;
}
