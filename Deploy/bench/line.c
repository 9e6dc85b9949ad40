// A serial line with Modbus RTU units, paced as a wire: for measuring how much of the line a master uses.
//   line LINK BAUD BITS TURNAROUND_US SECONDS VALUES WARM
// Makes a pseudo-terminal and links LINK to it. BITS is 10 for 8N1, 11 for 8E1. Answers functions 3 and 4 of every unit
// except 250. A request takes its time on the wire, then the unit its turnaround (its own 3.5 characters of silence are
// in it), then the answer its time; the bytes are there when the last one would be. VALUES: "count" (every register
// differs each time) or "zero" (all are equal, always). The figures begin after the first WARM questions.
// Prints one JSON line at the end. "ideal" is the time the exchanges need if the next request begins 3.5 characters
// after each answer (1.75 ms above 19200 baud); "early" counts requests that came sooner.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static void until(double when)
{
    struct timespec t = { (time_t)when, (long)((when - (time_t)when) * 1e9) };
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR) { }
}

static unsigned crc16(const uint8_t *p, size_t n)
{
    unsigned crc = 0xFFFF;
    while (n--) {
        crc ^= *p++;
        for (int i = 0; i < 8; i++) crc = crc & 1 ? crc >> 1 ^ 0xA001 : crc >> 1;
    }
    return crc;
}

int main(int argc, char **argv)
{
    if (argc != 8) return 64;
    double character = atof(argv[3]) / atof(argv[2]), turnaround = atof(argv[4]) / 1e6, seconds = atof(argv[5]);
    double silence = atof(argv[2]) > 19200 ? 0.00175 : 3.5 * character;
    int counting = strcmp(argv[6], "count") == 0;
    unsigned long warm = strtoul(argv[7], NULL, 10);
    prctl(PR_SET_TIMERSLACK, 1);
    int fd = posix_openpt(O_RDWR | O_NOCTTY);
    if (fd < 0 || grantpt(fd) || unlockpt(fd)) return 74;
    unlink(argv[1]);
    if (symlink(ptsname(fd), argv[1])) return 74;
    int far = open(ptsname(fd), O_RDWR | O_NOCTTY);  // only until the first request: no hang-up before it
    struct termios raw;
    tcgetattr(far, &raw);
    cfmakeraw(&raw);
    tcsetattr(far, TCSANOW, &raw);
    close(far);
    printf("{\"ready\": true}\n");
    fflush(stdout);

    uint8_t in[512], out[512];
    size_t have = 0;
    uint16_t counter = 0;
    double first = 0, begin = 0, last = 0, ideal = 0, start_ideal = 0, wire = 0, worst = 0;
    unsigned long questions = 0, early = 0, broken = 0;
    for (double end = now() + seconds + 30; now() < end;) {
        struct pollfd p = { .fd = fd, .events = POLLIN };
        if (poll(&p, 1, 50) <= 0) continue;
        ssize_t n = read(fd, in + have, sizeof in - have);
        double arrived = now();
        if (n <= 0) {
            if (first > 0) break;
            usleep(10000);  // nobody has opened the line yet: it reads as ended at once, and would be asked without a pause
            continue;
        }
        have += (size_t)n;
        if (have < 8) continue;
        if (have > 8 || crc16(in, 8) != 0) broken++;
        have = 0;
        if (first == 0) first = begin = arrived, end = arrived + seconds + 30;
        if (questions == warm && warm > 0) {
            start_ideal = ideal / (last - first);
            begin = arrived, end = arrived + seconds;
            ideal = wire = worst = 0, questions = warm = 0;
        } else if (last > 0) {
            if (arrived - last < silence - 20e-6) early++;
            if (arrived - last - silence > worst) worst = arrived - last - silence;
        }
        unsigned count = in[4] << 8 | in[5];
        size_t length = 5 + 2 * count;
        if (in[0] == 250 || count > 125) continue;
        out[0] = in[0], out[1] = in[1], out[2] = (uint8_t)(2 * count);
        for (unsigned i = 0; i < count; i++) {
            uint16_t value = counting ? ++counter : 0;
            out[3 + 2 * i] = (uint8_t)(value >> 8), out[4 + 2 * i] = (uint8_t)value;
        }
        unsigned crc = crc16(out, length - 2);
        out[length - 2] = (uint8_t)crc, out[length - 1] = (uint8_t)(crc >> 8);
        until(arrived + 8 * character + turnaround + length * character);
        last = now();
        if (write(fd, out, length) != (ssize_t)length) break;
        questions++;
        ideal += (8 + length) * character + turnaround + silence;
        wire += (8 + length) * character;
    }
    double took = last - begin;
    ideal -= silence;  // nothing follows the last answer
    printf("{\"questions\": %lu, \"seconds\": %.3f, \"ideal\": %.3f, \"used\": %.4f, \"used_at_first\": %.4f, "
           "\"bytes_on_wire\": %.4f, \"worst_pause_ms\": %.2f, \"early\": %lu, \"broken\": %lu}\n",
           questions, took, ideal, ideal / took, start_ideal, wire / took, worst * 1e3, early, broken);
    unlink(argv[1]);
    return 0;
}
