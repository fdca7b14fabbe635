#include "gateway/crl_fetch.h"

#include "base/file.h"
#include "http/client.h"

namespace symbolon::gateway {

net::Task<Result<std::optional<CrlValidators>>> fetch_crl(CrlFetch fetch) {
  http::Request request{.method = "GET", .target = fetch.url.target, .headers = {}, .body = {}};
  request.headers.add("Accept", "application/pkix-crl, */*");
  const CrlValidators& known = fetch.known;
  if (!known.entity_tag.empty()) request.headers.add("If-None-Match", known.entity_tag);
  if (!known.last_modified.empty()) request.headers.add("If-Modified-Since", known.last_modified);
  http::ClientLimits limits;
  limits.message.body_octets = kLargestFile;
  CO_TRY(auto stream, co_await http::connect(fetch.url.endpoint, fetch.connected));
  http::Client client(std::move(stream), fetch.url.host, limits);
  http::TakeBody take = [spool = fetch.spool](int status, std::string_view piece) -> Status {
    return status == 200 ? spool->add(piece) : Status();
  };
  CO_TRY(auto response, co_await client.call_in_pieces(std::move(request), fetch.answered, std::move(take)));
  if (response.status == 304 && !known.empty()) co_return std::optional<CrlValidators>();
  if (response.status != 200)
    co_return fail(Code::crl_fetch_failed, "the server answers with the HTTP status {}", response.status);
  const auto field = [&](std::string_view name) { return std::string(response.headers.find(name).value_or("")); };
  CrlValidators out{field("ETag"), field("Last-Modified")};
  co_return std::optional<CrlValidators>(std::move(out));
}

}  // namespace symbolon::gateway
