#include "sensors.h"

#include <dirent.h>
#include <math.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cx.h"

enum { STALE_MS = 5000, PATH_MAX_BYTES = 320, PLACE_MAX = CX_PCI_MAX };

struct sensor {
    char place[PLACE_MAX];
    char folder[PATH_MAX_BYTES]; /* of its hwmon; "" until it is found. The thread's own */
    double energy_uj;            /* at the last reading, and when: for power. The thread's own */
    int64_t energy_ms;
    double temperature_c, power_w; /* under the lock, as the next */
    int64_t seen_ms;               /* 0: never */
};

struct agent_sensors {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    unsigned refs; /* the owner and the thread */
    bool stop;
    uint32_t every_ms;
    char root[PATH_MAX_BYTES];
    uint32_t n;
    struct sensor sensors[AGENT_SENSORS_MAX];
};

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* A number from a file of the folder; NAN where there is none. */
static double number_of(const char *folder, const char *name)
{
    char path[PATH_MAX_BYTES + 64];
    double value;
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return NAN;
    if (fscanf(file, "%lf", &value) != 1)
        value = NAN;
    fclose(file);
    return value;
}

static bool is_processor(const char *folder)
{
    static const char *const drivers[] = {"coretemp", "k10temp", "zenpower", "cpu_thermal"};
    char path[PATH_MAX_BYTES + 8], name[32] = "";
    snprintf(path, sizeof(path), "%s/name", folder);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return false;
    if (fscanf(file, "%31s", name) != 1)
        name[0] = '\0';
    fclose(file);
    for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++)
        if (strcmp(name, drivers[i]) == 0)
            return true;
    return false;
}

/* The first hwmon folder of a card, or the first that is of the processor. */
static void find_folder(const struct agent_sensors *sensors, struct sensor *sensor)
{
    char parent[PATH_MAX_BYTES], path[PATH_MAX_BYTES];
    bool cpu = strcmp(sensor->place, "cpu") == 0;
    int length = cpu ? snprintf(parent, sizeof(parent), "%s/class/hwmon", sensors->root)
                     : snprintf(parent, sizeof(parent), "%s/bus/pci/devices/%s/hwmon",
                                sensors->root, sensor->place);
    DIR *folder = length < (int)sizeof(parent) ? opendir(parent) : NULL;
    if (folder == NULL)
        return;
    for (struct dirent *entry; (entry = readdir(folder)) != NULL && sensor->folder[0] == '\0';) {
        if (strncmp(entry->d_name, "hwmon", 5) != 0)
            continue;
        length = snprintf(path, sizeof(path), "%s/%s", parent, entry->d_name);
        if (length < (int)sizeof(path) && (!cpu || is_processor(path)))
            memcpy(sensor->folder, path, sizeof(path));
    }
    closedir(folder);
}

/* Some drivers tell power, some only the energy used since the start. */
static double power_of(struct sensor *sensor)
{
    double power_uw = number_of(sensor->folder, "power1_average");
    if (isnan(power_uw))
        power_uw = number_of(sensor->folder, "power1_input");
    if (!isnan(power_uw))
        return power_uw / 1e6;
    double energy_uj = number_of(sensor->folder, "energy1_input");
    int64_t now = now_ms();
    double power_w = NAN;
    if (sensor->energy_ms > 0 && now > sensor->energy_ms && energy_uj >= sensor->energy_uj)
        power_w = (energy_uj - sensor->energy_uj) / 1000 / (double)(now - sensor->energy_ms);
    sensor->energy_uj = energy_uj;
    sensor->energy_ms = now;
    return power_w;
}

static void read_one(struct agent_sensors *sensors, struct sensor *sensor)
{
    if (sensor->folder[0] == '\0')
        find_folder(sensors, sensor);
    if (sensor->folder[0] == '\0')
        return;
    double temperature_c = number_of(sensor->folder, "temp1_input") / 1000;
    double power_w = power_of(sensor);
    pthread_mutex_lock(&sensors->lock);
    sensor->temperature_c = temperature_c;
    sensor->power_w = power_w;
    sensor->seen_ms = now_ms();
    pthread_mutex_unlock(&sensors->lock);
    if (isnan(temperature_c) && isnan(power_w))
        sensor->folder[0] = '\0'; /* a driver that is loaded again has another number */
}

/* Under the lock, which it gives up. */
static void release(struct agent_sensors *sensors)
{
    bool last = --sensors->refs == 0;
    pthread_mutex_unlock(&sensors->lock);
    if (!last)
        return;
    pthread_cond_destroy(&sensors->wake);
    pthread_mutex_destroy(&sensors->lock);
    free(sensors);
}

static void *run(void *argument)
{
    struct agent_sensors *sensors = argument;
    pthread_mutex_lock(&sensors->lock);
    while (!sensors->stop) {
        pthread_mutex_unlock(&sensors->lock);
        for (uint32_t i = 0; i < sensors->n; i++)
            if (sensors->sensors[i].place[0] != '\0')
                read_one(sensors, &sensors->sensors[i]);
        int64_t until = now_ms() + sensors->every_ms;
        struct timespec at = {.tv_sec = until / 1000, .tv_nsec = until % 1000 * 1000000};
        pthread_mutex_lock(&sensors->lock);
        if (!sensors->stop)
            pthread_cond_timedwait(&sensors->wake, &sensors->lock, &at);
    }
    release(sensors);
    return NULL;
}

static bool start(struct agent_sensors *sensors)
{
    pthread_attr_t attributes;
    pthread_t thread;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    int failure = pthread_create(&thread, &attributes, run, sensors);
    pthread_attr_destroy(&attributes);
    return failure == 0;
}

struct agent_sensors *agent_sensors_create(const struct agent_sensors_options *options)
{
    struct agent_sensors *sensors = calloc(1, sizeof(*sensors));
    pthread_condattr_t attributes;
    bool any = false;
    if (sensors == NULL)
        return NULL;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&sensors->lock, NULL);
    pthread_cond_init(&sensors->wake, &attributes);
    pthread_condattr_destroy(&attributes);
    sensors->every_ms = options->every_ms;
    sensors->n = options->n;
    snprintf(sensors->root, sizeof(sensors->root), "%s", options->root);
    for (uint32_t i = 0; i < options->n; i++) {
        struct sensor *sensor = &sensors->sensors[i];
        snprintf(sensor->place, sizeof(sensor->place), "%s", options->places[i]);
        any = any || sensor->place[0] != '\0';
    }
    sensors->refs = 2;
    if (any && start(sensors))
        return sensors;
    sensors->refs = 1;
    pthread_mutex_lock(&sensors->lock);
    release(sensors);
    return NULL;
}

void agent_sensors_read(struct agent_sensors *sensors, uint32_t index, double *ret_temperature_c,
                        double *ret_power_w)
{
    *ret_temperature_c = *ret_power_w = NAN;
    if (sensors == NULL)
        return;
    pthread_mutex_lock(&sensors->lock);
    const struct sensor *sensor = &sensors->sensors[index];
    if (sensor->seen_ms > 0 && now_ms() - sensor->seen_ms < STALE_MS) {
        *ret_temperature_c = sensor->temperature_c;
        *ret_power_w = sensor->power_w;
    }
    pthread_mutex_unlock(&sensors->lock);
}

void agent_sensors_destroy(struct agent_sensors *sensors)
{
    if (sensors == NULL)
        return;
    pthread_mutex_lock(&sensors->lock);
    sensors->stop = true;
    pthread_cond_signal(&sensors->wake);
    release(sensors);
}
