// Calls of the C library that do not come back, for one program: preloaded into the agent by the scenarios.
//
// The file named by STUCK holds 64-bit numbers, mapped so that a change counts from the next look on, also for a call
// that is stuck: [0] receiving from this port hangs, 0 for none; [1] looking up "broker.test" hangs (1), fails (2) or
// gives 127.0.0.1 (0); [2] writing files through to the disk hangs (1).
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

static volatile int64_t *settings(void)
{
    static volatile int64_t *mapped;
    volatile int64_t *known = __atomic_load_n(&mapped, __ATOMIC_ACQUIRE);
    if (known) return known;
    const char *path = getenv("STUCK");
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0) abort();
    void *map = mmap(NULL, 3 * sizeof(int64_t), PROT_READ, MAP_SHARED, fd, 0);
    close(fd);
    if (map == MAP_FAILED) abort();
    __atomic_store_n(&mapped, (volatile int64_t *)map, __ATOMIC_RELEASE);
    return map;
}

static void wait_while(int index, int64_t value)
{
    while (value && settings()[index] == value) usleep(20000);
}

static void wait_for_peer(int fd)
{
    struct sockaddr_in peer;
    socklen_t length = sizeof peer;
    int64_t port = settings()[0];
    if (port && getpeername(fd, (struct sockaddr *)&peer, &length) == 0 && peer.sin_family == AF_INET
        && ntohs(peer.sin_port) == port)
        wait_while(0, port);
}

ssize_t recv(int fd, void *buffer, size_t size, int flags)
{
    static ssize_t (*real)(int, void *, size_t, int);
    if (!real) real = (ssize_t (*)(int, void *, size_t, int))dlsym(RTLD_NEXT, "recv");
    wait_for_peer(fd);
    return real(fd, buffer, size, flags);
}

ssize_t read(int fd, void *buffer, size_t size)
{
    static ssize_t (*real)(int, void *, size_t);
    if (!real) real = (ssize_t (*)(int, void *, size_t))dlsym(RTLD_NEXT, "read");
    wait_for_peer(fd);
    return real(fd, buffer, size);
}

static int synced(const char *name, int fd)
{
    wait_while(2, settings()[2]);
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    return real(fd);
}

int fsync(int fd) { return synced("fsync", fd); }
int fdatasync(int fd) { return synced("fdatasync", fd); }

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **list)
{
    static int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    if (!real) real = (int (*)(const char *, const char *, const struct addrinfo *, struct addrinfo **))
        dlsym(RTLD_NEXT, "getaddrinfo");
    if (!name || strcmp(name, "broker.test")) return real(name, service, hints, list);
    wait_while(1, settings()[1] == 1);
    return settings()[1] == 2 ? EAI_AGAIN : real("127.0.0.1", service, hints, list);
}
