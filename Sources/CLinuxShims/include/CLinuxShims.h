#pragma once
#include <stdint.h>

// The few Linux calls that Swift's Glibc module does not show. Each does one call and nothing else;
// a negative result is -errno.

/// Makes an event counter (eventfd, non-blocking, close on exec). Returns its descriptor.
int koppel_eventfd(void);

/// Names the calling thread; Linux keeps 15 bytes.
int koppel_set_thread_name(const char *name);

/// The pair of a pseudo-terminal, both sides raw (no echo, no line editing). `path` gets the name of the far side.
int koppel_open_pty(int *near_side, int *far_side, char *path, unsigned long capacity);

/// The state of the system clock as the kernel knows it (adjtimex): 1 if synchronised, 0 if not; the maximum error
/// in microseconds goes to `max_error_us`.
int koppel_clock_state(int64_t *max_error_us);

/// Waits for a descriptor at most `milliseconds` (ppoll on two descriptors; a negative descriptor is ignored).
/// Returns a bit set: 1 the first is readable, 2 the second is readable, 4 the second is writable,
/// 8 the second has an error or hang-up. 0 is the end of the time.
int koppel_poll2(int first, int second, int second_wants_write, int64_t nanoseconds);

/// Looks a host name up on a thread of its own (getaddrinfo); a number needs none. `host` is copied. NULL if there is
/// no memory. At most 256 look-ups run at once in the process; one more ends at once with EAI_AGAIN.
typedef struct koppel_lookup koppel_lookup;
koppel_lookup *koppel_lookup_begin(const char *host);
/// Waits at most this long: 1 found, 0 not known yet, otherwise the negative EAI code.
int koppel_lookup_wait(koppel_lookup *lookup, int64_t nanoseconds);
/// Writes the numeric text of the address at `index` (getnameinfo); 0, or -1 if there is none. Only once found.
int koppel_lookup_address(const koppel_lookup *lookup, int index, char *text, unsigned int capacity);
/// Lets go of it. A look-up that still runs frees its memory when the resolver answers; nobody waits for that.
void koppel_lookup_end(koppel_lookup *lookup);

/// What a serial port is set to, as the kernel has it (TCGETS2). `parity` is N, E or O; `flow_control` is 1 if any is
/// on; `is_pseudo` is 1 for a pseudo-terminal, which has no parity and no stop bits.
typedef struct {
    int baud, data_bits, stop_bits, flow_control, is_pseudo;
    char parity;
} koppel_serial;
int koppel_serial_settings(int fd, koppel_serial *result);

/// Refuses every further open of a serial port, except by root (TIOCEXCL).
int koppel_serial_exclusive(int fd);

/// Lets the driver of a serial port switch the direction of a two-wire line by RTS (TIOCSRS485).
int koppel_serial_rs485(int fd, int rts_on_send, unsigned int before_ms, unsigned int after_ms);

/// Asks the driver to hand received bytes over at once (ASYNC_LOW_LATENCY): for FTDI adapters 1 ms instead of 16 ms.
int koppel_serial_low_latency(int fd);

/// Sets keepalive (idle, interval in seconds, count), TCP_USER_TIMEOUT (milliseconds) and TCP_NODELAY on a socket.
int koppel_tcp_options(int fd, int idle, int interval, int count, unsigned int user_timeout);

/// The local port of a socket (getsockname).
int koppel_local_port(int fd);

/// Gives free heap back (malloc_trim), and unmaps the pages of program and libraries that hold only code
/// (MADV_DONTNEED); those that are needed again come back from the page cache.
void koppel_trim_memory(void);

/// The user at the other end of a Unix socket, as it was when it connected (SO_PEERCRED).
int koppel_peer_user(int fd, unsigned int *user);
