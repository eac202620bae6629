/* Finding and describing every OpenCL device. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include "device/cl.h"
#include "error.h"

#define PLATFORM_MAX 16
#define DEVICE_MAX 64 /* a platform */
/* Of cl_nv_device_attribute_query; a slot is 8 times the device, and the function. */
#define PCI_BUS_NV 0x4008
#define PCI_SLOT_NV 0x4009
#define PCI_DOMAIN_NV 0x400A
#define CPUID_AVX_VNNI (1u << 4) /* leaf 7, sub-leaf 1, eax */

static void device_string(cl_device_id device, cl_device_info what, char *text, size_t text_size)
{
    char long_text[1024];
    text[0] = '\0';
    if (clGetDeviceInfo(device, what, sizeof long_text - 1, long_text, NULL) != CL_SUCCESS)
        return;
    long_text[sizeof long_text - 1] = '\0';
    snprintf(text, text_size, "%.*s", (int)text_size - 1, long_text + strspn(long_text, " "));
}

static uint64_t device_ulong(cl_device_id device, cl_device_info what)
{
    cl_ulong value = 0;
    return clGetDeviceInfo(device, what, sizeof value, &value, NULL) == CL_SUCCESS ? value : 0;
}

static uint32_t device_uint(cl_device_id device, cl_device_info what)
{
    cl_uint value = 0;
    return clGetDeviceInfo(device, what, sizeof value, &value, NULL) == CL_SUCCESS ? value : 0;
}

static uint64_t device_size(cl_device_id device, cl_device_info what)
{
    size_t value = 0;
    return clGetDeviceInfo(device, what, sizeof value, &value, NULL) == CL_SUCCESS ? value : 0;
}

static bool device_has_extension(cl_device_id device, const char *name)
{
    size_t bytes = 0;
    if (clGetDeviceInfo(device, CL_DEVICE_EXTENSIONS, 0, NULL, &bytes) != CL_SUCCESS ||
        bytes == 0 || bytes > 1 << 20)
        return false;
    char *text = malloc(bytes + 1);
    if (text == NULL)
        return false;
    bool found = false;
    if (clGetDeviceInfo(device, CL_DEVICE_EXTENSIONS, bytes, text, NULL) == CL_SUCCESS) {
        text[bytes] = '\0';
        size_t name_n = strlen(name);
        for (const char *at = strstr(text, name); at != NULL && !found;
             at = strstr(at + name_n, name))
            found = (at == text || at[-1] == ' ') && (at[name_n] == ' ' || at[name_n] == '\0');
    }
    free(text);
    return found;
}

/* The hash keeps an id from pointing at other hardware after cards were moved: the driver's uuid
 * where it has one, so that two equal cards differ. */
static void device_make_id(cl_device_id device, struct cx_device_info *info)
{
    XXH64_hash_t hash = XXH3_64bits(info->name, strlen(info->name));
    hash = XXH3_64bits_withSeed(info->platform_name, strlen(info->platform_name), hash);
#if defined(CL_DEVICE_UUID_KHR)
    unsigned char uuid[CL_UUID_SIZE_KHR];
    if (device_has_extension(device, "cl_khr_device_uuid") &&
        clGetDeviceInfo(device, CL_DEVICE_UUID_KHR, sizeof uuid, uuid, NULL) == CL_SUCCESS)
        hash = XXH3_64bits_withSeed(uuid, sizeof uuid, hash);
#endif
    snprintf(info->id, sizeof info->id, "%u:%u-%08x", info->platform, info->index,
             (unsigned)(hash & 0xffffffffu));
}

static void describe_limits(cl_device_id device, struct cx_device_info *info)
{
    info->available = device_uint(device, CL_DEVICE_AVAILABLE) != 0;
    info->global_bytes = device_ulong(device, CL_DEVICE_GLOBAL_MEM_SIZE);
    info->local_bytes = device_ulong(device, CL_DEVICE_LOCAL_MEM_SIZE);
    info->alloc_bytes_max = device_ulong(device, CL_DEVICE_MAX_MEM_ALLOC_SIZE);
    info->cache_bytes = device_ulong(device, CL_DEVICE_GLOBAL_MEM_CACHE_SIZE);
    info->compute_units = device_uint(device, CL_DEVICE_MAX_COMPUTE_UNITS);
    info->clock_mhz = device_uint(device, CL_DEVICE_MAX_CLOCK_FREQUENCY);
    info->group_size_max = (uint32_t)device_size(device, CL_DEVICE_MAX_WORK_GROUP_SIZE);
    info->subgroups_max = device_uint(device, CL_DEVICE_MAX_NUM_SUB_GROUPS);
    uint32_t native = device_uint(device, CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT);
    info->float_width = native == 0 ? 1 : native;
    info->base_align_bytes = device_uint(device, CL_DEVICE_MEM_BASE_ADDR_ALIGN) / 8;
    if (device_uint(device, CL_DEVICE_IMAGE_SUPPORT) != 0) {
        info->image2d_width_max = device_size(device, CL_DEVICE_IMAGE2D_MAX_WIDTH);
        info->image2d_height_max = device_size(device, CL_DEVICE_IMAGE2D_MAX_HEIGHT);
    }
    info->fp16 = device_has_extension(device, "cl_khr_fp16");
    info->fp64 = device_has_extension(device, "cl_khr_fp64");
    info->unified_memory = device_uint(device, CL_DEVICE_HOST_UNIFIED_MEMORY) != 0;
}

/* PoCL's kernels run on this processor and take inline assembly; of others we don't know. */
static enum cx_int8_dot find_int8_dot(const struct cx_device_info *info)
{
    if (info->type != CX_DEVICE_CPU ||
        strcmp(info->platform_name, "Portable Computing Language") != 0)
        return CX_INT8_DOT_NONE;
#if defined(__x86_64__)
    unsigned a = 0, b = 0, c = 0, d = 0;
    if (__builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512vl"))
        return CX_INT8_DOT_AVX512_VNNI;
    if (__builtin_cpu_supports("avx2") && __get_cpuid_count(7, 1, &a, &b, &c, &d) &&
        (a & CPUID_AVX_VNNI) != 0)
        return CX_INT8_DOT_AVX_VNNI;
#endif
    return CX_INT8_DOT_NONE;
}

static void format_pci(struct cx_device_info *info, unsigned domain, unsigned bus, unsigned device,
                       unsigned function)
{
    snprintf(info->pci, sizeof info->pci, "%04x:%02x:%02x.%x", domain & 0xffffu, bus & 0xffu,
             device & 0x1fu, function & 7u);
}

/* One of three extensions tells which card it is. */
static void find_pci(cl_device_id device, struct cx_device_info *info)
{
    cl_device_topology_amd topology;
    cl_uint bus = 0, slot = 0;
#if defined(CL_DEVICE_PCI_BUS_INFO_KHR)
    cl_device_pci_bus_info_khr place;
    if (device_has_extension(device, "cl_khr_pci_bus_info") &&
        clGetDeviceInfo(device, CL_DEVICE_PCI_BUS_INFO_KHR, sizeof place, &place, NULL) ==
            CL_SUCCESS) {
        format_pci(info, place.pci_domain, place.pci_bus, place.pci_device, place.pci_function);
        return;
    }
#endif
    if (device_has_extension(device, "cl_amd_device_attribute_query") &&
        clGetDeviceInfo(device, CL_DEVICE_TOPOLOGY_AMD, sizeof topology, &topology, NULL) ==
            CL_SUCCESS &&
        topology.raw.type == CL_DEVICE_TOPOLOGY_TYPE_PCIE_AMD)
        format_pci(info, 0, (unsigned char)topology.pcie.bus, (unsigned char)topology.pcie.device,
                   (unsigned char)topology.pcie.function);
    else if (device_has_extension(device, "cl_nv_device_attribute_query") &&
             clGetDeviceInfo(device, PCI_BUS_NV, sizeof bus, &bus, NULL) == CL_SUCCESS &&
             clGetDeviceInfo(device, PCI_SLOT_NV, sizeof slot, &slot, NULL) == CL_SUCCESS)
        format_pci(info, device_uint(device, PCI_DOMAIN_NV), bus, slot >> 3, slot & 7);
}

static void describe(struct cx_found *found)
{
    struct cx_device_info *info = &found->info;
    cl_device_id device = found->device;
    device_string(device, CL_DEVICE_NAME, info->name, sizeof info->name);
    device_string(device, CL_DEVICE_VENDOR, info->vendor, sizeof info->vendor);
    device_string(device, CL_DRIVER_VERSION, info->driver, sizeof info->driver);
    device_string(device, CL_DEVICE_VERSION, info->version, sizeof info->version);
    cl_device_type type = 0;
    clGetDeviceInfo(device, CL_DEVICE_TYPE, sizeof type, &type, NULL);
    info->type = type & CL_DEVICE_TYPE_GPU   ? CX_DEVICE_GPU
                 : type & CL_DEVICE_TYPE_CPU ? CX_DEVICE_CPU
                                             : CX_DEVICE_ACCELERATOR;
    info->family = info->type == CX_DEVICE_CPU ? CX_FAMILY_CPU : CX_FAMILY_GPU;
    describe_limits(device, info);
    info->int8_dot = find_int8_dot(info);
    find_pci(device, info);
    device_make_id(device, info);
}

static cl_int scan_platform(cl_platform_id platform, uint32_t number, struct cx_found **found,
                            size_t *n)
{
    cl_device_id ids[DEVICE_MAX];
    cl_uint id_n = 0;
    cl_int code = clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, DEVICE_MAX, ids, &id_n);
    if (code == CL_DEVICE_NOT_FOUND)
        return CL_SUCCESS;
    if (code != CL_SUCCESS)
        return code;
    if (id_n > DEVICE_MAX)
        id_n = DEVICE_MAX;
    struct cx_found *grown = realloc(*found, (*n + id_n) * sizeof **found);
    if (grown == NULL)
        return CL_OUT_OF_HOST_MEMORY;
    *found = grown;
    for (cl_uint i = 0; i < id_n; i++) {
        struct cx_found *one = &grown[*n + i];
        memset(one, 0, sizeof *one);
        one->platform = platform;
        one->device = ids[i];
        one->info.platform = number;
        one->info.index = i;
        size_t bytes = sizeof one->info.platform_name - 1;
        if (clGetPlatformInfo(platform, CL_PLATFORM_NAME, bytes, one->info.platform_name, NULL) !=
            CL_SUCCESS)
            one->info.platform_name[0] = '\0';
        describe(one);
    }
    *n += id_n;
    return CL_SUCCESS;
}

enum cx_status cx_scan(struct cx_found **ret_found, size_t *ret_n, struct cx_error *err)
{
    cl_platform_id platforms[PLATFORM_MAX];
    cl_uint platform_n = 0;
    cl_int code = clGetPlatformIDs(PLATFORM_MAX, platforms, &platform_n);
    if (code == CL_PLATFORM_NOT_FOUND_KHR || (code == CL_SUCCESS && platform_n == 0))
        return cx_error_set(err, CX_NO_DEVICE,
                            "no OpenCL platform: install a driver (pocl-opencl-icd for the CPU)");
    if (code != CL_SUCCESS)
        return cx_cl_fail(err, code, NULL, "clGetPlatformIDs");
    if (platform_n > PLATFORM_MAX)
        platform_n = PLATFORM_MAX;

    struct cx_found *found = NULL;
    size_t n = 0;
    cl_int failure = CL_SUCCESS;
    for (cl_uint i = 0; i < platform_n; i++) {
        code = scan_platform(platforms[i], i, &found, &n);
        if (code != CL_SUCCESS)
            failure = code;
    }
    if (n == 0 && failure != CL_SUCCESS) {
        free(found);
        const char *folder = getenv("POCL_CACHE_DIR");
        return cx_error_set(err, CX_NO_DEVICE,
                            "clGetDeviceIDs: %s (%d): no platform lists its devices; PoCL fails so "
                            "when its cache folder can't be written (POCL_CACHE_DIR=%s)",
                            cx_cl_error_name(failure), (int)failure,
                            folder != NULL ? folder : "unset");
    }
    *ret_found = found;
    *ret_n = n;
    return CX_OK;
}

enum cx_status cx_devices_list(struct cx_device_info **ret_devices, size_t *ret_n,
                               struct cx_error *err)
{
    struct cx_found *found = NULL;
    size_t n = 0;
    enum cx_status status = cx_scan(&found, &n, err);
    if (status != CX_OK)
        return status;
    struct cx_device_info *devices = calloc(n == 0 ? 1 : n, sizeof *devices);
    if (devices == NULL) {
        free(found);
        return cx_error_set(err, CX_MEMORY, "no memory for a list of %zu devices", n);
    }
    for (size_t i = 0; i < n; i++)
        devices[i] = found[i].info;
    free(found);
    *ret_devices = devices;
    *ret_n = n;
    return CX_OK;
}
