/* Moves the wall clock of a process: loaded before everything else (LD_PRELOAD). By how many
   nanoseconds stands in the file that KL_SKEW_FILE names, and is looked up each time. */

#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *moved_by;

__attribute__((constructor)) static void find_out(void) {
    const char *path = getenv("KL_SKEW_FILE");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0)
        return;
    void *at = mmap(NULL, sizeof *moved_by, PROT_READ, MAP_SHARED, file, 0);
    close(file);
    if (at != MAP_FAILED)
        moved_by = at;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    long done = syscall(SYS_clock_gettime, clock, now);
    if (done == 0 && clock == CLOCK_REALTIME && moved_by) {
        int64_t nanos = now->tv_nsec + *moved_by % 1000000000;
        now->tv_sec += *moved_by / 1000000000;
        if (nanos < 0) {
            now->tv_sec--;
            nanos += 1000000000;
        } else if (nanos >= 1000000000) {
            now->tv_sec++;
            nanos -= 1000000000;
        }
        now->tv_nsec = nanos;
    }
    return (int)done;
}
