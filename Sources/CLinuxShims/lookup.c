#define _GNU_SOURCE
#include "CLinuxShims.h"
#include <limits.h>
#include <netdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

// Not getaddrinfo_a: in glibc 2.36 a gai_suspend that runs out of time just as the answer comes leaves its place on
// the stack in the list of those to wake, and the thread that found the answer writes to it later. With 200 buses
// looking up their hosts at once that ended the process once in some starts.

enum { MOST_AT_ONCE = 256, STACK_BYTES = 256 * 1024 };

struct koppel_lookup {
    pthread_mutex_t lock;
    pthread_cond_t done;
    int owners;      // the one who asked, and the thread that looks
    int outcome;     // 0 while the thread looks, then 1 or a negative EAI code
    struct addrinfo *found;
    char host[NI_MAXHOST];
};

static atomic_int running;

static void let_go(koppel_lookup *l)
{
    pthread_mutex_lock(&l->lock);
    int left = --l->owners;
    pthread_mutex_unlock(&l->lock);
    if (left) return;
    if (l->found) freeaddrinfo(l->found);
    pthread_cond_destroy(&l->done);
    pthread_mutex_destroy(&l->lock);
    free(l);
}

static int resolve(koppel_lookup *l, int flags)
{
    const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = flags };
    struct addrinfo *found = NULL;
    int error = getaddrinfo(l->host, NULL, &hints, &found);
    pthread_mutex_lock(&l->lock);
    l->found = found;
    l->outcome = error ? error : 1;
    pthread_cond_signal(&l->done);
    pthread_mutex_unlock(&l->lock);
    return error;
}

static void *look(void *context)
{
    resolve(context, 0);
    let_go(context);
    atomic_fetch_sub(&running, 1);
    return NULL;
}

static int start_thread(koppel_lookup *l)
{
    if (atomic_fetch_add(&running, 1) >= MOST_AT_ONCE) {
        atomic_fetch_sub(&running, 1);
        return -1;
    }
    pthread_attr_t attributes;
    pthread_t id;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    l->owners = 2;
    int failed = pthread_create(&id, &attributes, look, l);
    pthread_attr_destroy(&attributes);
    if (!failed) return 0;
    l->owners = 1;
    atomic_fetch_sub(&running, 1);
    return -1;
}

koppel_lookup *koppel_lookup_begin(const char *host)
{
    koppel_lookup *l = calloc(1, sizeof *l);
    if (!l) return NULL;
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&l->done, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&l->lock, NULL);
    strncpy(l->host, host, sizeof l->host - 1);
    l->owners = 1;
    // A number needs no resolver, and so no thread.
    if (!resolve(l, AI_NUMERICHOST)) return l;
    l->outcome = 0;
    if (start_thread(l)) l->outcome = EAI_AGAIN;
    return l;
}

int koppel_lookup_wait(koppel_lookup *l, int64_t nanoseconds)
{
    struct timespec end;
    clock_gettime(CLOCK_MONOTONIC, &end);
    int64_t sum = end.tv_nsec + nanoseconds % 1000000000;
    end.tv_sec += nanoseconds / 1000000000 + sum / 1000000000;
    end.tv_nsec = sum % 1000000000;
    pthread_mutex_lock(&l->lock);
    int late = 0;
    while (!l->outcome && !late) late = pthread_cond_timedwait(&l->done, &l->lock, &end);
    int outcome = l->outcome;
    pthread_mutex_unlock(&l->lock);
    return outcome;
}

int koppel_lookup_address(const koppel_lookup *l, int index, char *text, unsigned int capacity)
{
    const struct addrinfo *a = l->found;
    while (a && index-- > 0) a = a->ai_next;
    return a && !getnameinfo(a->ai_addr, a->ai_addrlen, text, capacity, NULL, 0, NI_NUMERICHOST) ? 0 : -1;
}

void koppel_lookup_end(koppel_lookup *l) { let_go(l); }
