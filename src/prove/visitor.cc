#include "prove/visitor.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <utility>

#include "net/dial.h"

namespace symbolon::prove {
namespace {

net::Task<void> dial_into(Result<net::Socket>& out, net::Endpoint endpoint, net::Deadline deadline) {
  out = co_await net::dial(std::move(endpoint), deadline);
}

Visit visit_once(const Target& target, const tls::MisuseOptions& options) {
  boost::asio::io_context context(1);
  Result<net::Socket> socket = fail(Code::internal, "not dialled");
  boost::asio::co_spawn(context, dial_into(socket, target.endpoint, net::in(target.connect)), boost::asio::detached);
  context.run();
  Visit out;
  if (!socket) {
    out.tls.words = socket.error().text();
    return out;
  }
  out.tls = tls::misuse(socket->native_handle(), options);
  out.entry = classify(out.tls, target.ask());
  if (target.ask() == Ask::http) out.http = read_http(out.tls.application_data);
  return out;
}

}  // namespace

std::string Target::request(std::string_view host, std::string_view at, std::string_view fields) const {
  if (!text.empty()) return text;
  return fmt::format("GET {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: symbolon-prove\r\n{}Connection: close\r\n\r\n", at,
                     host.empty() ? "localhost" : host, fields);
}

Visit Visitor::visit(tls::MisuseOptions options) const {
  options.handshake = target_.handshake;
  options.linger = target_.linger;
  if (options.request.empty()) options.request = target_.request(target_.server_name, target_.path);
  Visit out = visit_once(target_, options);
  return out.entry == Entry::unreachable ? visit_once(target_, options) : out;
}

Visit Visitor::visit_in_silence(tls::MisuseOptions options) const {
  options.handshake = target_.handshake;
  options.linger = target_.linger;
  options.request.clear();
  return visit_once(target_, options);
}

tls::MisuseOptions Visitor::as(std::shared_ptr<const tls::Credential> credential) const {
  tls::MisuseOptions out;
  out.server_name = target_.server_name;
  out.credential = std::move(credential);
  return out;
}

tls::MisuseOptions Visitor::as(std::shared_ptr<const tls::Credential> credential, tls::ProtocolVersion only) const {
  tls::MisuseOptions out = as(std::move(credential));
  out.least = only;
  out.most = only;
  return out;
}

}  // namespace symbolon::prove
