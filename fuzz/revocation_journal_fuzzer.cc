// A journal of revocations may hold anything: it is read as far as it is whole, and what was read is there to be read
// again.
#include "enroll/revocation_journal.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace symbolon;
  const std::string_view content = as_text({data, size});
  std::size_t issuers = 0;
  std::size_t entries = 0;
  const enroll::JournalVisitor count{.issuer = [&](const revocation::IssuerKey&) { ++issuers; },
                                     .entry = [&](const revocation::Change&) { ++entries; }};
  const enroll::JournalEnd end = enroll::read_journal(content, count);
  ENSURE(end.good + end.lost == size && end.entries == entries);
  const std::size_t first_issuers = std::exchange(issuers, 0);
  const std::size_t first_entries = std::exchange(entries, 0);
  const enroll::JournalEnd again = enroll::read_journal(content.substr(0, end.good), count);
  ENSURE(again.lost == 0 && issuers == first_issuers && entries == first_entries && again.place == end.place);
  return 0;
}
