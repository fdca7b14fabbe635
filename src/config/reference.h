// The reference of the configuration, from the tables: as data, and in Markdown.
#pragma once

#include <string>
#include <vector>

#include "config/description.h"

namespace symbolon::config {

struct ReferenceKey {
  std::string name;
  std::string type;  // in words; what stands in the file is between backticks
  std::string default_text;
  bool required = false;
  std::string help;
  std::string example;
};

struct ReferenceTable {
  std::string path;  // "gateway.routes[].clients"; empty: the file
  std::string help;
  std::vector<ReferenceKey> keys;
};

// One table after another, each followed by those inside it, in the order of the keys.
std::vector<ReferenceTable> reference_tables(const Description& root);

// One section a table, headed by the path to it.
std::string reference(const Description& root);

}  // namespace symbolon::config
