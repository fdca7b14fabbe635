// Whatever stands in the file of certificates that were seen, and whatever cursor is asked for: what was read is
// bounded and can be listed page by page, each entry once, in order.
#include <cstdint>
#include <string_view>

#include "gateway/inventory.h"

namespace {

using namespace symbolon;

void walk(const gateway::Inventory& inventory) {
  api::SeenQuery query{.query = {}, .after = {}, .limit = 3};
  std::size_t count = 0;
  std::optional<gateway::SeenKey> last;
  while (true) {
    const auto page = inventory.list(query);
    ENSURE(page.has_value());
    for (const auto& one : page->certificates) {
      const gateway::SeenKey key = gateway::key_of(one);
      ENSURE(!last || *last < key);
      last = key;
      ++count;
    }
    if (!page->next) break;
    query.after = *page->next;
  }
  ENSURE(count == inventory.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  constexpr gateway::InventoryLimits kLimits{.most = 16};
  const auto inventory = gateway::Inventory::of_text(text, kLimits);
  ENSURE(inventory->size() <= 2 * kLimits.most);
  walk(*inventory);
  const auto page = inventory->list({.query = {}, .after = std::string(text), .limit = 5});
  ENSURE(page.has_value() || page.error().code == Code::bad_request);
  return 0;
}
