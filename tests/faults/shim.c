/* Preloaded into a server, it writes down what the server does to the files of FAULTS_DIRECTORY and when a
 * sync was over, in FAULTS_LOG, and fails those calls as the byte in FAULTS_SWITCH says. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { WELL, FULL, SYNC_FAILS, READ_ONLY, SLOW, STUCK };
#define SLOW_SYNC_S 2

struct record {
    uint64_t begun_ns, over_ns, offset;
    uint32_t path_bytes, data_bytes;
    char what; /* c: made, w: written, t: cut, s: synced, r: renamed (data: to), u: removed */
    char padding[7];
};

static const char *directory = "";
static size_t directory_bytes;
static int log_descriptor = -1;
static volatile unsigned char *mode = (unsigned char[]){WELL};
static pthread_mutex_t in_order = PTHREAD_MUTEX_INITIALIZER;

__attribute__((constructor)) static void begin(void) {
    const char *log = getenv("FAULTS_LOG"), *fault = getenv("FAULTS_SWITCH");
    directory = getenv("FAULTS_DIRECTORY");
    directory_bytes = strlen(directory);
    log_descriptor = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    int descriptor = (int)syscall(SYS_openat, AT_FDCWD, fault, O_RDONLY | O_CLOEXEC, 0);
    mode = mmap(NULL, 1, PROT_READ, MAP_SHARED, descriptor, 0);
    syscall(SYS_close, descriptor);
}

static uint64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* The shared memory beside a log is made anew by every recovery: what happens to it is of no interest. */
static int is_watched(const char *path) {
    size_t bytes = strlen(path);
    int is_shared_memory = bytes > 4 && strcmp(path + bytes - 4, "-shm") == 0;
    return strncmp(path, directory, directory_bytes) == 0 && !is_shared_memory;
}

static int path_of(int descriptor, char *path) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t bytes = readlink(link, path, PATH_MAX - 1);
    path[bytes > 0 ? bytes : 0] = 0;
    return is_watched(path);
}

static void note(char what, const char *path, uint64_t begun_ns, uint64_t offset, const void *data, size_t bytes) {
    struct record record = {begun_ns, now_ns(), offset, (uint32_t)strlen(path), (uint32_t)bytes, what, {0}};
    struct iovec parts[] = {{&record, sizeof record}, {(void *)path, record.path_bytes}, {(void *)data, bytes}};
    if (syscall(SYS_writev, log_descriptor, parts, 3) < 0) abort();
}

#define REAL(name) __typeof__(&name) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)
#define FAIL(number) return errno = (number), -1

static int write_error(void) { return *mode == FULL ? ENOSPC : *mode == READ_ONLY ? EROFS : 0; }

#define WRITE_AT(name, offset_type)                                                          \
    ssize_t name(int descriptor, const void *data, size_t bytes, offset_type offset) {       \
        REAL(name);                                                                          \
        char path[PATH_MAX];                                                                 \
        if (!path_of(descriptor, path)) return real(descriptor, data, bytes, offset);        \
        if (write_error()) FAIL(write_error());                                              \
        pthread_mutex_lock(&in_order);                                                       \
        ssize_t written = real(descriptor, data, bytes, offset);                             \
        if (written > 0) note('w', path, 0, (uint64_t)offset, data, (size_t)written);        \
        pthread_mutex_unlock(&in_order);                                                     \
        return written;                                                                      \
    }
WRITE_AT(pwrite, off_t)
WRITE_AT(pwrite64, off64_t)

#define READ_AT(name, offset_type)                                                           \
    ssize_t name(int descriptor, void *data, size_t bytes, offset_type offset) {             \
        REAL(name);                                                                          \
        char path[PATH_MAX];                                                                 \
        while (*mode == STUCK && path_of(descriptor, path))                                  \
            nanosleep(&(struct timespec){0, 10000000}, NULL);                                \
        return real(descriptor, data, bytes, offset);                                        \
    }
READ_AT(pread, off_t)
READ_AT(pread64, off64_t)

ssize_t write(int descriptor, const void *data, size_t bytes) {
    REAL(write);
    char path[PATH_MAX];
    if (!path_of(descriptor, path)) return real(descriptor, data, bytes);
    if (write_error()) FAIL(write_error());
    pthread_mutex_lock(&in_order);
    ssize_t written = real(descriptor, data, bytes);
    if (written > 0) note('w', path, 0, (uint64_t)(lseek(descriptor, 0, SEEK_CUR) - written), data, (size_t)written);
    pthread_mutex_unlock(&in_order);
    return written;
}

#define CUT(name, offset_type)                                                               \
    int name(int descriptor, offset_type bytes) {                                            \
        REAL(name);                                                                          \
        char path[PATH_MAX];                                                                 \
        if (!path_of(descriptor, path)) return real(descriptor, bytes);                      \
        if (write_error()) FAIL(write_error());                                              \
        pthread_mutex_lock(&in_order);                                                       \
        int failed = real(descriptor, bytes);                                                \
        if (!failed) note('t', path, 0, (uint64_t)bytes, "", 0);                             \
        pthread_mutex_unlock(&in_order);                                                     \
        return failed;                                                                       \
    }
CUT(ftruncate, off_t)
CUT(ftruncate64, off64_t)

#define SYNC(name)                                                                           \
    int name(int descriptor) {                                                               \
        REAL(name);                                                                          \
        char path[PATH_MAX];                                                                 \
        if (!path_of(descriptor, path)) return real(descriptor);                             \
        if (*mode == SYNC_FAILS) FAIL(EIO);                                                  \
        uint64_t begun_ns = now_ns();                                                        \
        if (*mode == SLOW) nanosleep(&(struct timespec){SLOW_SYNC_S, 0}, NULL);              \
        int failed = real(descriptor);                                                       \
        pthread_mutex_lock(&in_order);                                                       \
        if (!failed) note('s', path, begun_ns, 0, "", 0);                                    \
        pthread_mutex_unlock(&in_order);                                                     \
        return failed;                                                                       \
    }
SYNC(fsync)
SYNC(fdatasync)

static void note_opened(int descriptor, int flags, int was_there) {
    char path[PATH_MAX];
    if (descriptor < 0 || !path_of(descriptor, path)) return;
    pthread_mutex_lock(&in_order);
    if (!was_there) note('c', path, 0, 0, "", 0);
    else if (flags & O_TRUNC) note('t', path, 0, 0, "", 0);
    pthread_mutex_unlock(&in_order);
}

#define OPEN(name)                                                                           \
    int name(const char *path, int flags, ...) {                                             \
        REAL(name);                                                                          \
        va_list rest;                                                                        \
        va_start(rest, flags);                                                               \
        unsigned permissions = flags & O_CREAT ? va_arg(rest, unsigned) : 0;                 \
        va_end(rest);                                                                        \
        int was_there = !(flags & O_CREAT) || access(path, F_OK) == 0;                       \
        int descriptor = real(path, flags, permissions);                                     \
        if (flags & (O_CREAT | O_TRUNC)) note_opened(descriptor, flags, was_there);          \
        return descriptor;                                                                   \
    }
OPEN(open)
OPEN(open64)

int rename(const char *from, const char *to) {
    REAL(rename);
    pthread_mutex_lock(&in_order);
    int failed = real(from, to);
    if (!failed && is_watched(from)) note('r', from, 0, 0, to, strlen(to));
    pthread_mutex_unlock(&in_order);
    return failed;
}

int unlink(const char *path) {
    REAL(unlink);
    pthread_mutex_lock(&in_order);
    int failed = real(path);
    if (!failed && is_watched(path)) note('u', path, 0, 0, "", 0);
    pthread_mutex_unlock(&in_order);
    return failed;
}
