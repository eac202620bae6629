#include "executor_process.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cx.h"

extern char **environ;

enum { END_WAIT_MS = 500 };

static int spawn(const struct executor_process_options *options, int socket_fd, int memory_fd,
                 pid_t *ret_pid)
{
    char memory[32], precision[32], parent[32];
    snprintf(memory, sizeof(memory), "%" PRIu64, options->memory_max);
    snprintf(precision, sizeof(precision), "%" PRId64, options->precision);
    snprintf(parent, sizeof(parent), "%d", (int)getpid());
    const char *path = options->path[0] != '\0' ? options->path : "/proc/self/exe";
    const char *const args[] = {"stokerd",     "executor",         "--device", options->device,
                                "--cache",     options->cache_dir, "--memory", memory,
                                "--precision", precision,          "--parent", parent,
                                NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    sigemptyset(&none);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, socket_fd, EXECUTOR_SOCKET_FD);
    posix_spawn_file_actions_adddup2(&actions, memory_fd, EXECUTOR_MEMORY_FD);
    /* The agent blocks the signals that it waits for; a driver must not inherit that. */
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    int status =
        posix_spawn(ret_pid, path, &actions, &attributes, (char *const *)(uintptr_t)args, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return status;
}

/* dup2 to its own number would leave close-on-exec set, and a low number could be overwritten by
 * the other one's: both descriptors are moved out of the way first. */
static int move_up(int fd)
{
    if (fd < 0)
        return fd;
    int moved = fcntl(fd, F_DUPFD_CLOEXEC, 16);
    close(fd);
    return moved;
}

int agent_executor_process_start(const struct executor_process_options *options,
                                 struct executor_process *ret_process, char *ret_error)
{
    int sockets[2] = {-1, -1};
    int memory_fd = -1;
    pid_t pid = 0;
    int status = -1;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) != 0)
        goto out;
    sockets[0] = move_up(sockets[0]);
    sockets[1] = move_up(sockets[1]);
    memory_fd = move_up(memfd_create("stoker-tensors", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    /* Sealed against shrinking: a file cut short under a mapping would be a SIGBUS. */
    if (sockets[0] < 0 || sockets[1] < 0 || memory_fd < 0 ||
        fcntl(memory_fd, F_ADD_SEALS, F_SEAL_SHRINK) != 0 ||
        fcntl(sockets[0], F_SETFL, O_NONBLOCK) != 0)
        goto out;
    errno = spawn(options, sockets[1], memory_fd, &pid);
    if (errno != 0)
        goto out;
    *ret_process =
        (struct executor_process){.pid = pid, .socket_fd = sockets[0], .memory_fd = memory_fd};
    sockets[0] = memory_fd = -1;
    status = 0;
out:
    if (status != 0)
        snprintf(ret_error, 256, "the executor can not be started: %s", strerror(errno));
    for (int i = 0; i < 2; i++)
        if (sockets[i] >= 0)
            close(sockets[i]);
    if (memory_fd >= 0)
        close(memory_fd);
    return status;
}

static void describe_end(int status, char *ret_how)
{
    if (WIFSIGNALED(status))
        snprintf(ret_how, 128, "ended by signal %d (%s)", WTERMSIG(status),
                 strsignal(WTERMSIG(status)));
    else
        snprintf(ret_how, 128, "exit code %d", WEXITSTATUS(status));
}

void agent_executor_process_end(struct executor_process *process, char *ret_how)
{
    if (process->pid == 0)
        return;
    int status = 0;
    /* What it died of is worth more than our own SIGKILL. */
    pid_t ended = waitpid(process->pid, &status, WNOHANG);
    if (ended == 0) {
        kill(process->pid, SIGKILL);
        int pid_fd = (int)syscall(SYS_pidfd_open, process->pid, 0);
        struct pollfd poll_fd = {.fd = pid_fd, .events = POLLIN};
        if (pid_fd >= 0)
            poll(&poll_fd, 1, END_WAIT_MS);
        ended = waitpid(process->pid, &status, WNOHANG);
        if (pid_fd >= 0)
            close(pid_fd);
    }
    if (ended == process->pid)
        describe_end(status, ret_how);
    else
        snprintf(ret_how, 128, "does not die: its driver holds it in the kernel");
    if (process->memory != NULL)
        munmap(process->memory, process->memory_bytes);
    close(process->memory_fd);
    close(process->socket_fd);
    memset(process, 0, sizeof(*process));
}

static bool memory_map(struct executor_process *process)
{
    struct stat info;
    if (fstat(process->memory_fd, &info) != 0 || info.st_size <= 0 ||
        (uint64_t)info.st_size > EXECUTOR_MEMORY_MAX)
        return false;
    if ((uint64_t)info.st_size == process->memory_bytes)
        return true;
    void *memory =
        mmap(NULL, (size_t)info.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, process->memory_fd, 0);
    if (memory == MAP_FAILED)
        return false;
    if (process->memory != NULL)
        munmap(process->memory, process->memory_bytes);
    process->memory = memory;
    process->memory_bytes = (uint64_t)info.st_size;
    return true;
}

bool agent_executor_process_reserve(struct executor_process *process, uint64_t bytes)
{
    if (bytes > EXECUTOR_MEMORY_MAX)
        return false;
    if (bytes > process->memory_bytes && memory_map(process) && bytes <= process->memory_bytes)
        return true; /* the executor has made it larger meanwhile */
    if (bytes <= process->memory_bytes)
        return true;
    return ftruncate(process->memory_fd, (off_t)bytes) == 0 && memory_map(process);
}

const uint8_t *agent_executor_process_tensor(struct executor_process *process,
                                             const struct executor_tensor *tensor)
{
    if (!memory_map(process) || tensor->rank > CX_RANK_MAX)
        return NULL;
    if (tensor->offset > process->memory_bytes ||
        tensor->bytes > process->memory_bytes - tensor->offset)
        return NULL;
    struct cx_shape shape = {.rank = tensor->rank};
    for (uint32_t i = 0; i < tensor->rank; i++)
        shape.dims[i] = tensor->dims[i];
    uint64_t count;
    size_t size = cx_dtype_size((enum cx_dtype)tensor->dtype);
    if (cx_shape_count(&shape, &count) != CX_OK || size == 0 || count > EXECUTOR_MEMORY_MAX ||
        count * size != tensor->bytes)
        return NULL;
    return process->memory + tensor->offset;
}
