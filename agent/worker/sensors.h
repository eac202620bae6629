/* Temperature and power of the devices, as the kernel's drivers tell them (hwmon in sysfs). A read
 * of a driver may block for as long as its card is sick, so a thread of its own reads once a
 * second, and what it has not seen for a while is unknown. */
#ifndef SENSORS_H
#define SENSORS_H

#include <stdint.h>

enum { AGENT_SENSORS_MAX = 64 };

struct agent_sensors;

/* Where a device's sensors are: a card's PCI address ("0000:03:00.0"), "cpu", or "" for nowhere. */
struct agent_sensors_options {
    const char *root; /* "/sys" */
    const char *places[AGENT_SENSORS_MAX];
    uint32_t n;
    uint32_t every_ms; /* 1000 */
};

/* NULL: no memory, or no device has sensors. Texts are copied. */
struct agent_sensors *agent_sensors_create(const struct agent_sensors_options *options);

/* Each is NAN where it isn't known. Never blocks. */
void agent_sensors_read(struct agent_sensors *sensors, uint32_t index, double *ret_temperature_c,
                        double *ret_power_w);

/* Never blocks either: a read that hangs is left to its thread. NULL is fine. */
void agent_sensors_destroy(struct agent_sensors *sensors);

#endif
