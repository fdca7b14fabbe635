// `gateway.crls`: the revocation lists of other CAs.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/file.h"
#include "config/place.h"
#include "config/table.h"
#include "http/url.h"

namespace symbolon::gateway {

// A list that is fetched over plain HTTP: it is signed.
struct CrlUrl {
  std::string text;
  http::HttpUrl url;
};
using CrlPlace = std::variant<Path, CrlUrl>;

// How long after nextUpdate a list still makes certificates good.
struct OnStale {
  std::optional<Seconds> grace = kDay;  // none: insecure_last_known
};

struct CrlConfig {
  static constexpr Seconds kRefresh = kHour;
  CrlPlace from;
  std::optional<Path> issuers;  // none: the CAs that routes trust; never none for a URL
  OnStale on_stale;
  std::optional<Seconds> refresh;  // of a URL, at the latest; none: kRefresh
  config::Place place;

  const CrlUrl* url() const { return std::get_if<CrlUrl>(&from); }
  const Path* file() const { return std::get_if<Path>(&from); }
  std::string text() const { return url() != nullptr ? url()->text : file()->string(); }
};

config::Value<std::vector<CrlConfig>> crls_value();

}  // namespace symbolon::gateway
