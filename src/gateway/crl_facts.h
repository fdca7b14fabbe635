// What a gateway says about the CRLs of other CAs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"

namespace symbolon::gateway {

struct CrlFacts {
  struct List {  // those of one issuer from one source, together
    std::string issuer;
    std::string source;
    UnixSeconds next_update;  // the first; of a full one that a delta goes with, the delta's
    std::size_t entries = 0;
  };
  struct Source {
    std::string source;
    std::uint64_t failures = 0;  // of reading or fetching it
  };
  std::vector<List> lists;
  std::vector<Source> sources;
};

}  // namespace symbolon::gateway
