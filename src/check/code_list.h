// Every code that a finding of `check` can have: docs/check-codes.md is made from it, and a test holds it against the
// source and against what is found at servers.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/codes.h"

namespace symbolon::check {

struct ListedCode {
  Code code = Code::internal;
  std::string_view sides;  // of findings at endpoints, "client, server"; empty: only files have it
  bool in_files = false;   // a finding of `symbolon check FILE...`, too
};

// In the order of the documents; each code once.
std::vector<ListedCode> listed_codes();

// The page, in Markdown.
std::string code_list_page();

}  // namespace symbolon::check
