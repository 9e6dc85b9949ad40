#define _GNU_SOURCE
#include "CLinuxShims.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

int koppel_tcp_options(int fd, int idle, int interval, int count, unsigned int user_timeout)
{
    int on = 1;
    if (setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on)
        || setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle)
        || setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval)
        || setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof count)
        || setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &user_timeout, sizeof user_timeout)
        || setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on))
        return -errno;
    return 0;
}

int koppel_local_port(int fd)
{
    struct sockaddr_storage a;
    socklen_t size = sizeof a;
    if (getsockname(fd, (struct sockaddr *)&a, &size)) return -errno;
    return ntohs(a.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&a)->sin6_port : ((struct sockaddr_in *)&a)->sin_port);
}

int koppel_peer_user(int fd, unsigned int *user) {
    struct ucred peer;
    socklen_t length = sizeof peer;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0) return -errno;
    *user = peer.uid;
    return 0;
}
