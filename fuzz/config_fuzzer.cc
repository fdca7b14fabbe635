// Whatever a configuration file holds: it is read without a crash, is either good or has errors with places, and
// reading it twice says the same.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "config/load.h"
#include "config/sample_tables.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace symbolon;
  static const config::Table<config::sample::Root> table = config::sample::root_table();
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto loaded = config::load(text, "f.yaml", table);
  ENSURE(loaded.value.has_value() == loaded.errors.empty());
  for (const Error& error : loaded.errors) {
    ENSURE(name(error.code).starts_with("config_"));
    ENSURE(error.where.starts_with("f.yaml"));
    ENSURE(error.words.find('\0') == std::string::npos);
  }
  const auto again = config::load(text, "f.yaml", table);
  ENSURE(config::to_text(again.errors) == config::to_text(loaded.errors));
  ENSURE(again.warnings == loaded.warnings);
  return 0;
}
