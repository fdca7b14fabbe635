// What may stand next on a command line, from the command table; and the scripts by which shells ask.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/command.h"

namespace symbolon::cli {

struct Completion {
  struct Word {
    std::string text;
    std::string help;
  };
  enum class Kind : std::uint8_t { words, file, folder } kind = Kind::words;
  std::vector<Word> words;  // those that begin with what was typed; none where only its user knows
};

// `line` are the words behind the program's name; the last is being typed and may be empty.
Completion complete(const Command& table, const std::vector<std::string>& line);

// As the scripts read it: ":file", ":folder", or a word a line with its help behind a tabulator.
std::string to_lines(const Completion& completion);

// For "bash", "zsh" or "fish"; fails with usage.
Result<std::string> completion_script(std::string_view shell);

}  // namespace symbolon::cli
