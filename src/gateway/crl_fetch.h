// Fetches a CRL over plain HTTP, if there is a newer one. Private to this folder.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "gateway/crl_store.h"
#include "http/url.h"
#include "net/socket.h"

namespace symbolon::gateway {

// What the server said about the list that is here (RFC 9110 §8.8); empty: nothing.
struct CrlValidators {
  std::string entity_tag;
  std::string last_modified;
  bool empty() const { return entity_tag.empty() && last_modified.empty(); }
};

// A conditional GET (RFC 9110 §13) where there are validators; the body goes into `spool` as it comes. What the server
// says about it; none: it has nothing newer (304). Redirects are not followed. Fails as net::dial and http::Client (a
// body of more than kLargestFile is too_large), or with crl_fetch_failed (another status).
struct CrlFetch {
  http::HttpUrl url;
  CrlValidators known;
  std::shared_ptr<CrlSpool> spool;  // not null
  net::Deadline connected;
  net::Deadline answered;
};
net::Task<Result<std::optional<CrlValidators>>> fetch_crl(CrlFetch fetch);

}  // namespace symbolon::gateway
