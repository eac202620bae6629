/* One table from a driver's codes to this room's statuses. */
#include "device/cl.h"
#include "error.h"

static const struct {
    cl_int code;
    enum cx_status status;
    const char *name;
} errors[] = {
#define CL_ERROR(code, status) {code, CX_##status, #code},
#include "device/cl_errors.def"
#undef CL_ERROR
};

const char *cx_cl_error_name(cl_int code)
{
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++)
        if (errors[i].code == code)
            return errors[i].name;
    return "unknown code";
}

enum cx_status cx_cl_error_status(cl_int code)
{
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++)
        if (errors[i].code == code)
            return errors[i].status;
    return CX_DEVICE;
}

enum cx_status cx_cl_fail(struct cx_error *err, cl_int code, const struct cx_device *device,
                          const char *call)
{
    return cx_error_set(err, cx_cl_error_status(code), "%s: %s (%d)%s%s", call,
                        cx_cl_error_name(code), (int)code, device != NULL ? " on " : "",
                        device != NULL ? device->info.name : "");
}
