/* A disk that keeps only what was synced. Preloaded into a process, it watches one folder (WATCH)
 * and keeps beside it (SHADOW) what a power cut would leave:
 *
 *   SHADOW/i/INODE   the content of a file when it was last synced
 *   SHADOW/n/NAME    a link to the content; '/' in names is written '|'
 *   SHADOW/d/INODE   a link to NAME: what a folder was called when what it lies in was last synced
 *
 * Syncing a file keeps its content and the name that it has then. Syncing a folder keeps the names
 * in it: renamed files and folders move, removed ones go. sync_file_range keeps nothing. With FORGETFUL set,
 * syncing through a handle that cannot write keeps nothing either.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LONGEST 4096

static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;

/* Writes the name of what lies at PATH in the shadow; returns 0 outside of the watched folder. */
static int shadow_name(const char *path, char *name) {
    const char *watch = getenv("CIRCLET_WATCH"), *shadow = getenv("CIRCLET_SHADOW");
    size_t length = watch ? strlen(watch) : 0;
    if (!length || !shadow || strncmp(path, watch, length)) return 0;
    if (path[length] != '/' && path[length] != 0) return 0;
    const char *rest = path[length] ? path + length + 1 : path + length;
    int start = snprintf(name, LONGEST, "%s/n/", shadow);
    snprintf(name + start, LONGEST - start, "%s", rest);
    for (char *c = name + start; *c; c++)
        if (*c == '/') *c = '|';
    return 1;
}

static void keep_name(const char *name, ino_t inode) {
    char target[64], fresh[LONGEST + 8];
    snprintf(target, sizeof target, "../i/%lu", (unsigned long)inode);
    snprintf(fresh, sizeof fresh, "%s", name);
    snprintf(strstr(fresh, "/n/"), LONGEST, "/fresh");
    unlink(fresh);
    if (symlink(target, fresh) || rename(fresh, name)) abort();
}

static void keep_content(int fd, const char *name, ino_t inode) {
    char from[64], kept[LONGEST], fresh[LONGEST + 8], *buffer = malloc(1 << 20);
    snprintf(from, sizeof from, "/proc/self/fd/%d", fd);
    snprintf(kept, sizeof kept, "%s/i/%lu", getenv("CIRCLET_SHADOW"), (unsigned long)inode);
    snprintf(fresh, sizeof fresh, "%s.fresh", kept);
    int in = open(from, O_RDONLY), out = open(fresh, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (in < 0 || out < 0 || !buffer) abort();
    for (ssize_t size; (size = read(in, buffer, 1 << 20)) > 0;)
        if (write(out, buffer, size) != size) abort();
    close(in), close(out), free(buffer);
    if (rename(fresh, kept)) abort();
    keep_name(name, inode);
}

/* Whether KEPT, a name in the shadow, lies in the folder that is called NAME there. */
static int lies_in(const char *kept, const char *name) {
    size_t length = strlen(name);
    return !strncmp(kept, name, length) && kept[length] == '|';
}

/* Moves what is kept under one folder's name to another; to none where that is NULL. */
static void move_names(const char *from, const char *to) {
    char folder[LONGEST], old[2 * LONGEST], fresh[2 * LONGEST];
    struct dirent *entry;
    snprintf(folder, sizeof folder, "%s/n", getenv("CIRCLET_SHADOW"));
    DIR *entries = opendir(folder);
    while (entries && (entry = readdir(entries))) {
        if (!lies_in(entry->d_name, from)) continue;
        snprintf(old, sizeof old, "%s/%s", folder, entry->d_name);
        snprintf(fresh, sizeof fresh, "%s/%s%s", folder, to ? to : "",
                 entry->d_name + strlen(from));
        if (to ? rename(old, fresh) : unlink(old)) abort();
    }
    if (entries) closedir(entries);
}

/* Keeps what the folders in PATH are called now. */
static void keep_folders(const char *path) {
    char real[LONGEST], name[LONGEST], known[LONGEST], link[LONGEST];
    struct dirent *entry;
    struct stat about;
    DIR *entries = opendir(path);
    while (entries && (entry = readdir(entries))) {
        if (entry->d_name[0] == '.') continue;
        snprintf(real, sizeof real, "%s/%s", path, entry->d_name);
        if (lstat(real, &about) || !S_ISDIR(about.st_mode) || !shadow_name(real, name)) continue;
        const char *now = strstr(name, "/n/") + 3;
        snprintf(link, sizeof link, "%s/d/%lu", getenv("CIRCLET_SHADOW"),
                 (unsigned long)about.st_ino);
        ssize_t length = readlink(link, known, sizeof known - 1);
        known[length < 0 ? 0 : length] = 0;
        if (!strcmp(known, now)) continue;
        if (length > 0) move_names(known, now);
        unlink(link);
        if (symlink(now, link)) abort();
    }
    if (entries) closedir(entries);
}

/* Drops what is kept of folders that are gone. */
static void drop_folders(void) {
    char folder[LONGEST], link[2 * LONGEST], known[LONGEST], real[2 * LONGEST];
    struct dirent *entry;
    struct stat about;
    snprintf(folder, sizeof folder, "%s/d", getenv("CIRCLET_SHADOW"));
    DIR *entries = opendir(folder);
    while (entries && (entry = readdir(entries))) {
        if (entry->d_name[0] == '.') continue;
        snprintf(link, sizeof link, "%s/%s", folder, entry->d_name);
        ssize_t length = readlink(link, known, sizeof known - 1);
        known[length < 0 ? 0 : length] = 0;
        snprintf(real, sizeof real, "%s/%s", getenv("CIRCLET_WATCH"), known);
        for (char *c = real + strlen(getenv("CIRCLET_WATCH")); *c; c++)
            if (*c == '|') *c = '/';
        if (!lstat(real, &about)) continue;
        move_names(known, NULL);
        unlink(link);
    }
    if (entries) closedir(entries);
}

static void keep_names(const char *path, const char *name) {
    char real[LONGEST], kept[LONGEST], folder[LONGEST], file[2 * LONGEST];
    struct dirent *entry;
    struct stat about;
    DIR *entries = opendir(path);
    snprintf(folder, sizeof folder, "%s/n", getenv("CIRCLET_SHADOW"));
    while (entries && (entry = readdir(entries))) {
        snprintf(real, sizeof real, "%s/%s", path, entry->d_name);
        if (lstat(real, &about) || !S_ISREG(about.st_mode) || !shadow_name(real, file)) continue;
        snprintf(kept, sizeof kept, "%s/i/%lu", getenv("CIRCLET_SHADOW"),
                 (unsigned long)about.st_ino);
        if (!access(kept, F_OK)) keep_name(file, about.st_ino);
    }
    if (entries) closedir(entries);
    /* What is kept under this folder, and is there no more, goes. */
    const char *prefix = strstr(name, "/n/") + 3;
    size_t length = strlen(prefix);
    entries = opendir(folder);
    while (entries && (entry = readdir(entries))) {
        const char *rest = entry->d_name;
        if (length) {
            if (strncmp(rest, prefix, length) || rest[length] != '|') continue;
            rest += length + 1;
        }
        if (entry->d_name[0] == '.' || strchr(rest, '|')) continue;
        snprintf(real, sizeof real, "%s/%s", path, rest);
        snprintf(file, sizeof file, "%s/%s", folder, entry->d_name);
        if (access(real, F_OK)) unlink(file);
    }
    if (entries) closedir(entries);
}

static int sync_fd(int fd, const char *call) {
    char link[64], path[LONGEST], name[LONGEST];
    struct stat about;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    path[length < 0 ? 0 : length] = 0;
    if (!shadow_name(path, name)) {
        int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, call);
        return real(fd);
    }
    if (fstat(fd, &about)) return -1;
    int reads_only = (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY;
    pthread_mutex_lock(&one_at_a_time);
    if (S_ISDIR(about.st_mode)) {
        keep_folders(path);
        drop_folders();
        keep_names(path, name);
    } else if (!(reads_only && getenv("CIRCLET_FORGETFUL")))
        keep_content(fd, name, about.st_ino);
    pthread_mutex_unlock(&one_at_a_time);
    return 0;
}

int fsync(int fd) { return sync_fd(fd, "fsync"); }
int fdatasync(int fd) { return sync_fd(fd, "fdatasync"); }
int sync_file_range(int fd, off_t offset, off_t length, unsigned flags) {
    (void)fd, (void)offset, (void)length, (void)flags;
    return 0;
}
int sync_file_range64(int fd, off_t offset, off_t length, unsigned flags) {
    return sync_file_range(fd, offset, length, flags);
}
