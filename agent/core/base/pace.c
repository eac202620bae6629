#include "pace.h"

#define WINDOW_US 200000
#define MILLI_US 1000000000u // microseconds of a thousandth of one a second

void agent_pace_add(struct agent_pace *pace, int64_t now_us, uint64_t count)
{
    if (pace->since_us == 0)
        pace->since_us = now_us;
    int64_t open_us = now_us - pace->since_us;
    if (open_us >= WINDOW_US) {
        uint64_t milli = pace->count * MILLI_US / (uint64_t)open_us;
        pace->milli = pace->milli == 0 ? milli : (pace->milli + milli) / 2;
        pace->since_us = now_us;
        pace->count = 0;
    }
    pace->count += count;
    pace->promised = pace->promised > count ? pace->promised - count : 0;
}

uint64_t agent_pace_milli(const struct agent_pace *pace, int64_t now_us)
{
    int64_t open_us = now_us - pace->since_us;
    if (pace->since_us == 0 || open_us <= 0)
        return pace->milli;
    if (pace->milli == 0)
        return pace->count * MILLI_US / (uint64_t)open_us;
    // Nothing, for longer than it should take: it has become slower than that.
    uint64_t most = (pace->count + 1) * MILLI_US / (uint64_t)open_us;
    return open_us > WINDOW_US && most < pace->milli ? most : pace->milli;
}

int64_t agent_pace_wait_us(struct agent_pace *pace, int64_t now_us, uint64_t count, uint64_t asker,
                           int64_t fallback_us)
{
    uint64_t milli = agent_pace_milli(pace, now_us);
    if (milli == 0)
        return fallback_us;
    uint64_t before = pace->promised > count ? pace->promised : count;
    if (pace->asker != asker)
        before = pace->promised + count;
    if (before > AGENT_PACE_WAIT_US_MAX / MILLI_US * milli + milli * 60)
        return AGENT_PACE_WAIT_US_MAX;
    // Bytes by the billion, times a billion, are more than a number of 64 bits holds.
    uint64_t us = (uint64_t)((double)before * MILLI_US / (double)milli);
    if (us > AGENT_PACE_WAIT_US_MAX)
        return AGENT_PACE_WAIT_US_MAX;
    pace->promised = before;
    pace->asker = asker;
    return (int64_t)us;
}
