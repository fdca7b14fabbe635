// The command line as a function.
#pragma once

#include <string>
#include <vector>

namespace symbolon::cli {

// Runs one command; the exit status (docs/conventions.md). `arguments` are those behind the program's name.
int run(const std::vector<std::string>& arguments);

}  // namespace symbolon::cli
