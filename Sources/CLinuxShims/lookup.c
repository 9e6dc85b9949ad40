#define _GNU_SOURCE
#include "CLinuxShims.h"
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

struct koppel_lookup {
    struct gaicb request;
    struct addrinfo hints;
    char host[256];
};

koppel_lookup *koppel_lookup_begin(const char *host)
{
    koppel_lookup *l = calloc(1, sizeof *l);
    if (!l) return NULL;
    strncpy(l->host, host, sizeof l->host - 1);
    l->hints.ai_socktype = SOCK_STREAM;
    l->request.ar_name = l->host;
    l->request.ar_request = &l->hints;
    struct gaicb *list[1] = { &l->request };
    if (getaddrinfo_a(GAI_NOWAIT, list, 1, NULL)) {
        free(l);
        return NULL;
    }
    return l;
}

int koppel_lookup_wait(koppel_lookup *l, int64_t nanoseconds)
{
    const struct gaicb *list[1] = { &l->request };
    struct timespec t = { nanoseconds / 1000000000, nanoseconds % 1000000000 };
    if (gai_error(&l->request) == EAI_INPROGRESS) gai_suspend(list, 1, &t);
    int e = gai_error(&l->request);
    return e == EAI_INPROGRESS ? 0 : e ? e : 1;
}

int koppel_lookup_address(const koppel_lookup *l, int index, char *text, unsigned int capacity)
{
    const struct addrinfo *a = l->request.ar_result;
    while (a && index-- > 0) a = a->ai_next;
    return a && !getnameinfo(a->ai_addr, a->ai_addrlen, text, capacity, NULL, 0, NI_NUMERICHOST) ? 0 : -1;
}

void koppel_lookup_end(koppel_lookup *l)
{
    if (gai_error(&l->request) == EAI_INPROGRESS && gai_cancel(&l->request) == EAI_NOTCANCELED) return;
    if (l->request.ar_result) freeaddrinfo(l->request.ar_result);
    free(l);
}
