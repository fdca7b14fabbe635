// A packed page of the feed may be anything: it is refused, or it is a page whose entries can be walked, written and
// read again.
#include "api/feed_block.h"

#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace symbolon;
  const auto page = api::decode_packed(as_text({data, size}));
  if (!page) return 0;
  ENSURE(page->entries.empty());
  const auto again = api::decode_packed(api::encode_packed(*page));
  ENSURE(again.has_value() && *again == *page);
  if (page->block.empty()) return 0;
  const auto block = api::FeedBlock::parse(page->block);
  ENSURE(block.has_value());
  std::string written;
  std::size_t entries = 0;
  block->for_each([&](const api::PackedEntry& entry) {
    ENSURE(entry.issuer < block->issuers());
    api::append_packed(written, entry);
    ++entries;
  });
  ENSURE(entries == block->size() && page->block.ends_with(written));
  ENSURE(api::packed_after(written, entries).empty());
  return 0;
}
