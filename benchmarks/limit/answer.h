// What both limit servers share: the answer, counting requests, the listening socket.
#pragma once

enum { answers_max = 1024 };
static const char one_answer[] =
    "HTTP/1.1 200 OK\r\nServer: EventCore\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
    "Content-Type: text/plain; charset=utf-8\r\nContent-Length: 13\r\n\r\nHello, World!";
enum { answer_bytes = sizeof one_answer - 1 };
static char answers[answers_max * answer_bytes];

static void fill_answers(void) {
    for (int i = 0; i < answers_max; ++i)
        memcpy(answers + (size_t)i * answer_bytes, one_answer, answer_bytes);
}

// Looks only at the end of each request of the size of the first: as cheap as telling them apart can be.
static size_t count_requests(const char* in, size_t size) {
    const char* end = memmem(in, size, "\r\n\r\n", 4);
    if (!end) return 0;
    size_t count = size / (size_t)(end + 4 - in);
    return count < answers_max ? count : answers_max;
}

static int listen_on(int port) {
    int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(fd, (struct sockaddr*)&at, sizeof at) || listen(fd, 4096)) {
        perror("listen");
        exit(1);
    }
    return fd;
}
