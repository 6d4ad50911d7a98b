/* A disk that fails: loaded before the C library, it lets writes to files below FAULTY_DISK fail with
   the error whose number stands in the file FAULTY_DISK_ERROR, for as long as that file is there.
   EROFS also refuses to open for writing, as a mount that became read-only does; reads go on. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int fault(void) {
    const char *path = getenv("FAULTY_DISK_ERROR");
    FILE *file = path ? fopen(path, "re") : NULL;
    int number = 0;
    if (file) {
        if (fscanf(file, "%d", &number) != 1) number = 0;
        fclose(file);
    }
    return number;
}

static int is_below(const char *path) {
    const char *root = getenv("FAULTY_DISK");
    return root && strncmp(path, root, strlen(root)) == 0;
}

static int fails(int fd) {
    char link[64], path[4096];
    int kept = errno, number = fault();
    if (number) {
        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        ssize_t length = readlink(link, path, sizeof path - 1);
        path[length > 0 ? length : 0] = 0;
        if (is_below(path)) { errno = number; return 1; }
    }
    errno = kept;
    return 0;
}

static int refuses(const char *path, int flags) {
    int kept = errno;
    if ((flags & (O_WRONLY | O_RDWR | O_CREAT)) && is_below(path) && fault() == EROFS) {
        errno = EROFS;
        return 1;
    }
    errno = kept;
    return 0;
}

ssize_t write(int fd, const void *bytes, size_t size) { return fails(fd) ? -1 : REAL(write)(fd, bytes, size); }
ssize_t pwrite(int fd, const void *bytes, size_t size, off_t at) { return fails(fd) ? -1 : REAL(pwrite)(fd, bytes, size, at); }
ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t at) { return fails(fd) ? -1 : REAL(pwrite64)(fd, bytes, size, at); }
ssize_t writev(int fd, const struct iovec *parts, int count) { return fails(fd) ? -1 : REAL(writev)(fd, parts, count); }
int fsync(int fd) { return fails(fd) ? -1 : REAL(fsync)(fd); }
int fdatasync(int fd) { return fails(fd) ? -1 : REAL(fdatasync)(fd); }
int ftruncate(int fd, off_t size) { return fails(fd) ? -1 : REAL(ftruncate)(fd, size); }
int ftruncate64(int fd, off64_t size) { return fails(fd) ? -1 : REAL(ftruncate64)(fd, size); }
int rename(const char *from, const char *to) {
    int number = is_below(to) ? fault() : 0;
    if (number) { errno = number; return -1; }
    return REAL(rename)(from, to);
}

#define OPEN(name)                                              \
    int name(const char *path, int flags, ...) {                \
        va_list more;                                           \
        va_start(more, flags);                                  \
        mode_t mode = va_arg(more, int);                        \
        va_end(more);                                           \
        return refuses(path, flags) ? -1 : REAL(name)(path, flags, mode); \
    }
OPEN(open)
OPEN(open64)
