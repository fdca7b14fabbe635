#include "cli/error_words.h"

namespace symbolon::cli {

void tell_error(const Terminal& terminal, const Error& error, std::string_view remedy) {
  terminal.note(fmt::format("error: {}", printable(error.text())));
  terminal.note(fmt::format("  code    {}", name(error.code)));
  terminal.note(fmt::format("  remedy  {}", remedy));
}

}  // namespace symbolon::cli
