#include "gateway/crl_fetch.h"

#include "base/file.h"
#include "http/client.h"

namespace symbolon::gateway {

net::Task<Result<std::optional<FetchedCrl>>> fetch_crl(http::HttpUrl url, CrlValidators known, net::Deadline connected,
                                                       net::Deadline answered) {
  http::Request request{.method = "GET", .target = url.target, .headers = {}, .body = {}};
  request.headers.add("Accept", "application/pkix-crl, */*");
  if (!known.entity_tag.empty()) request.headers.add("If-None-Match", known.entity_tag);
  if (!known.last_modified.empty()) request.headers.add("If-Modified-Since", known.last_modified);
  http::ClientLimits limits;
  limits.message.body_octets = kLargestFile;
  CO_TRY(auto stream, co_await http::connect(url.endpoint, connected));
  http::Client client(std::move(stream), url.host, limits);
  CO_TRY(auto response, co_await client.call(std::move(request), answered));
  if (response.status == 304 && !known.empty()) co_return std::optional<FetchedCrl>();
  if (response.status != 200)
    co_return fail(Code::crl_fetch_failed, "the server answers with the HTTP status {}", response.status);
  const auto field = [&](std::string_view name) { return std::string(response.headers.find(name).value_or("")); };
  FetchedCrl out{std::move(response.body), {field("ETag"), field("Last-Modified")}};
  co_return std::optional<FetchedCrl>(std::move(out));
}

}  // namespace symbolon::gateway
