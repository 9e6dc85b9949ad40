#define _GNU_SOURCE
#include "CLinuxShims.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/timex.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

int koppel_eventfd(void)
{
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return fd < 0 ? -errno : fd;
}

int koppel_set_thread_name(const char *name) { return -pthread_setname_np(pthread_self(), name); }

static int raw(int fd)
{
    struct termios t;
    if (tcgetattr(fd, &t)) return -errno;
    cfmakeraw(&t);
    return tcsetattr(fd, TCSANOW, &t) ? -errno : 0;
}

int koppel_open_pty(int *near_side, int *far_side, char *path, unsigned long capacity)
{
    int a = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (a < 0) return -errno;
    int error = 0, b = -1;
    if (grantpt(a) || unlockpt(a)) error = -errno;
    else if ((error = -ptsname_r(a, path, capacity)) == 0) {
        b = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
        if (b < 0) error = -errno;
        else if ((error = raw(a)) == 0) error = raw(b);
    }
    if (error) {
        if (b >= 0) close(b);
        close(a);
        return error;
    }
    *near_side = a;
    *far_side = b;
    return 0;
}

int koppel_clock_state(int64_t *max_error_us)
{
    struct timex t = { 0 };
    int state = adjtimex(&t);
    if (state < 0) return -errno;
    *max_error_us = t.maxerror;
    return state != TIME_ERROR && !(t.status & STA_UNSYNC);
}

int koppel_poll2(int first, int second, int second_wants_write, int64_t nanoseconds)
{
    struct pollfd p[2] = {
        { .fd = first, .events = POLLIN },
        { .fd = second, .events = (short)(POLLIN | (second_wants_write ? POLLOUT : 0)) },
    };
    struct timespec t = { nanoseconds / 1000000000, nanoseconds % 1000000000 };
    int n = ppoll(p, 2, nanoseconds < 0 ? NULL : &t, NULL);
    if (n < 0) return errno == EINTR ? 0 : -errno;
    int result = 0;
    if (p[0].revents) result |= 1;
    if (second >= 0) {
        if (p[1].revents & POLLIN) result |= 2;
        if (p[1].revents & POLLOUT) result |= 4;
        if (p[1].revents & (POLLERR | POLLHUP | POLLNVAL)) result |= 8;
    }
    return result;
}
