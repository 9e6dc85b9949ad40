// Another wall clock, and another kernel's word about it, for one program: preloaded into the agent by the scenarios.
//
// The file named by KERNEL_CLOCK holds two 64-bit numbers: the nanoseconds added to the wall clock, and 1 if the
// kernel is to vouch for it. It is mapped, so that a change counts from the next look on. The clocks that count from
// boot stay as they are, as they do when somebody sets the date of a machine.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

struct settings {
    volatile int64_t offset;
    volatile int64_t synchronised;
};

static struct settings *settings(void)
{
    static struct settings *mapped;
    struct settings *known = __atomic_load_n(&mapped, __ATOMIC_ACQUIRE);
    if (known) return known;
    const char *path = getenv("KERNEL_CLOCK");
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0) abort();
    void *map = mmap(NULL, sizeof(struct settings), PROT_READ, MAP_SHARED, fd, 0);
    close(fd);
    if (map == MAP_FAILED) abort();
    __atomic_store_n(&mapped, map, __ATOMIC_RELEASE);
    return map;
}

static int real_clock(clockid_t clock, struct timespec *time)
{
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    return real(clock, time);
}

int clock_gettime(clockid_t clock, struct timespec *time)
{
    int result = real_clock(clock, time);
    if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
        int64_t shown = time->tv_sec * 1000000000LL + time->tv_nsec + settings()->offset;
        time->tv_sec = shown / 1000000000LL;
        time->tv_nsec = shown % 1000000000LL;
    }
    return result;
}

int gettimeofday(struct timeval *restrict tv, void *restrict zone)
{
    struct timespec now;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    tv->tv_sec = now.tv_sec;
    tv->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *out)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (out) *out = now.tv_sec;
    return now.tv_sec;
}

int adjtimex(struct timex *t)
{
    int vouched = settings()->synchronised != 0;
    t->status = vouched ? STA_PLL : STA_UNSYNC;
    t->maxerror = vouched ? 4000 : 16000000;
    return vouched ? TIME_OK : TIME_ERROR;
}
