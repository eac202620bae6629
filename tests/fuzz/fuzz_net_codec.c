// A frame's body against its decoder: first two bytes the type, the rest the body. What is accepted
// must encode again to the same bytes.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/net/samples.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    struct net_frame frame = {
        .type = (uint16_t)(data[0] | data[1] << 8), .len = (uint32_t)(size - 2), .body = data + 2};
    struct net_buf buf = {NULL, 0, 0};
    if (sample_again(&frame, &buf, NULL) == NET_OK) {
        if (buf.len != frame.len + (size_t)NET_FRAME_HEADER_SIZE ||
            memcmp(buf.data + NET_FRAME_HEADER_SIZE, frame.body, frame.len) != 0)
            abort();
    }
    net_buf_free(&buf);
    return 0;
}
