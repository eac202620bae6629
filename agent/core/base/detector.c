#include "agent/core/base/detector.h"

// A gap that is absurdly long would be remembered for too long.
#define LATE_US_MAX (INT64_C(30) * 1000000)

static int64_t follow(int64_t value, int64_t sample, int64_t rise, int64_t fall)
{
    return value + (sample - value) / (sample > value ? rise : fall);
}

static void learn(struct agent_detector *detector, int64_t late_us)
{
    if (late_us < 0)
        late_us = 0; // it makes up for the one before
    if (late_us > LATE_US_MAX)
        late_us = LATE_US_MAX;
    int64_t off =
        late_us > detector->late_us ? late_us - detector->late_us : detector->late_us - late_us;
    detector->spread_us = follow(detector->spread_us, off, 4, 32);
    detector->late_us = follow(detector->late_us, late_us, 8, 32);
}

void agent_detector_beat(struct agent_detector *detector, int64_t now_us, int64_t interval_us)
{
    if (detector->beat_us != 0)
        learn(detector, now_us - detector->beat_us - interval_us);
    detector->beat_us = now_us;
}

void agent_detector_skip(struct agent_detector *detector)
{
    detector->beat_us = 0;
}

void agent_detector_wronged(struct agent_detector *detector, int64_t silence_us)
{
    learn(detector, silence_us);
    detector->beat_us = 0;
}

int64_t agent_detector_slack_us(const struct agent_detector *detector, int64_t max_us)
{
    int64_t slack = detector->late_us + 4 * detector->spread_us;
    return slack < max_us ? slack : max_us;
}
