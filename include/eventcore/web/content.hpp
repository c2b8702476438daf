// The content of a response before it is sent: nothing, borrowed bytes, owned bytes, part of a file, or a
// coroutine that will write it.
#pragma once

#include <cstdint>
#include <new>
#include <string>
#include <string_view>
#include <utility>

#include "eventcore/base/byte_buffer.hpp"
#include "eventcore/base/recycler.hpp"
#include "eventcore/base/shared_fd.hpp"
#include "eventcore/coro/task.hpp"
#include "eventcore/web/body.hpp"
#include "eventcore/web/tunnel.hpp"

namespace eventcore {

// Part of an open file: what a response sends without bringing it into user space.
struct file_region {
    file_region() noexcept {}
    file_region(shared_fd file_, std::uint64_t offset_, std::uint64_t length_) noexcept
        : file(std::move(file_)), offset(offset_), length(length_) {}
    shared_fd file;
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
};

enum class content_kind : std::uint8_t {
    none,    // nothing, and no Content-Type
    view,    // bytes that outlive the response: a literal, or the request's arena
    text,    // an owned std::string
    buffer,  // an owned byte_buffer
    file,    // a file_region
    stream,  // written by a coroutine while it is sent
    tunnel,  // no content: what takes over the connection behind the head (web/tunnel.hpp)
};

// A stored coroutine function that writes content. It lives in the response, so what it captures is alive for
// as long as it runs.
class body_producer {
 public:
    template <class F>
    explicit body_producer(F function) {
        void* memory = recycler::allocate(sizeof(holder<F>));
        holder_ = ::new (memory) holder<F>{{&holder<F>::start, &holder<F>::destroy}, std::move(function)};
    }
    body_producer(body_producer&& other) noexcept : holder_(std::exchange(other.holder_, nullptr)) {}
    body_producer& operator=(body_producer&&) = delete;
    ~body_producer() {
        if (holder_) holder_->destroy(holder_);
    }
    task<> start(body_writer& out) { return holder_->start(holder_, out); }

 private:
    struct base {
        task<> (*start)(base*, body_writer&);
        void (*destroy)(base*) noexcept;
    };
    template <class F>
    struct holder : base {
        F function;
        static task<> start(base* self, body_writer& out) {
            return static_cast<holder*>(self)->function(out);
        }
        static void destroy(base* self) noexcept {
            static_cast<holder*>(self)->~holder();
            recycler::deallocate(self, sizeof(holder));
        }
    };
    base* holder_;
};

// One of the kinds. A hand-made union, because every response is one and most are moved while they hold
// little.
class response_content {
 public:
    response_content() noexcept : view_() {}
    explicit response_content(std::string_view bytes) noexcept : kind_(content_kind::view), view_(bytes) {}
    explicit response_content(std::string&& text) noexcept
        : kind_(content_kind::text), text_(std::move(text)) {}
    explicit response_content(byte_buffer&& bytes) noexcept
        : kind_(content_kind::buffer), buffer_(std::move(bytes)) {}
    explicit response_content(file_region&& region) noexcept
        : kind_(content_kind::file), file_(std::move(region)) {}
    explicit response_content(body_producer&& p) noexcept
        : kind_(content_kind::stream), producer_(std::move(p)) {}
    explicit response_content(tunnel_ptr&& t) noexcept : kind_(content_kind::tunnel), tunnel_(std::move(t)) {}

    response_content(response_content&& other) noexcept : view_() { take(other); }
    response_content& operator=(response_content&& other) noexcept {
        if (this == &other) return *this;
        clear();
        take(other);
        return *this;
    }
    ~response_content() { clear(); }

    content_kind kind() const noexcept { return kind_; }
    // Of a view, text or buffer; empty for the other kinds.
    std::string_view bytes() const noexcept {
        switch (kind_) {
            case content_kind::view: return view_;
            case content_kind::text: return text_;
            case content_kind::buffer: return buffer_.view();
            default: return {};
        }
    }
    // Only for their kinds.
    file_region& file() noexcept { return file_; }
    const file_region& file() const noexcept { return file_; }
    body_producer& producer() noexcept { return producer_; }
    tunnel_ptr& tunnel() noexcept { return tunnel_; }

    void clear() noexcept {
        if (owns_something()) destroy_owned();
        kind_ = content_kind::none;
    }

 private:
    bool owns_something() const noexcept { return kind_ > content_kind::view; }
    // This holds nothing; afterwards `other` does not either.
    void take(response_content& other) noexcept {
        if (other.owns_something())
            take_owned(other);
        else
            view_ = other.view_;
        kind_ = std::exchange(other.kind_, content_kind::none);
    }
    // Out of line, because responses are made and moved everywhere and rarely own anything by then.
    [[gnu::noinline]] void destroy_owned() noexcept {
        switch (kind_) {
            case content_kind::text: return text_.~basic_string();
            case content_kind::buffer: return buffer_.~byte_buffer();
            case content_kind::file: return file_.~file_region();
            case content_kind::stream: return producer_.~body_producer();
            case content_kind::tunnel: return tunnel_.~tunnel_ptr();
            default: return;
        }
    }
    [[gnu::noinline]] void take_owned(response_content& other) noexcept {
        switch (other.kind_) {
            case content_kind::text: ::new (&text_) std::string(std::move(other.text_)); break;
            case content_kind::buffer: ::new (&buffer_) byte_buffer(std::move(other.buffer_)); break;
            case content_kind::file: ::new (&file_) file_region(std::move(other.file_)); break;
            case content_kind::stream: ::new (&producer_) body_producer(std::move(other.producer_)); break;
            case content_kind::tunnel: ::new (&tunnel_) tunnel_ptr(std::move(other.tunnel_)); break;
            default: return;
        }
        other.destroy_owned();
    }

    // view_ is alive for none and view, the member of that name for the others.
    content_kind kind_ = content_kind::none;
    union {
        std::string_view view_;
        std::string text_;
        byte_buffer buffer_;
        file_region file_;
        body_producer producer_;
        tunnel_ptr tunnel_;
    };
};

}  // namespace eventcore
