#include "gateway/staple_fetch.h"

#include <algorithm>

#include "http/client.h"
#include "http/url.h"
#include "net/dial.h"
#include "revocation/cert_ids.h"
#include "revocation/ocsp_request.h"
#include "x509/path_library.h"

namespace symbolon::gateway {
namespace {

using revocation::OcspStatus;

Bytes request_for(const revocation::OcspSubject& subject) {
  const revocation::CertIds ids(subject.issuer);
  return revocation::make_ocsp_request(ids.of(revocation::CertIdHash::sha1, subject.certificate.serial()));
}

// The body of the answer.
net::Task<Result<std::string>> post(std::string text, Bytes body, net::Deadline deadline) {
  CO_TRY(const auto url, http::parse_http_url(text));
  http::Request request{.method = "POST", .target = url.target, .headers = {}, .body = std::string(as_text(body))};
  request.headers.add("Content-Type", "application/ocsp-request");
  request.headers.add("Accept", "application/ocsp-response");
  http::ClientLimits limits;
  limits.message.body_octets = revocation::kMostOcspResponseOctets;
  CO_TRY(auto stream, co_await http::connect(url.endpoint, deadline));
  http::Client client(std::move(stream), url.host, limits);
  CO_TRY(auto response, co_await client.call(std::move(request), deadline));
  if (response.status != 200) co_return fail(Code::ocsp_refused, "it answers with the HTTP status {}", response.status);
  co_return std::move(response.body);
}

Result<StapleAnswer> judge(const std::string& body, const revocation::OcspSubject& subject, UnixSeconds newest,
                           UnixSeconds now) {
  const revocation::OcspReading reading = TRY(revocation::read_ocsp(as_bytes(body), subject, now));
  if (reading.this_update < newest) {
    return fail(Code::ocsp_stale,
                "thisUpdate {} of the OCSP response lies before that of an answer that came earlier, {}",
                to_rfc3339(reading.this_update), to_rfc3339(newest));
  }
  StapleAnswer out{.this_update = reading.this_update, .staple = nullptr, .why = {}};
  if (reading.status == OcspStatus::revoked) {
    out.why = fmt::format("the certificate is revoked since {}", to_rfc3339(reading.revoked_at));
    return out;
  }
  if (reading.status == OcspStatus::unknown) {
    out.why = "the responder does not know the certificate";
    return out;
  }
  if (body.size() > kMostStapleOctets) {
    return fail(Code::too_large, "an OCSP response of {} octets; many clients take {} at most", body.size(),
                kMostStapleOctets);
  }
  out.staple = std::make_shared<const tls::Staple>(
      tls::Staple{.der = to_bytes(as_bytes(body)),
                  .this_update = reading.this_update,
                  .next_update = std::min(reading.next_update, reading.signer_not_after)});
  return out;
}

}  // namespace

std::optional<x509::Certificate> issuer_of(const tls::Credential& credential,
                                           std::span<const x509::Certificate> anchors) {
  std::vector<x509::Certificate> at_hand(credential.chain().begin() + 1, credential.chain().end());
  if (credential.left_out()) at_hand.push_back(*credential.left_out());
  at_hand.insert(at_hand.end(), anchors.begin(), anchors.end());
  const auto issued = [&](const x509::Certificate& one) {
    return one.subject() == credential.leaf().issuer() && x509::signed_by(credential.leaf(), one);
  };
  const auto found = std::ranges::find_if(at_hand, issued);
  return found != at_hand.end() ? std::optional(*found) : std::nullopt;
}

net::Task<Result<StapleAnswer>> fetch_staple(revocation::OcspSubject subject, const Clock& clock, UnixSeconds newest,
                                             net::Deadline deadline) {
  const std::vector<std::string>& urls = subject.certificate.ocsp_urls();
  Error last{Code::staple_missing, "the certificate names no responder"};
  for (std::size_t i = 0; i < urls.size(); ++i) {
    auto body = co_await post(urls[i], request_for(subject), net::share_of(deadline, urls.size() - i));
    auto answer = body ? judge(*body, subject, newest, clock.now())
                       : Result<StapleAnswer>(std::unexpected(std::move(body).error()));
    if (answer) co_return answer;
    last = std::move(answer).error();
    last.words = fmt::format("{}: {}", urls[i], last.words);
  }
  co_return std::unexpected(std::move(last));
}

}  // namespace symbolon::gateway
