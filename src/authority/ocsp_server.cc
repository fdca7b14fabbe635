#include "authority/ocsp_server.h"

#include <algorithm>

#include "authority/crl_server.h"
#include "base/memory_guard.h"
#include "crypto/digest.h"
#include "http/conditional.h"
#include "http/problem.h"
#include "revocation/ocsp_request.h"

namespace symbolon::authority {
namespace {

constexpr std::size_t kConnections = 256;
constexpr std::size_t kConnectionsPerSource = 32;
constexpr std::size_t kHeaderOctets = 16 << 10;  // a GET path of kMostOcspGetPath, and fields beside it

http::Response of_error(revocation::OcspError error) {
  http::Response out = http::make_response(200, kOcspResponseType, std::string(as_text(revocation::ocsp_error(error))));
  out.headers.add("Cache-Control", "no-store");
  return out;
}

// RFC 9110 §15.5.16.
http::Response of_wrong_type() {
  http::Response out = http::make_response(415, "text/plain", fmt::format("{} is expected\n", kOcspRequestType));
  out.headers.add("Accept", std::string(kOcspRequestType));
  return out;
}

// RFC 5019 §6.2. Caches keep answers to GET alone; who asks by POST may still learn how long this one is new.
http::Response of_response(const std::shared_ptr<const OcspResponse>& response, const http::Request& request,
                           UnixSeconds now) {
  http::Response out;
  if (response->with_nonce) {
    out.headers.add("Cache-Control", "no-store");
  } else {
    const std::string tag = fmt::format("\"{}\"", to_hex(crypto::sha256(as_bytes(response->der))));
    const Seconds left = std::max(response->next_update - now, Seconds{0});
    out.headers.add("ETag", tag);
    out.headers.add("Last-Modified", http::http_date(response->this_update));
    out.headers.add("Expires", http::http_date(response->next_update));
    out.headers.add("Cache-Control", fmt::format("max-age={}, public, no-transform, must-revalidate",
                                                 std::min(left, kPublicMaxAge).count));
    // Not by date: "good" and "revoked" may be of one second.
    if (request.method != "POST" && http::has_tag(request.headers, tag)) {
      out.status = 304;
      return out;
    }
  }
  out.headers.add("Content-Type", std::string(kOcspResponseType));
  out.shared = std::shared_ptr<const std::string>(response, &response->der);
  return out;
}

// What stands behind the path; nothing where the target is elsewhere.
std::optional<std::string_view> below(std::string_view target, std::string_view path) {
  target = target.substr(0, target.find('?'));
  while (path.ends_with('/')) path.remove_suffix(1);
  if (!target.starts_with(path)) return std::nullopt;
  target.remove_prefix(path.size());
  if (!target.empty() && target.front() != '/') return std::nullopt;
  return target;
}

class Site {
 public:
  Site(OcspResponder& responder, OcspPool& pool, std::string path, http::Handler rest)
      : responder_(responder), pool_(pool), path_(std::move(path)), rest_(std::move(rest)) {}

  net::Task<http::Response> answer(http::Request request, const http::Caller& caller) {
    const auto where = below(request.target, path_);
    // A CRL's name is no base64: it has a dot.
    const bool elsewhere = !where || where->find('.') != std::string_view::npos;
    if (elsewhere) co_return co_await rest_(std::move(request), caller);
    const bool here = where->size() <= 1;
    if (request.method == "POST" && here) {
      if (!is_request(request.headers)) co_return of_wrong_type();
      co_return co_await answer_to(as_bytes(request.body), request);
    }
    if (request.method == "GET" || request.method == "HEAD") {
      if (here) co_return http::problem({Code::bad_request, "an OCSP request is expected in the path"});
      const auto asked = revocation::parse_get_path(*where);
      if (!asked) co_return of_error(revocation::OcspError::malformed_request);
      co_return co_await answer_to(*asked, request);
    }
    auto refused = http::problem({Code::method_not_allowed, request.method});
    refused.headers.add("Allow", here ? "GET, HEAD, POST" : "GET, HEAD");
    co_return refused;
  }

 private:
  static bool is_request(const http::Headers& headers) {
    const auto type = headers.find("Content-Type");
    if (!type) return false;
    std::string_view name = std::string_view(*type).substr(0, type->find(';'));
    while (name.ends_with(' ') || name.ends_with('\t')) name.remove_suffix(1);
    return http::equal_without_case(name, kOcspRequestType);
  }

  net::Task<http::Response> answer_to(ByteView asked, const http::Request& request) {
    auto read = responder_.read(asked);
    if (const auto* error = std::get_if<revocation::OcspError>(&read)) co_return of_error(*error);
    auto& question = std::get<OcspResponder::Question>(read);
    if (auto known = responder_.find(question)) co_return of_response(known, request, now());
    const auto answer = co_await pool_.ask(std::move(question));
    if (!answer) co_return of_error(revocation::OcspError::try_later);
    if (const auto* error = std::get_if<revocation::OcspError>(&*answer)) co_return of_error(*error);
    co_return of_response(std::get<std::shared_ptr<const OcspResponse>>(*answer), request, now());
  }

  UnixSeconds now() const { return responder_.clock().now(); }

  OcspResponder& responder_;
  OcspPool& pool_;
  const std::string path_;
  const http::Handler rest_;
};

}  // namespace

http::ServerOptions ocsp_server_options() {
  http::ServerOptions options;
  options.message = {.header_octets = kHeaderOctets, .body_octets = revocation::kMostOcspRequestOctets};
  options.idle_deadline = std::chrono::seconds(10);
  options.connections = kConnections;
  options.connections_per_source = kConnectionsPerSource;
  return options;
}

http::Handler nothing_here() {
  return [](http::Request, const http::Caller&) -> net::Task<http::Response> {
    co_return http::problem({Code::not_found, "there is nothing here"});
  };
}

std::unique_ptr<OcspPool> ocsp_pool(OcspResponder& responder, const http::GatheringLimits& limits) {
  const auto sign = [&responder](const std::vector<OcspResponder::Question>& questions) {
    std::vector<OcspResponder::Answer> out;
    const auto done = unless_out_of_memory([&]() -> Status {
      out = responder.sign(questions);
      return {};
    });
    if (!done) out.assign(questions.size(), revocation::OcspError::try_later);
    return out;
  };
  return std::make_unique<OcspPool>(limits, sign);
}

http::Handler ocsp_handler(OcspResponder& responder, OcspPool& pool, std::string path, http::Handler rest) {
  const auto site = std::make_shared<Site>(responder, pool, std::move(path), std::move(rest));
  return [site](http::Request request, const http::Caller& caller) { return site->answer(std::move(request), caller); };
}

}  // namespace symbolon::authority
