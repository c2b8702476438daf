// The physical limit on epoll: one thread, no HTTP. Counts the request ends ("\r\n\r\n") in what it read
// and answers each with the same bytes, all of them with one send. What a server costs beyond this is its
// own doing.
//   limit_epoll PORT FILES [sendfile]      sendfile: large bodies come from files too
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include "answer.h"

enum { descriptors_max = 65536 };

static int loop;
// What a connection has under way; mostly nothing.
static struct {
    size_t uploading;            // bytes of a request still to come
    const struct answer* large;  // an answer the kernel did not take at once
    size_t sent;
    int watched;  // also told when it can be written
} under_way[descriptors_max];
static char in[65536];

static void finish(int fd) {
    under_way[fd].uploading = 0;
    under_way[fd].large = NULL;
    under_way[fd].watched = 0;
    close(fd);
}

static void watch_writing(int fd) {
    if (under_way[fd].watched) return;
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.fd = fd};
    epoll_ctl(loop, EPOLL_CTL_MOD, fd, &event);
    under_way[fd].watched = 1;
}

// Around a large file sendfile wants a cork, or it costs half as much again; for a smaller one MSG_MORE is
// cheaper.
static int wants_cork(const struct answer* a) { return a->file_size >= 512 * 1024; }
static void cork(int fd, int on) { setsockopt(fd, IPPROTO_TCP, TCP_CORK, &on, sizeof on); }

static void go_on(int fd) {
    const struct answer* a = under_way[fd].large;
    size_t* sent = &under_way[fd].sent;
    if (wants_cork(a) && *sent == 0) cork(fd, 1);
    const int more = a->file_size && !wants_cork(a) ? MSG_MORE : 0;
    while (*sent < a->size + a->file_size) {
        ssize_t n;
        if (*sent < a->size) {
            n = send(fd, a->bytes + *sent, a->size - *sent, MSG_NOSIGNAL | more);
        } else {
            off_t offset = (off_t)(*sent - a->size);
            n = sendfile(fd, a->file, &offset, a->size + a->file_size - *sent);
        }
        if (n < 0 && errno == EAGAIN) return watch_writing(fd);
        if (n <= 0) return finish(fd);
        *sent += (size_t)n;
    }
    if (wants_cork(a)) cork(fd, 0);
    under_way[fd].large = NULL;
}

static void answer_all(int fd, size_t got) {
    const int kind = kind_of(in);
    if (kind == uploaded) {
        under_way[fd].uploading = upload_left(in, got);
        if (under_way[fd].uploading > 0) return;
    }
    const struct answer* a = &answers[kind];
    if (kind == file_1k) {  // for so little, reading it is cheaper than sending it from the file
        memcpy(in, a->bytes, a->size);
        const ssize_t read = pread(a->file, in + a->size, a->file_size, 0);
        if (read < 0 || send(fd, in, a->size + (size_t)read, MSG_NOSIGNAL) < 0) finish(fd);
        return;
    }
    if (kind > closing) {
        under_way[fd].large = a;
        under_way[fd].sent = 0;
        return go_on(fd);
    }
    const size_t count = count_requests(in, got);
    if (count && send(fd, a->bytes, count * a->size, MSG_NOSIGNAL) < 0) return finish(fd);
    if (kind == closing) finish(fd);
}

// A short read has emptied the socket.
static void serve(int fd) {
    ssize_t got;
    do {
        got = recv(fd, in, sizeof in, 0);
        if (got <= 0) {
            if (got == 0 || errno != EAGAIN) finish(fd);
            return;
        }
        if (under_way[fd].uploading == 0) {
            answer_all(fd, (size_t)got);
        } else if ((under_way[fd].uploading -= (size_t)got) == 0) {
            under_way[fd].large = &answers[uploaded];
            under_way[fd].sent = 0;
            go_on(fd);
        }
    } while (got == sizeof in);
}

int main(int argc, char** argv) {
    if (argc < 3) return fputs("limit_epoll PORT FILES [sendfile]\n", stderr), 2;
    make_answers(argv[2], argc > 3);
    signal(SIGPIPE, SIG_IGN);  // sendfile has no flag for it
    int listener = listen_on(atoi(argv[1]));
    loop = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener};
    epoll_ctl(loop, EPOLL_CTL_ADD, listener, &event);
    struct epoll_event events[256];
    for (;;) {
        int n = epoll_wait(loop, events, 256, -1);
        for (int i = 0; i < n; ++i) {
            int fd = events[i].data.fd;
            if (fd != listener) {
                if (under_way[fd].large && (events[i].events & EPOLLOUT)) go_on(fd);
                if (events[i].events & (EPOLLIN | EPOLLRDHUP)) serve(fd);
                continue;
            }
            int fresh;
            while ((fresh = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
                if (fresh >= descriptors_max) {
                    close(fresh);
                    continue;
                }
                struct epoll_event add = {.events = EPOLLIN | EPOLLRDHUP | EPOLLET, .data.fd = fresh};
                epoll_ctl(loop, EPOLL_CTL_ADD, fresh, &add);
            }
        }
    }
}
