// A server on libuv and http-parser, as one would write it by hand: one loop, callbacks, answers from
// memory, one write for all answers to one read.
//   peer_libuv PORT
#include <http_parser.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

enum { pending_max = 64 };

struct connection {
    uv_tcp_t socket;
    http_parser parser;
    uv_buf_t pending[pending_max];  // answers to what has been read
    unsigned pending_count;
    char path[16];
    size_t path_size;
    int ending;
};
struct write_request {
    uv_write_t write;
    struct connection* to;
    int ending;
};

static char* body_of(const char* type, size_t size, char fill, const char* text, const char* more) {
    char* made = malloc(size + 256);
    const int head = sprintf(made,
                             "HTTP/1.1 200 OK\r\nServer: libuv\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n%s"
                             "Content-Type: %s\r\nContent-Length: %zu\r\n\r\n",
                             more, type, size);
    if (text)
        memcpy(made + head, text, size);
    else
        memset(made + head, fill, size);
    return made;
}

static struct {
    const char* path;
    uv_buf_t bytes;
} answers[6];

static void add_answer(int at, const char* path, const char* type, size_t size, const char* text,
                       const char* more) {
    char* bytes = body_of(type, size, 'x', text, more);
    const size_t head = (size_t)(strstr(bytes, "\r\n\r\n") + 4 - bytes);
    answers[at].path = path;
    answers[at].bytes = uv_buf_init(bytes, (unsigned)(head + size));
}
static void make_answers(void) {
    add_answer(0, "/plaintext", "text/plain", 13, "Hello, World!", "");
    add_answer(1, "/json", "application/json", 27, "{\"message\":\"Hello, World!\"}", "");
    add_answer(2, "/upload", "text/plain", 2, "ok", "");
    add_answer(3, "/close", "text/plain", 13, "Hello, World!", "Connection: close\r\n");
    add_answer(4, "/body/64k", "application/octet-stream", 65536, NULL, "");
    add_answer(5, "/body/1m", "application/octet-stream", 1 << 20, NULL, "");
}

static void on_closed(uv_handle_t* handle) { free(handle); }
static void end(struct connection* c) {
    if (!uv_is_closing((uv_handle_t*)&c->socket)) uv_close((uv_handle_t*)&c->socket, on_closed);
}

static void on_written(uv_write_t* done, int status) {
    struct write_request* w = (struct write_request*)done;
    if (status < 0 || w->ending) end(w->to);
    free(w);
}
static void flush(struct connection* c) {
    if (c->pending_count == 0) return;
    // What the kernel takes at once needs no request.
    size_t all = 0;
    for (unsigned i = 0; i < c->pending_count; ++i) all += c->pending[i].len;
    const int taken = uv_try_write((uv_stream_t*)&c->socket, c->pending, c->pending_count);
    if (taken >= 0 && (size_t)taken == all) {
        c->pending_count = 0;
        if (c->ending) end(c);
        return;
    }
    size_t skip = taken > 0 ? (size_t)taken : 0;
    unsigned first = 0;
    while (skip >= c->pending[first].len) skip -= c->pending[first++].len;
    c->pending[first].base += skip;
    c->pending[first].len -= skip;
    struct write_request* w = malloc(sizeof *w);
    w->to = c;
    w->ending = c->ending;
    uv_write(&w->write, (uv_stream_t*)&c->socket, c->pending + first, c->pending_count - first, on_written);
    c->pending_count = 0;
}

static int on_begin(http_parser* parser) {
    ((struct connection*)parser->data)->path_size = 0;
    return 0;
}
static int on_url(http_parser* parser, const char* at, size_t length) {
    struct connection* c = parser->data;
    if (c->path_size + length >= sizeof c->path) return 1;
    memcpy(c->path + c->path_size, at, length);
    c->path_size += length;
    c->path[c->path_size] = 0;
    return 0;
}
static int on_complete(http_parser* parser) {
    struct connection* c = parser->data;
    for (size_t i = 0; i < sizeof answers / sizeof *answers; ++i) {
        if (strcmp(c->path, answers[i].path)) continue;
        if (c->pending_count == pending_max) flush(c);
        c->pending[c->pending_count++] = answers[i].bytes;
        if (!http_should_keep_alive(parser)) c->ending = 1;
        return 0;
    }
    return 1;
}

static http_parser_settings settings;
static char shared_buffer[65536];

static void on_allocate(uv_handle_t* handle, size_t suggested, uv_buf_t* buffer) {
    (void)handle, (void)suggested;
    *buffer = uv_buf_init(shared_buffer, sizeof shared_buffer);
}
static void on_read(uv_stream_t* stream, ssize_t size, const uv_buf_t* buffer) {
    struct connection* c = (struct connection*)stream;
    if (size < 0) return end(c);
    if (size == 0) return;
    const size_t parsed = http_parser_execute(&c->parser, &settings, buffer->base, (size_t)size);
    if (parsed != (size_t)size || HTTP_PARSER_ERRNO(&c->parser) != HPE_OK) return end(c);
    flush(c);
}
static void on_connection(uv_stream_t* listener, int status) {
    if (status < 0) return;
    struct connection* c = calloc(1, sizeof *c);
    uv_tcp_init(listener->loop, &c->socket);
    if (uv_accept(listener, (uv_stream_t*)&c->socket)) return end(c);
    uv_tcp_nodelay(&c->socket, 1);
    http_parser_init(&c->parser, HTTP_REQUEST);
    c->parser.data = c;
    uv_read_start((uv_stream_t*)&c->socket, on_allocate, on_read);
}

int main(int argc, char** argv) {
    if (argc != 2) return fputs("peer_libuv PORT\n", stderr), 2;
    make_answers();
    signal(SIGPIPE, SIG_IGN);  // libuv leaves that to its user
    settings.on_message_begin = on_begin;
    settings.on_url = on_url;
    settings.on_message_complete = on_complete;
    uv_tcp_t listener;
    struct sockaddr_in at;
    uv_tcp_init(uv_default_loop(), &listener);
    uv_ip4_addr("127.0.0.1", atoi(argv[1]), &at);
    uv_tcp_bind(&listener, (const struct sockaddr*)&at, 0);
    if (uv_listen((uv_stream_t*)&listener, 4096, on_connection)) return fputs("cannot listen\n", stderr), 1;
    return uv_run(uv_default_loop(), UV_RUN_DEFAULT);
}
