// The physical limit on epoll: one thread, no HTTP. Counts the request ends ("\r\n\r\n") in what it read and answers
// each with the same bytes, all of them with one send. What a server costs beyond this is its own doing.
//   limit_epoll PORT
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "answer.h"

static void serve(int fd) {
    static char in[16384];
    ssize_t got = recv(fd, in, sizeof in, 0);
    if (got <= 0) {
        if (got == 0 || errno != EAGAIN) close(fd);
        return;
    }
    size_t count = count_requests(in, (size_t)got);
    if (count && send(fd, answers, count * answer_bytes, MSG_NOSIGNAL) < 0) close(fd);
}

int main(int argc, char** argv) {
    fill_answers();
    int listener = listen_on(argc > 1 ? atoi(argv[1]) : 8090);
    int loop = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener};
    epoll_ctl(loop, EPOLL_CTL_ADD, listener, &event);
    struct epoll_event events[256];
    for (;;) {
        int n = epoll_wait(loop, events, 256, -1);
        for (int i = 0; i < n; ++i) {
            int fd = events[i].data.fd;
            if (fd != listener) {
                serve(fd);
                continue;
            }
            int fresh;
            while ((fresh = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
                struct epoll_event add = {.events = EPOLLIN | EPOLLRDHUP | EPOLLET, .data.fd = fresh};
                epoll_ctl(loop, EPOLL_CTL_ADD, fresh, &add);
            }
        }
    }
}
