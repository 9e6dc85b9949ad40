// Apart from shims.c because <asm/termbits.h> and <termios.h> define the same names.
#include "CLinuxShims.h"
#include <asm/ioctls.h>
#include <asm/termbits.h>
#include <errno.h>

int ioctl(int fd, unsigned long request, ...);

int koppel_serial_speed(int fd)
{
    struct termios2 t;
    return ioctl(fd, TCGETS2, &t) ? -errno : (int)t.c_ospeed;
}

int koppel_serial_exclusive(int fd) { return ioctl(fd, TIOCEXCL) ? -errno : 0; }
