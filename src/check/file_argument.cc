#include "check/file_argument.h"

#include <algorithm>
#include <filesystem>

namespace symbolon::check {
namespace {

constexpr std::string_view kEndings[] = {".pem", ".crt", ".cer", ".der", ".csr", ".req", ".crl",
                                         ".key", ".p12", ".pfx", ".p7b", ".p7c", ".jks", ".p8"};

bool ends_like_a_file(std::string_view argument) {
  std::string lower(argument);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return std::ranges::any_of(kEndings, [&](std::string_view ending) { return lower.ends_with(ending); });
}

bool is_endpoint_by_form(std::string_view argument) {
  return argument.starts_with("unix:") || argument.find("://") != std::string_view::npos;
}

}  // namespace

Taken taken_for(std::string_view argument, bool exists) {
  if (is_endpoint_by_form(argument)) return Taken::endpoint;
  const bool file = exists || argument.find('/') != std::string_view::npos || ends_like_a_file(argument);
  return file ? Taken::file : Taken::endpoint;
}

bool is_ambiguous(std::string_view argument, bool exists) {
  return taken_for(argument, exists) == Taken::file && taken_for(argument, false) == Taken::endpoint;
}

Result<Arguments> sort_arguments(const std::vector<std::string>& given) {
  std::size_t files = 0;
  Arguments out;
  for (const std::string& one : given) {
    std::error_code ignored;
    const bool exists = std::filesystem::exists(one, ignored);
    if (taken_for(one, exists) == Taken::file) ++files;
    if (is_ambiguous(one, exists)) out.ambiguous.push_back(one);
  }
  if (files == given.size()) {
    out.taken = Taken::file;
    return out;
  }
  if (files > 0) {
    const auto endpoint = std::ranges::find_if(given, [](const std::string& one) {
      std::error_code ignored;
      return taken_for(one, std::filesystem::exists(one, ignored)) == Taken::endpoint;
    });
    return fail(Code::usage, "files and endpoints at once: '{}' is taken for an endpoint (a file would be ./{})",
                *endpoint, *endpoint);
  }
  if (given.size() > 1) return fail(Code::usage, "one endpoint at a time");
  return out;
}

}  // namespace symbolon::check
