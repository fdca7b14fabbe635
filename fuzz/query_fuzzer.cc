// The language of `list`: total, bounded, and what it accepts can be searched.
#include <cstdlib>

#include "ledger/query.h"
#include "ledger/search_index.h"

using namespace symbolon;
using namespace symbolon::ledger;

namespace {

constexpr UnixSeconds kNow{1'800'000'000};

void check(bool holds) {
  if (!holds) std::abort();
}

SearchIndex& index() {
  static SearchIndex* const kIndex = [] {
    auto* const made = new SearchIndex;
    for (std::int64_t id = 1; id <= 3; ++id) {
      made->load({.id = {id},
                  .issuer = {1},
                  .serial = x509::SerialNumber::parse("0a1b2c").value(),
                  .state = CertificateState::issued,
                  .profile = "server",
                  .requester = "alice",
                  .subject = "CN=web,O=Example\\, Corp",
                  .names = {{x509::NameKind::dns, "web.example"}, {x509::NameKind::uri, "spiffe://td/a"}},
                  .validity = {kNow, kNow + kDay * id},
                  .reserved_at = kNow,
                  .issued_at = kNow,
                  .fingerprint = x509::Fingerprint{}});
    }
    made->loaded();
    return made;
  }();
  return *kIndex;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = as_text({data, size});
  const Result<Query> query = parse_query(text, kNow);
  if (!query) {
    check(query.error().code == Code::query_malformed && query.error().words.starts_with("column "));
    return 0;
  }
  check(text.size() <= kLongestQuery);
  check(query->texts.size() + query->standings.size() + query->times.size() <= kMostTerms);
  for (const TextTerm& term : query->texts) {
    check(!term.value.empty() && term.pattern == (term.value.find(kAnyRun) != std::string::npos));
  }
  // Pages of one give what one page gives.
  const auto whole = index().search(*query, {.after = {}, .limit = 10}, kNow, {{1, "Issuing CA"}});
  check(whole.has_value());
  std::size_t seen = 0;
  std::string after;
  do {
    const auto page = index().search(*query, {.after = after, .limit = 1}, kNow, {{1, "Issuing CA"}});
    check(page.has_value() && page->ids.size() <= 1);
    for (const CertificateId id : page->ids) check(seen < whole->ids.size() && whole->ids[seen++] == id);
    after = page->next;
  } while (!after.empty());
  check(seen == whole->ids.size());
  return 0;
}
