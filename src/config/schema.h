// The JSON schema of the configuration (draft 2020-12), from the tables, for editors and for checks outside symbolon.
#pragma once

#include <string>

#include "config/description.h"

namespace symbolon::config {

// Indented JSON with a line feed at its end. What the schema accepts may still be refused (values that only parsing
// can judge); what it refuses, symbolon refuses too.
std::string schema(const Description& root, const std::string& title);

}  // namespace symbolon::config
