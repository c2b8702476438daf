// The server under test of tests/tls/openssl.py: says over TLS how a request came.
//
//   tls_all certificate=CHAIN,KEY[,OCSP] … [client=optional,ROOTS | client=required,ROOTS] [--address A] …
#include <eventcore/eventcore.hpp>
#include <eventcore/tls.hpp>

#include <string>
#include <string_view>
#include <utility>

namespace ec = eventcore;

namespace {

std::string take_word(std::string_view& list) {
    const std::size_t comma = list.find(',');
    const std::string word(list.substr(0, comma));
    list.remove_prefix(comma < list.size() ? comma + 1 : list.size());
    return word;
}

bool take(std::string_view argument, ec::tls_options& options) {
    const std::size_t equals = argument.find('=');
    const std::string_view name = argument.substr(0, equals);
    std::string_view value = argument.substr(equals < argument.size() ? equals + 1 : argument.size());
    if (name == "certificate") {
        ec::tls_certificate& added = options.certificates.emplace_back();
        added.chain_file = take_word(value);
        added.key_file = take_word(value);
        added.ocsp_file = take_word(value);
        return true;
    }
    if (name != "client") return false;
    const bool must = take_word(value) == "required";
    options.client = must ? ec::client_certificate::required : ec::client_certificate::optional;
    options.client_ca_file = take_word(value);
    return true;
}

std::string tell(const ec::request& req) {
    const ec::peer_info peer = req.peer();
    std::string text(peer.tls_version);
    return text.append(" host=")
               .append(peer.server_name)
               .append(" client=")
               .append(peer.certificate_subject) +
           "\n";
}

}  // namespace

int main(int argc, char** argv) {
    ec::command_line line(argc, argv, {});
    if (!line.ok()) return line.report();
    ec::tls_options options;
    options.watch_period = std::chrono::milliseconds(20);
    for (const std::string_view argument : line.arguments())
        if (!take(argument, options)) return 2;
    ec::server_options server = line.options();
    server.transport = ec::tls_acceptor(std::move(options));
    return ec::serve(ec::router(ec::use(ec::hsts()), ec::get<"/">(tell)), server);
}
