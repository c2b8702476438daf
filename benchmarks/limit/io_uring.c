// The physical limit on io_uring: one thread, no HTTP, multishot receive into a ring of provided buffers, sends queued
// with the next submission.
//   limit_io_uring PORT
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <liburing.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "answer.h"

enum { buffer_count = 1024, buffer_bytes = 4096, accepting = 1, receiving = 2, sending = 3 };

static struct io_uring ring;
static struct io_uring_buf_ring* free_buffers;
static char* buffers;

static struct io_uring_sqe* submission(int fd, int what) {
    struct io_uring_sqe* sqe = io_uring_get_sqe(&ring);
    if (!sqe) {
        io_uring_submit(&ring);
        sqe = io_uring_get_sqe(&ring);
    }
    sqe->user_data = (unsigned long long)fd << 8 | (unsigned)what;
    return sqe;
}
static void tag(struct io_uring_sqe* sqe, int fd, int what) {
    sqe->user_data = (unsigned long long)fd << 8 | (unsigned)what;
}
static void receive(int fd) {
    struct io_uring_sqe* sqe = submission(fd, receiving);
    io_uring_prep_recv_multishot(sqe, fd, NULL, 0, 0);
    sqe->flags |= IOSQE_BUFFER_SELECT;
    sqe->buf_group = 0;
    tag(sqe, fd, receiving);
}
static void received(int fd, struct io_uring_cqe* cqe) {
    if (cqe->res <= 0 && cqe->res != -ENOBUFS) {
        close(fd);
        return;
    }
    if (cqe->flags & IORING_CQE_F_BUFFER) {
        int index = (int)(cqe->flags >> IORING_CQE_BUFFER_SHIFT);
        char* in = buffers + (size_t)index * buffer_bytes;
        size_t count = count_requests(in, (size_t)cqe->res);
        io_uring_buf_ring_add(free_buffers, in, buffer_bytes, (unsigned short)index, buffer_count - 1, 0);
        io_uring_buf_ring_advance(free_buffers, 1);
        struct io_uring_sqe* sqe = submission(fd, sending);
        io_uring_prep_send(sqe, fd, answers, count * answer_bytes, MSG_NOSIGNAL | MSG_WAITALL);
        sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
        tag(sqe, fd, sending);
    }
    if (!(cqe->flags & IORING_CQE_F_MORE)) receive(fd);
}

int main(int argc, char** argv) {
    fill_answers();
    int listener = listen_on(argc > 1 ? atoi(argv[1]) : 8091);
    struct io_uring_params how = {.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_CQSIZE,
                                  .cq_entries = 8192};
    if (io_uring_queue_init_params(1024, &ring, &how)) return 1;
    io_uring_register_ring_fd(&ring);
    if (posix_memalign((void**)&free_buffers, 4096, buffer_count * sizeof(struct io_uring_buf))) return 1;
    struct io_uring_buf_reg registration = {
        .ring_addr = (unsigned long)free_buffers, .ring_entries = buffer_count, .bgid = 0};
    if (io_uring_register_buf_ring(&ring, &registration, 0)) return 1;
    io_uring_buf_ring_init(free_buffers);
    buffers = malloc((size_t)buffer_count * buffer_bytes);
    for (int i = 0; i < buffer_count; ++i)
        io_uring_buf_ring_add(free_buffers, buffers + (size_t)i * buffer_bytes, buffer_bytes, (unsigned short)i,
                              buffer_count - 1, i);
    io_uring_buf_ring_advance(free_buffers, buffer_count);
    struct io_uring_sqe* sqe = submission(listener, accepting);
    io_uring_prep_multishot_accept(sqe, listener, NULL, NULL, 0);
    tag(sqe, listener, accepting);
    for (;;) {
        io_uring_submit_and_wait(&ring, 1);
        struct io_uring_cqe* cqe;
        unsigned head, seen = 0;
        io_uring_for_each_cqe(&ring, head, cqe) {
            ++seen;
            int fd = (int)(cqe->user_data >> 8), what = (int)(cqe->user_data & 255);
            if (what == accepting && cqe->res >= 0) receive(cqe->res);
            if (what == receiving) received(fd, cqe);
        }
        io_uring_cq_advance(&ring, seen);
    }
}
