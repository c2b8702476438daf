// A router's own description of its routes (web/route_info.hpp) as lines of a table.
#pragma once

#include <eventcore/eventcore.hpp>

#include <string>
#include <string_view>
#include <vector>

#include "api.hpp"

inline std::string methods_of(const ec::route_info& route) {
    using ec::http::method;
    std::string all;
    for (method m : {method::get, method::post, method::put, method::patch, method::delete_})
        if (route.has(m)) all.append(all.empty() ? "" : ", ").append(ec::http::to_string(m));
    return all;
}

inline std::string_view name_of(ec::value_kind kind) {
    switch (kind) {
        case ec::value_kind::text: return "text";
        case ec::value_kind::integer: return "integer";
        case ec::value_kind::unsigned_integer: return "unsigned integer";
        case ec::value_kind::number: return "number";
        case ec::value_kind::boolean: return "boolean";
        default: return "value";
    }
}

inline std::string parameters_of(const ec::route_info& route) {
    using source = ec::parameter_source;
    std::string all;
    const auto add = [&](std::string_view text) { all.append(all.empty() ? "" : ", ").append(text); };
    for (const ec::parameter_info& parameter : route.parameters) {
        std::string name(parameter.name);
        if (parameter.source == source::query) name = "?" + name;
        if (parameter.source == source::path || parameter.source == source::query)
            add(name.append(": ").append(name_of(parameter.kind)));
        if (parameter.source == source::content) add("JSON: " + std::string(parameter.type));
        if (parameter.source == source::stream) add("the content, piece by piece");
    }
    return all;
}

inline std::vector<route_line> describe_routes(ec::route_infos routes) {
    std::vector<route_line> lines;
    for (const ec::route_info& route : routes)
        lines.push_back({methods_of(route), std::string(route.pattern), parameters_of(route),
                         std::string(route.response_media_type)});
    return lines;
}
