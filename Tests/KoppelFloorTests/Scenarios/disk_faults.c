// Another disk for one folder of one program: preloaded into the agent by the scenarios.
//
// The file named by DISK_FAULTS holds two 64-bit numbers: 1 if the folder named by DISK_FAULTS_FOLDER is on a volume
// that has become read-only, and how many milliseconds a sync takes there. It is mapped, so that a change counts at
// once. A worn flash card does both.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

struct settings {
    volatile int64_t read_only;
    volatile int64_t sync_ms;
};

#define REAL(name) ((__typeof__(name) *)dlsym(RTLD_NEXT, #name))

static struct settings *settings(void)
{
    static struct settings *mapped;
    struct settings *known = __atomic_load_n(&mapped, __ATOMIC_ACQUIRE);
    if (known) return known;
    const char *path = getenv("DISK_FAULTS");
    int fd = path ? REAL(open)(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0) abort();
    void *map = mmap(NULL, sizeof(struct settings), PROT_READ, MAP_SHARED, fd, 0);
    close(fd);
    if (map == MAP_FAILED) abort();
    __atomic_store_n(&mapped, map, __ATOMIC_RELEASE);
    return map;
}

static int is_ours(const char *path)
{
    const char *folder = getenv("DISK_FAULTS_FOLDER");
    return folder && strncmp(path, folder, strlen(folder)) == 0;
}

static int is_our_file(int fd)
{
    char name[64], path[4096];
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(name, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return is_ours(path);
}

static int refused(int fd)
{
    if (!settings()->read_only || !is_our_file(fd)) return 0;
    errno = EROFS;
    return 1;
}

static int path_refused(const char *path)
{
    if (!settings()->read_only || !is_ours(path)) return 0;
    errno = EROFS;
    return 1;
}

static void wait_for_disk(int fd)
{
    int64_t ms = settings()->sync_ms;
    if (ms <= 0 || !is_our_file(fd)) return;
    struct timespec pause = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&pause, NULL);
}

ssize_t pwrite(int fd, const void *from, size_t count, off_t at)
{
    return refused(fd) ? -1 : REAL(pwrite)(fd, from, count, at);
}

ssize_t pwrite64(int fd, const void *from, size_t count, off64_t at)
{
    return refused(fd) ? -1 : REAL(pwrite64)(fd, from, count, at);
}

ssize_t write(int fd, const void *from, size_t count) { return refused(fd) ? -1 : REAL(write)(fd, from, count); }

int ftruncate(int fd, off_t length) { return refused(fd) ? -1 : REAL(ftruncate)(fd, length); }

int ftruncate64(int fd, off64_t length) { return refused(fd) ? -1 : REAL(ftruncate64)(fd, length); }

int fsync(int fd)
{
    wait_for_disk(fd);
    return REAL(fsync)(fd);
}

int fdatasync(int fd)
{
    wait_for_disk(fd);
    return REAL(fdatasync)(fd);
}

int rename(const char *from, const char *to) { return path_refused(to) ? -1 : REAL(rename)(from, to); }

int unlink(const char *path) { return path_refused(path) ? -1 : REAL(unlink)(path); }

static mode_t mode_of(int flags, va_list list) { return flags & O_CREAT ? (mode_t)va_arg(list, int) : 0; }

int open(const char *path, int flags, ...)
{
    va_list list;
    va_start(list, flags);
    mode_t mode = mode_of(flags, list);
    va_end(list);
    if ((flags & O_ACCMODE) != O_RDONLY && path_refused(path)) return -1;
    return REAL(open)(path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    va_list list;
    va_start(list, flags);
    mode_t mode = mode_of(flags, list);
    va_end(list);
    if ((flags & O_ACCMODE) != O_RDONLY && path_refused(path)) return -1;
    return REAL(open64)(path, flags, mode);
}

int statvfs(const char *path, struct statvfs *volume)
{
    int code = REAL(statvfs)(path, volume);
    if (code == 0 && settings()->read_only && is_ours(path)) volume->f_flag |= ST_RDONLY;
    return code;
}

int statvfs64(const char *path, struct statvfs64 *volume)
{
    int code = REAL(statvfs64)(path, volume);
    if (code == 0 && settings()->read_only && is_ours(path)) volume->f_flag |= ST_RDONLY;
    return code;
}
