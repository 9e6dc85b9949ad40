// Apart from shims.c because <asm/termbits.h> and <termios.h> define the same names.
#include "CLinuxShims.h"
#include <asm/ioctls.h>
#include <asm/termbits.h>
#include <errno.h>
#include <linux/serial.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

int ioctl(int fd, unsigned long request, ...);

int koppel_serial_settings(int fd, koppel_serial *result)
{
    struct termios2 t;
    struct stat s;
    if (ioctl(fd, TCGETS2, &t) || fstat(fd, &s)) return -errno;
    tcflag_t size = t.c_cflag & CSIZE;
    result->baud = (int)t.c_ospeed;
    result->data_bits = size == CS8 ? 8 : size == CS7 ? 7 : size == CS6 ? 6 : 5;
    result->parity = t.c_cflag & PARENB ? t.c_cflag & PARODD ? 'O' : 'E' : 'N';
    result->stop_bits = t.c_cflag & CSTOPB ? 2 : 1;
    result->flow_control = t.c_cflag & CRTSCTS || t.c_iflag & (IXON | IXOFF);
    // The major numbers of pseudo-terminals (Documentation/admin-guide/devices.txt).
    result->is_pseudo = major(s.st_rdev) >= 136 && major(s.st_rdev) <= 143;
    return 0;
}

int koppel_serial_exclusive(int fd) { return ioctl(fd, TIOCEXCL) ? -errno : 0; }

int koppel_serial_rs485(int fd, int rts_on_send, unsigned int before_ms, unsigned int after_ms)
{
    struct serial_rs485 wanted = {
        .flags = SER_RS485_ENABLED | (rts_on_send ? SER_RS485_RTS_ON_SEND : SER_RS485_RTS_AFTER_SEND),
        .delay_rts_before_send = before_ms,
        .delay_rts_after_send = after_ms,
    };
    return ioctl(fd, TIOCSRS485, &wanted) ? -errno : 0;
}

int koppel_serial_low_latency(int fd)
{
    struct serial_struct s;
    if (ioctl(fd, TIOCGSERIAL, &s)) return -errno;
    s.flags |= ASYNC_LOW_LATENCY;
    return ioctl(fd, TIOCSSERIAL, &s) ? -errno : 0;
}
