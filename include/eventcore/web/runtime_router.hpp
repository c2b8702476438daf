// Routes that are known when the program runs, from configuration or plug-ins: the patterns, priorities and
// answers of ec::router, and the same handlers.
//
//   ec::runtime_router app;
//   if (auto added = app.add(ec::http::method::get, line.path, handler); !added) log(app.why());
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "eventcore/base/arena.hpp"
#include "eventcore/base/result.hpp"
#include "eventcore/coro/task.hpp"
#include "eventcore/web/application.hpp"
#include "eventcore/web/dispatch.hpp"
#include "eventcore/web/route.hpp"

namespace eventcore {

// A template so that programs without one do not pay for its vectors while they are compiled.
template <only_if_used = nullptr>
class basic_runtime_router {
 public:
    basic_runtime_router() { grow(64); }
    basic_runtime_router(const basic_runtime_router&) = delete;
    basic_runtime_router& operator=(const basic_runtime_router&) = delete;
    ~basic_runtime_router() {
        for (owned_handler& handler : handlers_) handler.destroy(handler.object);
    }

    // Takes the handler. Fails with errc::invalid_argument when the pattern is malformed, does not fit the
    // handler, or has a route for this method already; nothing is added then, and why() says it in a
    // sentence.
    template <class H>
    result<> add(http::method method, std::string_view pattern, H&& handler) {
        return add_for(set_of(method), pattern, std::forward<H>(handler));
    }
    // For every method that has no route of its own.
    template <class H>
    result<> add_any(std::string_view pattern, H&& handler) {
        return add_for(every_method, pattern, std::forward<H>(handler));
    }

    // The last failure: "two routes match the same requests: GET /users/{id} and GET /users/{name}".
    const std::string& why() const noexcept { return why_; }

    void trailing_slash(enum trailing_slash policy) noexcept { table_.slash = policy; }
    std::size_t size() const noexcept { return routes_.size(); }

    // For a server. Routes may be added only while no request is being answered, by this thread or another.
    eventcore::application application() const noexcept { return {&table_, &detail::choose_route}; }

 private:
    struct owned_handler {
        void* object;
        void (*destroy)(void*);
    };
    // What is known about a handler's parameters, and how it is started.
    struct handler_shape {
        route_choice::start_function start;
        const detail::parameter_facts* facts;
        std::size_t parameters;
        body_use use;
        bool takes_body;
    };

    template <class H>
    result<> add_for(method_set methods, std::string_view pattern, H&& handler) {
        using form = detail::handler_form<std::decay_t<H>>;
        return add_form(methods, pattern, form::convert(std::forward<H>(handler)));
    }
    template <class H>
    result<> add_form(method_set methods, std::string_view pattern, H&& handler) {
        using handler_type = std::decay_t<H>;
        if constexpr (!detail::check_handler<handler_type>()) {
            return errc::invalid_argument;
        } else {
            using sig = typename detail::signature_of<handler_type>::type;
            using facts = detail::facts_for<detail::scope<>, sig>;
            constexpr bool is_async = is_task_v<typename sig::result>;
            static_assert(
                !uses_state(facts::all.data(), facts::count),
                "eventcore: a run-time route has no ec::provide() around it; capture what it needs");
            if constexpr (!detail::report_handler_fault<detail::check_signature<facts>(is_async)>())
                return errc::invalid_argument;
            const handler_shape shape{
                &detail::endpoint<handler_type, detail::scope<>>::start, facts::all.data(), facts::count,
                detail::content_use<facts>(methods, is_async), takes_body(facts::all.data(), facts::count)};
            const std::uint8_t* places = nullptr;
            const std::string_view kept = memory_.copy(pattern);
            if (!prepare(methods, kept, shape, places)) return errc::invalid_argument;
            auto* const object = new handler_type(std::forward<H>(handler));
            keep(shape, kept, places, {object, [](void* o) { delete static_cast<handler_type*>(o); }});
            return {};
        }
    }

    static constexpr bool uses_state(const detail::parameter_facts* facts, std::size_t count) {
        for (std::size_t i = 0; i < count; ++i)
            if (facts[i].source == parameter_source::state) return true;
        return false;
    }
    static constexpr bool takes_body(const detail::parameter_facts* facts, std::size_t count) {
        for (std::size_t i = 0; i < count; ++i)
            if (facts[i].body != body_use::none) return true;
        return false;
    }

    bool refuse(std::string_view sentence, std::string_view pattern) {
        why_.assign(sentence);
        why_.append(": ").append(pattern);
        return false;
    }

    bool prepare(method_set methods, std::string_view pattern, const handler_shape& shape,
                 const std::uint8_t*& places) {
        if (const pattern_error error = check_pattern(pattern); error != pattern_error::none)
            return refuse(to_string(error), pattern);
        auto* const made = static_cast<std::uint8_t*>(memory_.allocate(shape.parameters + 1, 1));
        places = made;
        const detail::place_error place = detail::find_places(pattern, shape.facts, shape.parameters, made);
        if (place == detail::place_error::count)
            return refuse(detail::to_string(detail::handler_fault::count), pattern);
        if (place == detail::place_error::name)
            return refuse(detail::to_string(detail::handler_fault::name), pattern);
        if (shape.takes_body && !detail::allows_content(methods))
            return refuse("the content of a GET or HEAD request has no meaning (RFC 9110, 9.3.1)", pattern);
        return insert(methods, pattern);
    }

    bool insert(method_set methods, std::string_view pattern) {
        const std::size_t nodes = builder_->node_count() + count_segments(pattern);
        if (nodes >= nodes_max || routes_.size() + 1 >= nodes_max) return refuse("too many routes", pattern);
        if (nodes >= nodes_.size()) grow(nodes * 2);
        const route_index other =
            builder_->insert(pattern, methods, static_cast<route_index>(routes_.size()));
        table_.trie = builder_->table();
        if (other == no_route) return true;
        why_.assign("two routes match the same requests: ");
        why_.append(routes_[other].pattern).append(" and ").append(pattern);
        return false;
    }

    void keep(const handler_shape& shape, std::string_view pattern, const std::uint8_t* places,
              owned_handler handler) {
        handlers_.push_back(handler);
        auto* const object = static_cast<const void**>(memory_.allocate(sizeof(void*), alignof(void*)));
        *object = handler.object;
        detail::served_route route;
        route.start = shape.start;
        route.places = places;
        route.objects = object;
        route.pattern = pattern;
        route.use = shape.use;
        routes_.push_back(route);
        table_.routes = routes_.data();
    }

    // One node and one endpoint set per segment is enough for any table.
    void grow(std::size_t nodes) {
        if (nodes > nodes_max) nodes = nodes_max;
        std::vector<trie_node> new_nodes(nodes);
        std::vector<literal_slot> new_slots(std::bit_ceil(2 * nodes));
        std::vector<path_slot> new_paths(new_slots.size());
        std::vector<endpoint_set> new_sets(nodes);
        const trie_storage room{new_nodes.data(), nodes, new_slots.data(), new_paths.data(), new_slots.size(),
                                new_sets.data(),  nodes};
        builder_ = builder_ ? trie_builder(room, *builder_) : trie_builder(room);
        nodes_ = std::move(new_nodes);  // vectors keep their elements where they are
        slots_ = std::move(new_slots);
        paths_ = std::move(new_paths);
        sets_ = std::move(new_sets);
        table_.trie = builder_->table();
    }

    static constexpr std::size_t nodes_max = trie_node::none - 1;

    arena memory_;  // patterns, places, object pointers
    std::vector<trie_node> nodes_;
    std::vector<literal_slot> slots_;
    std::vector<path_slot> paths_;
    std::vector<endpoint_set> sets_;
    std::optional<trie_builder> builder_;
    std::vector<detail::served_route> routes_;
    std::vector<owned_handler> handlers_;
    detail::served_table table_;
    std::string why_;
};

using runtime_router = basic_runtime_router<>;

}  // namespace eventcore
