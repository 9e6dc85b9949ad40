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
