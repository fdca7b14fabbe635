#include "check/fetch.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "http/client.h"
#include "http/url.h"
#include "x509/fetch_places.h"

namespace symbolon::check {
namespace {

constexpr std::size_t kMostUrls = 8;

class Plan {
 public:
  void add(const std::optional<PathVerdict>& verdict) {
    if (!verdict || !*verdict) return;
    for (const x509::Certificate& certificate : (*verdict)->certificates) {
      if (certificate == (*verdict)->anchor()) return;  // nobody asks about what is trusted already
      add(Fetched::What::crl, x509::crl_urls(certificate), certificate);
      add(Fetched::What::issuer, x509::issuer_urls(certificate), certificate);
      add(Fetched::What::ocsp, certificate.ocsp_urls(), certificate);
    }
  }
  std::vector<Fetched> take() { return std::move(all_); }

 private:
  void add(Fetched::What what, const std::vector<std::string>& urls, const x509::Certificate& certificate) {
    for (const std::string& url : urls) {
      const bool known = std::ranges::find(all_, url, &Fetched::url) != all_.end();
      if (!known && all_.size() < kMostUrls) all_.push_back({what, url, certificate.text()});
    }
  }
  std::vector<Fetched> all_;
};

net::Task<void> fetch(Fetched& out, net::Deadline deadline) {
  const auto url = http::parse_http_url(out.url);
  if (!url) {
    out.failure = url.error();
    co_return;
  }
  auto stream = co_await http::connect(url->endpoint, deadline);
  if (!stream) {
    out.failure = stream.error();
    co_return;
  }
  http::Client client(*std::move(stream), url->host);
  http::Request request;
  request.target = url->target;
  // The first piece is enough: a CRL may be large.
  std::optional<int> status;
  http::TakeBody take = [&status](int answered, std::string_view) -> Status {
    status = answered;
    return fail(Code::cancelled, "that is enough");
  };
  const auto response = co_await client.call_in_pieces(std::move(request), deadline, std::move(take));
  if (response) status = response->status;
  if (!status) {
    out.failure = response.error();
  } else if (*status != 200 && out.what != Fetched::What::ocsp) {  // a responder may want more than GET /
    out.failure = Error{Code::not_found, fmt::format("the server answered {}", *status)};
  }
}

}  // namespace

std::vector<Fetched> fetch_named(const Observation& seen, std::chrono::milliseconds wait) {
  Plan plan;
  plan.add(seen.server_path);
  plan.add(seen.client_path);
  std::vector<Fetched> all = plan.take();
  if (all.empty()) return all;
  boost::asio::io_context context(1);
  for (Fetched& one : all) boost::asio::co_spawn(context, fetch(one, net::in(wait)), boost::asio::detached);
  context.run();
  return all;
}

}  // namespace symbolon::check
