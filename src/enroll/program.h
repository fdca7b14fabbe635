// Other programs, called without a shell.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace symbolon::enroll {

struct ProgramCall {
  std::string program;                      // a name, looked up in PATH and the sbin folders, or a path
  std::vector<std::string> arguments = {};  // without the program itself; visible to every user: no secret here
  std::vector<std::pair<std::string, std::string>> environment = {};  // added to ours; LC_ALL=C is always set
  std::string input = {};                                             // for its standard input, then end of file
  std::chrono::milliseconds deadline{60'000};                         // then it is killed, with its children
};

struct ProgramOutput {
  int status = 0;   // exit status; 128 + the signal that ended it
  std::string out;  // at most 16 MiB each
  std::string err;
};

// Fails with tool_missing (naming the Debian package), or tool_failed (deadline, too much output, cannot be started).
// An exit status is no failure here.
Result<ProgramOutput> run_program(const ProgramCall& call);

// As run_program, and fails with tool_failed, with the program's own words, when the status is not 0.
Result<ProgramOutput> run_to_success(const ProgramCall& call);

// "certutil -A -d 'sql:/x'": how one would type it.
std::string command_line(const ProgramCall& call);

}  // namespace symbolon::enroll
