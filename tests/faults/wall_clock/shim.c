/* Shifts the wall clock of a process, and no other clock, by the seconds in the file $WALL_CLOCKS/<pid>. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static long shift(void) {
    char path[4096];
    long seconds = 0;
    snprintf(path, sizeof path, "%s/%d", getenv("WALL_CLOCKS"), getpid());
    FILE *file = fopen(path, "r");
    if (file) {
        if (fscanf(file, "%ld", &seconds) != 1) seconds = 0;
        fclose(file);
    }
    return seconds;
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    long outcome = syscall(SYS_clock_gettime, clock, time);
    if (outcome == 0 && clock == CLOCK_REALTIME) time->tv_sec += shift();
    return (int)outcome;
}
