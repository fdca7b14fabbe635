#include "check/probe.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <utility>

#include "net/dial.h"
#include "tls/credential_file.h"

namespace symbolon::check {
namespace {

constexpr const char* kSystemBundles[] = {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
                                          "/etc/ssl/cert.pem"};

net::Task<void> dial_into(Result<net::Socket>& out, net::Endpoint endpoint, net::Deadline deadline) {
  out = co_await net::dial(std::move(endpoint), deadline);
}

// What a browser would ask, so that the server answers with application data, and in words where it refuses.
std::string http_request(const ProbeRequest& request) {
  const std::string host = request.server_name.empty() ? "localhost" : request.server_name;
  return "GET / HTTP/1.1\r\nHost: " + host + "\r\nUser-Agent: symbolon-check\r\nConnection: close\r\n\r\n";
}

std::optional<x509::GeneralName> expected_name(const std::string& server_name) {
  if (server_name.empty()) return {};
  if (auto ip = x509::GeneralName::ip(server_name)) return *std::move(ip);
  if (auto dns = x509::GeneralName::dns(server_name)) return *std::move(dns);
  return {};
}

PathVerdict judge(const std::vector<x509::Certificate>& chain, const ProbeRequest& request, PeerRole role,
                  UnixSeconds at) {
  x509::PathOptions options;
  options.at = at;
  options.role = role;
  options.depth = static_cast<int>(x509::PathLimits::kCertificates);
  if (role == PeerRole::server) {
    if (auto name = expected_name(request.server_name)) options.expected_names.push_back(*std::move(name));
  }
  return x509::verify_path(chain, *request.trust, options);
}

// -- the command line

Result<net::Endpoint> read_endpoint(const std::string& text) {
  if (text.empty()) return fail(Code::bad_request, "HOST:PORT is expected");
  const bool has_port = text.starts_with("unix:") || text.find(':') != std::string::npos;
  const bool bare_v6 = text.find(':') != text.rfind(':') && !text.starts_with("[") && !text.starts_with("unix:");
  if (bare_v6) return net::Endpoint::parse("[" + text + "]:443");
  const bool bracket_only = text.starts_with("[") && text.ends_with("]");
  auto endpoint = TRY(net::Endpoint::parse(has_port && !bracket_only ? text : text + ":443"));
  if (endpoint.kind != net::Endpoint::Kind::unix_path && endpoint.port == 0) {
    return fail(Code::bad_request, "port 0 cannot be connected to");
  }
  if (endpoint.kind == net::Endpoint::Kind::any) {
    endpoint.kind = net::Endpoint::Kind::name;
    endpoint.host = "localhost";
  }
  return endpoint;
}

Result<std::shared_ptr<const x509::TrustBundle>> read_trust(const ProbeArguments& arguments, UnixSeconds now) {
  const auto read = [&](const Path& file) -> Result<std::shared_ptr<const x509::TrustBundle>> {
    const std::string content = TRY(read_file(file));
    return std::make_shared<const x509::TrustBundle>(
        TRY(x509::TrustBundle::from_file_content(content, now, file.string())));
  };
  if (arguments.ca) return read(*arguments.ca);
  for (const char* file : kSystemBundles) {
    if (auto bundle = read(file)) return bundle;
  }
  return nullptr;  // nothing to verify by: the report says so
}

}  // namespace

Observation probe(const ProbeRequest& request, const Clock& clock) {
  Observation out;
  out.endpoint = request.endpoint;
  out.server_name = request.server_name;
  out.at = clock.now();
  out.asked_http = request.ask == Ask::http;
  if (request.credential) out.client_chain = request.credential->chain();
  if (request.trust) out.trust = request.trust->where();

  boost::asio::io_context context(1);
  Result<net::Socket> socket = fail(Code::internal, "not dialled");
  boost::asio::co_spawn(context, dial_into(socket, request.endpoint, net::in(request.connect)), boost::asio::detached);
  context.run();
  if (!socket) {
    out.unreachable = std::move(socket).error();
    return out;
  }
  out.address = net::peer_text(*socket);

  tls::ProbeOptions options;
  options.server_name = request.server_name;
  options.credential = request.credential;
  options.handshake = request.handshake;
  options.linger = request.linger;
  if (request.ask == Ask::http) options.request = http_request(request);
  out.tls = tls::probe(socket->native_handle(), options);

  if (request.trust && !out.tls->server_chain.empty()) {
    out.server_path = judge(out.tls->server_chain, request, PeerRole::server, out.at);
  }
  if (request.trust && request.trust_named && !out.client_chain.empty()) {
    out.client_path = judge(out.client_chain, request, PeerRole::client, out.at);
  }
  return out;
}

Result<ProbeRequest> read_arguments(const ProbeArguments& arguments, UnixSeconds now) {
  ProbeRequest request;
  auto endpoint = read_endpoint(arguments.endpoint);
  if (!endpoint) return fail(Code::usage, "{}: {}", arguments.endpoint, endpoint.error().words);
  request.endpoint = *std::move(endpoint);
  const bool named = request.endpoint.kind != net::Endpoint::Kind::unix_path;
  request.server_name = arguments.server_name.value_or(named ? request.endpoint.host : "");
  request.ask = arguments.ask;
  if (arguments.key && !arguments.certificate) return fail(Code::usage, "--key needs --cert");
  if (arguments.certificate) {
    request.credential = TRY(tls::load_credential(
        {.certificate = *arguments.certificate, .key = arguments.key, .passphrase = arguments.passphrase.duplicate()}));
  }
  request.trust = TRY(read_trust(arguments, now));
  request.trust_named = arguments.ca.has_value();
  return request;
}

}  // namespace symbolon::check
