// What both limit servers share: the answers, telling requests apart by single bytes, the listening socket.
//
// The server is told apart from one with HTTP by what it does not do: it believes every request, and looks
// at one or two bytes of its target. Small answers lie in memory a thousand times over, so that a thousand
// of them are one send.
#pragma once

enum {
    answers_max = 1024,
    plaintext = 0,
    json,
    closing,
    uploaded,
    body_64k,
    body_1m,
    file_1k,
    file_1m,
    kinds
};

struct answer {
    char* bytes;  // the head, and the content unless it is a file: `times` such answers
    size_t size;  // of one
    int file;     // -1: none
    size_t file_size;
};
static struct answer answers[kinds];

static void make_answer(int kind, const char* type, const char* content, size_t length, int file) {
    struct answer* made = &answers[kind];
    char head[256];
    const size_t head_size =
        (size_t)snprintf(head, sizeof head,
                         "HTTP/1.1 200 OK\r\nServer: EventCore\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n%s"
                         "Content-Type: %s\r\nContent-Length: %zu\r\n\r\n",
                         kind == closing ? "Connection: close\r\n" : "", type, length);
    const size_t in_memory = file < 0 ? length : 0, times = kind <= closing ? answers_max : 1;
    made->size = head_size + in_memory;
    made->file = file;
    made->file_size = length - in_memory;
    made->bytes = malloc(made->size * times);
    for (size_t i = 0; i < times; ++i) {
        memcpy(made->bytes + i * made->size, head, head_size);
        memcpy(made->bytes + i * made->size + head_size, content, in_memory);
    }
}

static int open_in(const char* directory, const char* name) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        perror(path);
        exit(1);
    }
    return file;
}

// `files`: a directory with files 1k, 64k and 1m. `bodies_from_files`: what others keep in memory too.
static void make_answers(const char* files, int bodies_from_files) {
    static const char text[] = "text/plain; charset=utf-8", octets[] = "application/octet-stream";
    static const char json_text[] = "{\"message\":\"Hello, World!\"}";
    static char large[1 << 20];
    memset(large, 'x', sizeof large);
    make_answer(plaintext, text, "Hello, World!", 13, -1);
    make_answer(closing, text, "Hello, World!", 13, -1);
    make_answer(json, "application/json", json_text, sizeof json_text - 1, -1);
    make_answer(uploaded, text, "ok", 2, -1);
    make_answer(body_64k, octets, large, 65536, bodies_from_files ? open_in(files, "64k") : -1);
    make_answer(body_1m, octets, large, sizeof large, bodies_from_files ? open_in(files, "1m") : -1);
    make_answer(file_1k, octets, large, 1024, open_in(files, "1k"));
    make_answer(file_1m, octets, large, sizeof large, open_in(files, "1m"));
}

// Of the request that begins at `in`: /plaintext, /json, /close, /upload, /body/64k, /body/1m, /files/1k,
// /files/1m.
static int kind_of(const char* in) {
    if (in[0] == 'P') return uploaded;
    switch (in[5]) {
        case 'j': return json;
        case 'c': return closing;
        case 'b': return in[10] == '6' ? body_64k : body_1m;
        case 'f': return in[12] == 'k' ? file_1k : file_1m;
        default: return plaintext;
    }
}

// Looks only at the end of each request of the size of the first: as cheap as telling them apart can be.
static size_t count_requests(const char* in, size_t size) {
    const char* end = memmem(in, size, "\r\n\r\n", 4);
    if (!end) return 0;
    size_t count = size / (size_t)(end + 4 - in);
    return count < answers_max ? count : answers_max;
}

// How much of the request that begins with these bytes has not arrived yet.
static size_t upload_left(const char* in, size_t size) {
    static const char name[] = "Content-Length: ";
    const char* end = memmem(in, size, "\r\n\r\n", 4);
    const char* field = memmem(in, size, name, sizeof name - 1);
    if (!end || !field) return 0;
    return (size_t)(end + 4 - in) + strtoul(field + sizeof name - 1, NULL, 10) - size;
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
