// The physical limit on io_uring: one thread, no HTTP, multishot receive into a ring of provided buffers,
// sends queued with the next submission.
//   limit_io_uring PORT FILES             files are read into memory first
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <liburing.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "answer.h"

enum { buffer_count = 1024, buffer_bytes = 4096, accepting = 1, receiving = 2, sending = 3 };
enum { descriptors_max = 65536 };

static struct io_uring ring;
static struct io_uring_buf_ring* free_buffers;
static char* buffers;
static size_t uploading[descriptors_max];  // bytes of a request still to come

static struct io_uring_sqe* submission(void) {
    struct io_uring_sqe* sqe = io_uring_get_sqe(&ring);
    if (sqe) return sqe;
    io_uring_submit(&ring);
    return io_uring_get_sqe(&ring);
}
static void tag(struct io_uring_sqe* sqe, int fd, int what) {
    sqe->user_data = (unsigned long long)fd << 8 | (unsigned)what;
}
static void receive(int fd) {
    struct io_uring_sqe* sqe = submission();
    io_uring_prep_recv_multishot(sqe, fd, NULL, 0, 0);
    sqe->flags |= IOSQE_BUFFER_SELECT;
    sqe->buf_group = 0;
    tag(sqe, fd, receiving);
}
static void answer_with(int fd, const struct answer* a, size_t count) {
    if (count == 0) return;
    struct io_uring_sqe* sqe = submission();
    io_uring_prep_send(sqe, fd, a->bytes, count * a->size, MSG_NOSIGNAL | MSG_WAITALL);
    sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
    tag(sqe, fd, sending);
    if (a != &answers[closing]) return;
    sqe->flags |= IOSQE_IO_LINK;
    sqe = submission();
    io_uring_prep_shutdown(sqe, fd, SHUT_RDWR);  // ends the receive too, and that closes
    sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
    tag(sqe, fd, sending);
}
static void take(int fd, const char* in, size_t got) {
    if (uploading[fd] > 0) {
        uploading[fd] -= got;
        if (uploading[fd] == 0) answer_with(fd, &answers[uploaded], 1);
        return;
    }
    const int kind = kind_of(in);
    if (kind == uploaded) uploading[fd] = upload_left(in, got);
    if (uploading[fd] == 0) answer_with(fd, &answers[kind], kind <= closing ? count_requests(in, got) : 1);
}
static void received(int fd, struct io_uring_cqe* cqe) {
    if (cqe->res <= 0 && cqe->res != -ENOBUFS) {
        uploading[fd] = 0;
        close(fd);
        return;
    }
    if (cqe->flags & IORING_CQE_F_BUFFER) {
        int index = (int)(cqe->flags >> IORING_CQE_BUFFER_SHIFT);
        char* in = buffers + (size_t)index * buffer_bytes;
        take(fd, in, (size_t)cqe->res);
        io_uring_buf_ring_add(free_buffers, in, buffer_bytes, (unsigned short)index, buffer_count - 1, 0);
        io_uring_buf_ring_advance(free_buffers, 1);
    }
    if (!(cqe->flags & IORING_CQE_F_MORE)) receive(fd);
}

// One answer, head and content, in memory of its own: io_uring has no sendfile, and its splice goes to
// other threads.
static void read_file(struct answer* a) {
    char* joined = malloc(a->size + a->file_size);
    memcpy(joined, a->bytes, a->size);
    if (pread(a->file, joined + a->size, a->file_size, 0) < 0) exit(1);
    a->bytes = joined;
    a->size += a->file_size;
    a->file_size = 0;
}

int main(int argc, char** argv) {
    if (argc < 3) return fputs("limit_io_uring PORT FILES\n", stderr), 2;
    make_answers(argv[2], 0);
    read_file(&answers[file_1k]);
    read_file(&answers[file_1m]);
    int listener = listen_on(atoi(argv[1]));
    struct io_uring_params how = {
        .flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_CQSIZE,
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
        io_uring_buf_ring_add(free_buffers, buffers + (size_t)i * buffer_bytes, buffer_bytes,
                              (unsigned short)i, buffer_count - 1, i);
    io_uring_buf_ring_advance(free_buffers, buffer_count);
    struct io_uring_sqe* sqe = submission();
    io_uring_prep_multishot_accept(sqe, listener, NULL, NULL, 0);
    tag(sqe, listener, accepting);
    for (;;) {
        io_uring_submit_and_wait(&ring, 1);
        struct io_uring_cqe* cqe;
        unsigned head, seen = 0;
        io_uring_for_each_cqe(&ring, head, cqe) {
            ++seen;
            int fd = (int)(cqe->user_data >> 8), what = (int)(cqe->user_data & 255);
            if (what == accepting && cqe->res >= 0 && cqe->res < descriptors_max) receive(cqe->res);
            if (what == receiving) received(fd, cqe);
        }
        io_uring_cq_advance(&ring, seen);
    }
}
