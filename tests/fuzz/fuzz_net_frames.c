// The splitter, on a stream that arrives in pieces: whole and in pieces it must cut the same
// frames, never look past its input, and always move on or ask for more than it has.
#include <stdint.h>
#include <stdlib.h>

#include "net_msg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    enum net_sender from = data[0] & 1   ? NET_SENDER_AGENT
                           : data[0] & 2 ? NET_SENDER_SUBMITTER
                                         : NET_SENDER_COORDINATOR;
    data++;
    size--;
    for (size_t at = 0; at < size;) {
        struct net_frame frame;
        size_t used = 0, need = 0;
        enum net_status status =
            net_frame_split(data + at, size - at, from, &frame, &used, &need, NULL);
        if (status)
            break;
        if (used == 0) {
            if (need <= size - at)
                abort();
            break;
        }
        if (used > size - at || frame.body != data + at + NET_FRAME_HEADER_SIZE ||
            frame.len + (size_t)NET_FRAME_HEADER_SIZE != used)
            abort();
        // With one byte less it must ask for exactly this frame.
        struct net_frame less;
        size_t less_used = 0;
        if (net_frame_split(data + at, used - 1, from, &less, &less_used, &need, NULL) ||
            less_used != 0 || (used > NET_FRAME_HEADER_SIZE && need != used))
            abort();
        at += used;
    }
    return 0;
}
