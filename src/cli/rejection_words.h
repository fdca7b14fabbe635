// A rejection record for people.
#pragma once

#include <string>

#include "api/rejection.h"

namespace symbolon::cli {

// Some lines with their line breaks; whatever the record says is made printable.
std::string words_of(const api::RejectionRecord& record);

}  // namespace symbolon::cli
