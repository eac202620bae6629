/* Sensors of devices, in a folder that looks like sysfs. */
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "agent/worker/sensors.h"
#include "tests/agent/remove_tree.h"

#define TRIES 400
#define TRY_US 10000

static char root[64];

static void write_file(const char *folder, const char *name, const char *text)
{
    char path[256], command[320];
    snprintf(command, sizeof(command), "mkdir -p %s/%s", root, folder);
    cr_assert_eq(system(command), 0);
    snprintf(path, sizeof(path), "%s/%s/%s", root, folder, name);
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file);
    fputs(text, file);
    fclose(file);
}

static void begin(void)
{
    snprintf(root, sizeof(root), "/tmp/stoker-sensors-XXXXXX");
    cr_assert_not_null(mkdtemp(root));
}

static void finish(void)
{
    cr_assert_eq(remove_tree(root), 0);
}

TestSuite(sensors, .init = begin, .fini = finish, .timeout = 30);

static bool is_near(double value, double wanted)
{
    return isnan(wanted) ? isnan(value) : fabs(value - wanted) < 1e-9;
}

/* Waits until both are so. */
static void expect(struct agent_sensors *sensors, uint32_t index, double temperature_c,
                   double power_w)
{
    double temperature = NAN, power = NAN;
    for (int i = 0; i < TRIES; i++) {
        agent_sensors_read(sensors, index, &temperature, &power);
        if (is_near(temperature, temperature_c) && is_near(power, power_w))
            return;
        usleep(TRY_US);
    }
    cr_assert_fail("device %u has %f C and %f W", index, temperature, power);
}

Test(sensors, cards_are_found_by_their_address_and_processors_by_their_driver)
{
    write_file("bus/pci/devices/0000:03:00.0/hwmon/hwmon4", "temp1_input", "67000\n");
    write_file("bus/pci/devices/0000:03:00.0/hwmon/hwmon4", "power1_average", "131500000\n");
    write_file("bus/pci/devices/0000:04:00.0/hwmon/hwmon5", "temp1_input", "45500\n");
    write_file("class/hwmon/hwmon0", "name", "acpitz\n");
    write_file("class/hwmon/hwmon0", "temp1_input", "20000\n");
    write_file("class/hwmon/hwmon1", "name", "k10temp\n");
    write_file("class/hwmon/hwmon1", "temp1_input", "58250\n");
    struct agent_sensors_options options = {
        .root = root,
        .places = {"0000:03:00.0", "0000:04:00.0", "cpu", "", "0000:05:00.0"},
        .n = 5,
        .every_ms = 10,
    };
    struct agent_sensors *sensors = agent_sensors_create(&options);
    cr_assert_not_null(sensors);
    expect(sensors, 0, 67, 131.5);
    expect(sensors, 1, 45.5, NAN);
    expect(sensors, 2, 58.25, NAN);
    expect(sensors, 3, NAN, NAN);
    expect(sensors, 4, NAN, NAN);
    write_file("bus/pci/devices/0000:03:00.0/hwmon/hwmon4", "temp1_input", "91000\n");
    expect(sensors, 0, 91, 131.5);
    agent_sensors_destroy(sensors);
}

Test(sensors, power_is_counted_from_energy_where_that_is_all_there_is)
{
    write_file("bus/pci/devices/0000:03:00.0/hwmon/hwmon4", "energy1_input", "1000000\n");
    struct agent_sensors_options options = {
        .root = root, .places = {"0000:03:00.0"}, .n = 1, .every_ms = 10};
    struct agent_sensors *sensors = agent_sensors_create(&options);
    expect(sensors, 0, NAN, 0);
    write_file("bus/pci/devices/0000:03:00.0/hwmon/hwmon4", "energy1_input", "90000000\n");
    double temperature, power = 0;
    for (int i = 0; i < TRIES && !(power > 0); i++) {
        usleep(TRY_US / 10);
        agent_sensors_read(sensors, 0, &temperature, &power);
    }
    cr_assert_gt(power, 0);
    agent_sensors_destroy(sensors);
}

/* A pipe without a writer hangs whoever opens it, as a driver does whose card is sick. */
Test(sensors, a_driver_that_hangs_holds_up_nobody)
{
    char path[256];
    write_file("bus/pci/devices/0000:02:00.0/hwmon/hwmon3", "temp1_input", "45000\n");
    write_file("bus/pci/devices/0000:03:00.0/hwmon/hwmon4", "name", "amdgpu\n");
    snprintf(path, sizeof(path), "%s/bus/pci/devices/0000:03:00.0/hwmon/hwmon4/temp1_input", root);
    cr_assert_eq(mkfifo(path, 0600), 0);
    struct agent_sensors_options options = {
        .root = root, .places = {"0000:02:00.0", "0000:03:00.0"}, .n = 2, .every_ms = 10};
    struct agent_sensors *sensors = agent_sensors_create(&options);
    cr_assert_not_null(sensors);
    expect(sensors, 0, 45, NAN);
    expect(sensors, 1, NAN, NAN);
    agent_sensors_destroy(sensors);
    /* What the hung read holds is freed when it ends. */
    int writer = -1;
    for (int i = 0; i < TRIES && writer < 0; i++) {
        writer = open(path, O_WRONLY | O_NONBLOCK);
        usleep(TRY_US);
    }
    cr_assert_geq(writer, 0, "nobody was reading");
    close(writer);
}

Test(sensors, without_a_place_there_is_no_thread)
{
    struct agent_sensors_options options = {
        .root = root, .places = {"", ""}, .n = 2, .every_ms = 10};
    double temperature, power;
    cr_assert_null(agent_sensors_create(&options));
    agent_sensors_read(NULL, 0, &temperature, &power);
    cr_assert(isnan(temperature) && isnan(power));
    agent_sensors_destroy(NULL);
}
