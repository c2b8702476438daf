// ec::form<T>: the content of an HTML form (application/x-www-form-urlencoded) as an aggregate, its members
// by the names of the fields.
//
//   struct comment { std::string author; std::string text; std::optional<int> rating;
//   std::vector<std::string> tag; }; ec::post<"/comments">([](ec::form<comment> in) { … in->author … })
//
// Members are what a path parameter may be, std::optional of that for fields that may be missing, or
// std::vector for fields that come several times. Fields without a member are skipped; of a single member the
// first counts.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>

#include "eventcore/content/json/reflect.hpp"
#include "eventcore/http/query.hpp"
#include "eventcore/web/extract.hpp"

namespace eventcore {

template <class T>
class form {
 public:
    using value_type = T;

    explicit form(T v) : value(std::move(v)) {}
    T& operator*() noexcept { return value; }
    const T& operator*() const noexcept { return value; }
    T* operator->() noexcept { return &value; }
    const T* operator->() const noexcept { return &value; }

    T value;
};

namespace detail {

struct form_reader {
    request& req;
    rejection& why;

    bool refuse(std::string_view name, std::string_view detail) {
        why.refuse(problem{http::status::bad_request, detail, {}, name});
        return false;
    }

    // The values of one name, decoded; calls take(text) for each until it says false.
    template <class F>
    bool for_each(std::string_view name, F&& take) {
        http::query_reader pairs(req.content());
        while (const auto pair = pairs.next()) {
            if (!http::encoded_equals(pair->name, name)) continue;
            const auto text = http::percent_decode(pair->value, req.memory(), http::plus_sign::space);
            if (!text) return refuse(name, text_malformed);
            if (!take(*text)) return true;
        }
        return true;
    }

    template <class Member>
    bool fill(std::string_view name, bool may_be_missing, Member& member) {
        using wanted = wanted_value<Member>;
        using element = typename wanted::element;
        static_assert(
            text_value<element>,
            "eventcore: a member of a form is a number, bool, text, or an optional or vector of that");
        bool found = false, fits = true;
        const bool decoded = for_each(name, [&](std::string_view text) {
            std::optional<element> value = from_text<element>(text);
            found = true;
            fits = value.has_value();
            if constexpr (wanted::is_list) {
                if (fits) member.push_back(std::move(*value));
                return fits;
            } else {
                if (fits) member = std::move(*value);
                return false;
            }
        });
        if (!decoded) return false;
        if (!fits) return refuse(name, text_malformed);
        return found || may_be_missing || !wanted::is_required || refuse(name, text_missing);
    }
};

}  // namespace detail

template <class T>
struct extractor<form<T>> {
    using value_type = T;
    static constexpr body_use body = body_use::whole;
    static constexpr std::string_view media_type = "application/x-www-form-urlencoded";

    static std::optional<form<T>> extract(request& req, rejection& why) {
        static_assert(json_codec::reflectable<T>,
                      "eventcore: ec::form<T> needs an aggregate, or ec::describe<T>");
        if (!detail::require_media_type(req, why, media_type)) return std::nullopt;
        form<T> made{T{}};
        detail::form_reader reader{req, why};
        constexpr auto defaulted = json_codec::members_defaulted<T>();
        const auto names = json_codec::member_names<T>();
        std::size_t i = 0;
        const bool good = json_codec::visit_members(made.value, [&](auto&... members) {
            return (filled(reader, names, defaulted, i, members) && ...);
        });
        if (!good) return std::nullopt;
        return made;
    }

 private:
    template <class Names, class Flags, class Member>
    static bool filled(detail::form_reader& reader, const Names& names, const Flags& flags, std::size_t& i,
                       Member& member) {
        const std::size_t at = i++;
        return reader.fill(names[at], flags[at], member);
    }
};

}  // namespace eventcore
